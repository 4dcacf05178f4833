package ui

import (
	"errors"
	"slices"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
)

// tellMsg brings a warning from elsewhere in the program.
type tellMsg struct{ err error }

// tell shows a warning in the foot; a file that can't be written stays in the header.
func (m *Model) tell(err error) {
	m.say(theme.StateWarn, err.Error())
	var n backend.FileNotice
	if !errors.As(err, &n) {
		return
	}
	m.unwritten = slices.DeleteFunc(m.unwritten, func(file string) bool { return file == n.File })
	if !n.Written {
		m.unwritten = append(m.unwritten, n.File)
	}
}

// unwrittenChip names the files of ours that can't be written; "" when all can.
func (m *Model) unwrittenChip() string {
	if len(m.unwritten) == 0 {
		return ""
	}
	return m.env.Theme.Glyphs.Warn + " not written: " + strings.Join(m.unwritten, ", ") + "  "
}
