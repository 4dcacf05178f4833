package ui

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/tty"
)

// suspend gives the terminal back to the shell until it says fg. Without a shell, as in
// a window of its own or as the command of ssh -t, nobody could say that.
func (m *Model) suspend() tea.Cmd {
	if !tty.CanStop() {
		m.say(theme.StateWarn, "there is no shell to go back to: hvdeck is the only program of this terminal")
		return nil
	}
	m.lend(true)
	return tea.Suspend
}

// lend gives the keys to another program, or takes them back.
func (m *Model) lend(yes bool) {
	if m.o.Terminal != nil {
		m.o.Terminal.Lend(yes)
	}
}
