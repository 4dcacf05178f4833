package ui

import (
	"context"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// ticketsShown is how long tickets stay on the screen.
const ticketsShown = time.Minute

// askRemoteConsole asks before tickets for a display are made: who reads one over the
// shoulder gets in without a password.
func (m *Model) askRemoteConsole(s keymap.Selection) tea.Cmd {
	vm, ok := s.First().(*backend.VM)
	if !ok {
		m.say(theme.StateWarn, "graphical console: no VM is under the cursor")
		return nil
	}
	if why := m.capsNow(vm.ID.Conn).Why(backend.VerbRemoteConsole); why != "" {
		m.say(theme.StateWarn, "graphical console: "+why)
		return nil
	}
	m.confirm(overlay.Question{
		Title: "Get tickets for the display of " + m.targetWords([]backend.Object{vm}) + "?", Verb: "Get them", Level: overlay.Disruptive,
		Targets: []overlay.Target{m.target(vm, m.stateOf(vm))},
		Loses: []string{
			"They are shown in clear for " + ticketsShown.String() + ". The WebMKS ticket lets one person at this display without a password.",
			"The link for VMware Remote Console holds a copy of YOUR session: who opens it may do what you may, until it is closed.",
			"That they were made goes into the audit log; they go nowhere.",
		},
	}, func() tea.Cmd { return m.getRemoteConsole(vm) })
	return nil
}

func (m *Model) getRemoteConsole(vm *backend.VM) tea.Cmd {
	asked := m.here()
	return direct(m, "remote console", vm.ID.Conn, func(ctx context.Context, b backend.Backend) (*backend.RemoteConsole, error) {
		c, ok := backend.As[backend.RemoteConsoler](b)
		if !ok {
			return nil, backend.Refuse(backend.ClassUnsupported, "get the display of", vm.Name, "not supported by this connection")
		}
		return c.RemoteConsole(ctx, vm.ID)
	}, func(rc *backend.RemoteConsole, err error) tea.Cmd {
		if err != nil {
			m.messageArrived(asked, "Graphical console of "+vm.Name, errorWords(err))
			return nil
		}
		return m.askArrived(asked, "display of "+vm.Name, func() tea.Cmd { return m.showRemoteConsole(vm, rc) })
	})
}

// entrance is one way to a display.
type entrance struct{ key, what, text string }

func entrances(rc *backend.RemoteConsole) []entrance {
	all := []entrance{
		{"a", "Address of the display", rc.Address},
		{"w", "Page of the vSphere Client, which asks for a login", rc.Web},
		{"v", "Link for VMware Remote Console, good once", string(rc.VMRC.Reveal())},
		{"t", "WebMKS ticket, good once and not for long", string(rc.Ticket.Reveal())},
	}
	var out []entrance
	for _, e := range all {
		if e.text = clean.Line(e.text); e.text != "" {
			out = append(out, e)
		}
	}
	return out
}

// showRemoteConsole shows the ways for a minute; only the box holds them. A key copies one:
// a frame breaks long links, so they can't be copied by eye.
func (m *Model) showRemoteConsole(vm *backend.VM, rc *backend.RemoteConsole) tea.Cmd {
	ways := entrances(rc)
	var lines []string
	items := make([]overlay.MenuItem, len(ways))
	for i, e := range ways {
		lines = append(lines, e.what+":", e.text, "")
		items[i] = overlay.MenuItem{Key: e.key, Title: "copy: " + e.what}
	}
	if rc.Missing != "" {
		lines = append(lines, "Not to be had:", clean.Text(rc.Missing))
	}
	box := overlay.NewAsk("Display of "+vm.Name+" (closes after "+ticketsShown.String()+")", strings.Join(lines, "\n"), items).Async()
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case overlay.Chosen:
			i, _ := box.Choice()
			m.say(theme.StateOK, "given to the terminal's clipboard: "+ways[i].what)
			return true, tea.SetClipboard(ways[i].text)
		case overlay.Cancelled:
			return true, nil
		default:
			return false, nil
		}
	}})
	return tea.Tick(ticketsShown, func(time.Time) tea.Msg { return secretGoneMsg{box} })
}
