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
	"hvdeck/backend/guard"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

const (
	// secretTime bounds the asking for a value.
	secretTime = 15 * time.Second
	// secretShown is how long a value stays on the screen.
	secretShown = 10 * time.Second
)

// secretMsg brings a value that was asked for; it is kept only in the box that shows it.
type secretMsg struct {
	name  string
	value backend.Hidden
	err   error
}

// secretGoneMsg takes the box away again.
type secretGoneMsg struct{ box overlayBox }

// askSecret asks before a value is shown: somebody may look over the shoulder.
func (m *Model) askSecret() tea.Cmd {
	o := m.cursor()
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
	poller, fault := m.o.Poller, m.o.Fault
	return func() (msg tea.Msg) {
		defer guard.Recover("read secret", func(err error) { fault(err); msg = FaultMsg{err} })
		ctx, cancel := context.WithTimeout(context.Background(), secretTime)
		defer cancel()
		b, err := poller.Backend(s.ID.Conn)
		if err != nil {
			return secretMsg{name: s.Name, err: err}
		}
		reader, ok := backend.As[backend.SecretReader](b)
		if !ok {
			return secretMsg{name: s.Name, err: backend.Refuse(backend.ClassUnsupported, "read secret", s.Name, "not supported by this connection")}
		}
		value, err := reader.SecretValue(ctx, s.ID)
		return secretMsg{s.Name, value, err}
	}
}

// showSecret shows a value for a moment.
func (m *Model) showSecret(msg secretMsg) tea.Cmd {
	if msg.err != nil {
		m.message("Value of "+msg.name, clean.Text(msg.err.Error()), theme.StateBad)
		return nil
	}
	box := overlay.NewMessage("Value of "+msg.name+" (closes after "+secretShown.String()+")", secretWords(msg.value.Reveal()))
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
