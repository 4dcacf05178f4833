package ui

import (
	"context"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// secretShown is how long a value stays on the screen.
const secretShown = 10 * time.Second

// secretGoneMsg takes a value off the screen again.
type secretGoneMsg struct{ box overlayBox }

// askSecret asks before a value is shown: somebody may look over the shoulder.
func (m *Model) askSecret(s keymap.Selection) tea.Cmd {
	o := s.First()
	secret, ok := o.(*backend.Secret)
	if !ok {
		m.say(theme.StateWarn, "show value: no secret is under the cursor")
		return nil
	}
	if why := m.whyNoSecret(secret); why != "" {
		m.say(theme.StateWarn, "show value: "+why)
		return nil
	}
	m.confirm(overlay.Question{
		Title: "Show the value of " + m.targetWords([]backend.Object{o}) + "?", Verb: "Show", Level: overlay.Disruptive,
		Targets: []overlay.Target{m.target(o, secret.Usage)},
		Loses:   []string{"It is shown in clear for " + secretShown.String() + ". That it was read goes into the audit log; the value goes nowhere."},
	}, func() tea.Cmd { return m.readSecret(secret) })
	return nil
}

func (m *Model) whyNoSecret(s *backend.Secret) string {
	if s.Private {
		return "it is private: the server never gives it"
	}
	return m.capsNow(s.ID.Conn).Why(backend.VerbSecretGet)
}

func (m *Model) readSecret(s *backend.Secret) tea.Cmd {
	asked := m.here()
	return direct(m, "read secret", s.ID.Conn, func(ctx context.Context, b backend.Backend) (backend.Hidden, error) {
		reader, ok := backend.As[backend.SecretReader](b)
		if !ok {
			return backend.Hidden{}, backend.Refuse(backend.ClassUnsupported, "read secret", s.Name, "not supported by this connection")
		}
		return reader.SecretValue(ctx, s.ID)
	}, func(value backend.Hidden, err error) tea.Cmd {
		if err != nil {
			m.messageArrived(asked, "Value of "+s.Name, errorWords(err))
			return nil
		}
		return m.askArrived(asked, "value of "+s.Name, func() tea.Cmd { return m.showSecret(s.Name, value) })
	})
}

// showSecret shows a value for a moment; only the box holds it.
func (m *Model) showSecret(name string, value backend.Hidden) tea.Cmd {
	box := overlay.NewMessage("Value of "+name+" (closes after "+secretShown.String()+")", secretWords(value.Reveal()))
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		return box.Update(k) != overlay.Open, nil
	}})
	return tea.Tick(secretShown, func(time.Time) tea.Msg { return secretGoneMsg{box} })
}

// secretWords writes a value: as text where it is some, else in hexadecimal.
func secretWords(value []byte) string {
	text := string(value)
	if len(value) == 0 {
		return "It has no value."
	}
	if utf8.Valid(value) && clean.Text(text) == text {
		return text
	}
	return strings.TrimSpace(hex.Dump(value))
}
