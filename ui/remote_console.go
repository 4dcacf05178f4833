package ui

import (
	"context"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// askRemoteConsole asks before tickets for a display are shown: who reads one over the
// shoulder gets in without a password.
func (m *Model) askRemoteConsole() tea.Cmd {
	vm, ok := m.cursor().(*backend.VM)
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
		Loses:   []string{"They are shown in clear until you close them. Each lets one person in, without a password. That they were made goes into the audit log."},
	}, func() tea.Cmd { return m.getRemoteConsole(vm) })
	return nil
}

func (m *Model) getRemoteConsole(vm *backend.VM) tea.Cmd {
	return direct(m, "remote console", vm.ID.Conn, func(ctx context.Context, b backend.Backend) (*backend.RemoteConsole, error) {
		c, ok := backend.As[backend.RemoteConsoler](b)
		if !ok {
			return nil, backend.Refuse(backend.ClassUnsupported, "get the display of", vm.Name, "not supported by this connection")
		}
		return c.RemoteConsole(ctx, vm.ID)
	}, func(rc *backend.RemoteConsole, err error) tea.Cmd {
		if err != nil {
			m.message("Graphical console of "+vm.Name, errorWords(err), theme.StateBad)
			return nil
		}
		box := overlay.NewMessage("Graphical console of "+vm.Name, remoteConsoleWords(rc))
		m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
			return box.Update(k) != overlay.Open, nil
		}})
		return nil
	})
}

// remoteConsoleWords puts every address on a line of its own, to be copied whole.
func remoteConsoleWords(rc *backend.RemoteConsole) string {
	var lines []string
	add := func(what, text string) {
		if text != "" {
			lines = append(lines, what+":", text, "")
		}
	}
	add("Address of the display", rc.Address)
	add("Page of the vSphere Client", rc.Web)
	add("Link for VMware Remote Console, good once", string(rc.VMRC.Reveal()))
	add("WebMKS ticket, good once and not for long", string(rc.Ticket.Reveal()))
	add("Not to be had", rc.Missing)
	return clean.Text(strings.TrimSpace(strings.Join(lines, "\n")))
}
