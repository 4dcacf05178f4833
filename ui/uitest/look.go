package uitest

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// frame waits shortly for a frame that is under way (mode 2026) to be complete.
func (s *Screen) frame() { s.until(time.Second, func() bool { return true }) }

// Lines are the rows of the screen, without trailing blanks.
func (s *Screen) Lines() []string {
	s.frame()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines()
}

// Text is the whole screen, a line each row.
func (s *Screen) Text() string { return strings.Join(s.Lines(), "\n") }

// Size is the size of the terminal in cells.
func (s *Screen) Size() (w, h int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.size()
}

// Row is the first row that holds text, from 0, and the row itself; it fails when
// there is none.
func (s *Screen) Row(text string) (y int, row string) {
	s.t.Helper()
	for i, l := range s.Lines() {
		if strings.Contains(l, text) {
			return i, l
		}
	}
	s.fatal("no row holds %q", text)
	return -1, ""
}

// CellAt is a cell of the screen, from 0.
func (s *Screen) CellAt(x, y int) Cell {
	s.frame()
	s.mu.Lock()
	defer s.mu.Unlock()
	return cellOf(s.emu.CellAt(x, y))
}

// Find is the first cell of the first place where text stands on the screen.
func (s *Screen) Find(text string) (x, y int, ok bool) {
	s.frame()
	s.mu.Lock()
	defer s.mu.Unlock()
	w, h := s.size()
	for y := range h {
		row := s.text(0, w, y)
		if i := strings.Index(row, text); i >= 0 {
			return ansi.StringWidth(row[:i]), y, true
		}
	}
	return 0, 0, false
}

// CellOf is the first cell of text on the screen; it fails when it is not there.
func (s *Screen) CellOf(text string) Cell {
	s.t.Helper()
	x, y, ok := s.Find(text)
	if !ok {
		s.fatal("%q is not on the screen", text)
	}
	return s.CellAt(x, y)
}

// CursorRow is the first row with the sign of a cursor in focus (❯ or ◈); -1 when there
// is none. In ASCII the sign is not unique: ask the pane.
func (s *Screen) CursorRow() int { return s.cursorLine() }

// TextCursor is where the terminal's own cursor is, and whether it is shown.
func (s *Screen) TextCursor() (x, y int, shown bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.emu.CursorPosition()
	return p.X, p.Y, s.modes[int(ansi.ModeTextCursorEnable)]
}

// Title is the title of the terminal's window.
func (s *Screen) Title() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.title
}

// Mode says whether the program has set a DEC private mode.
func (s *Screen) Mode(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modes[n]
}

// Bytes is how much the program has written.
func (s *Screen) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
}

// Running says whether the program has not ended.
func (s *Screen) Running() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// WaitExit waits for the end of the program and returns its exit status; -1 is a
// signal. In process, 1 is an error.
func (s *Screen) WaitExit(limit ...time.Duration) int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(limitOf(limit)):
		s.fatal("the program did not end")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// LeftBehind names what the program has not put back in order in the terminal: modes,
// the keyboard stack, in a pty the line discipline too. Empty is good.
func (s *Screen) LeftBehind() []string {
	var out []string
	s.mu.Lock()
	for _, m := range []struct {
		mode int
		on   bool
		name string
	}{
		{1049, true, "alternate screen"}, {25, false, "cursor hidden"}, {2004, true, "bracketed paste"}, {1, true, "application cursor keys"},
		{1000, true, "mouse"}, {1002, true, "mouse buttons"}, {1003, true, "mouse motion"}, {1006, true, "mouse format"}, {1004, true, "focus reports"},
		{2026, true, "synchronized output"},
	} {
		if s.modes[m.mode] == m.on {
			out = append(out, m.name)
		}
	}
	if s.kitty > 0 {
		out = append(out, "keyboard stack")
	}
	s.mu.Unlock()
	if p, ok := s.drv.(*ptyDriver); ok {
		out = append(out, p.leftBehind()...)
	}
	return out
}
