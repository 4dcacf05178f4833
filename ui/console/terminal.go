package console

import (
	"fmt"
	"io"
	"sync"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"hvdeck/ui/line"
)

// Terminal is the screen of one console and what has scrolled off it. It lives longer
// than a connection: what was seen stays when the guest ends. All methods may be
// called from any goroutine.
type Terminal struct {
	fault func(error)

	mu     sync.Mutex
	emu    *vt.Emulator
	past   past
	modes  map[int]bool // DEC private modes that the guest has set
	back   int          // lines scrolled back; 0 at the end
	closed bool

	amu     sync.Mutex
	answers func([]byte) // to the guest; nil while there is none. Guarded by amu
}

// NewTerminal makes an empty terminal of w times h cells. fault takes recovered panics
// and may be nil. Close ends it.
func NewTerminal(w, h int, fault func(error)) *Terminal {
	t := &Terminal{fault: fault}
	t.fresh(max(w, 2), max(h, 1))
	return t
}

// fresh starts with an empty screen; under mu.
func (t *Terminal) fresh(w, h int) {
	if t.emu != nil {
		discard(t.emu)
	}
	t.modes = map[int]bool{int(ansi.ModeTextCursorEnable): true}
	t.emu = newEmulator(w, h, t.answer, t.fault)
	t.emu.SetCallbacks(vt.Callbacks{
		EnableMode:  func(m ansi.Mode) { t.mode(m, true) },
		DisableMode: func(m ansi.Mode) { t.mode(m, false) },
	})
}

// mode runs inside the emulator's Write, under mu.
func (t *Terminal) mode(m ansi.Mode, on bool) {
	if d, ok := m.(ansi.DECMode); ok {
		t.modes[int(d)] = on
	}
}

// answer passes on what the emulator says to the guest. It is called while Feed waits
// for it, so it must not take mu.
func (t *Terminal) answer(p []byte) {
	t.amu.Lock()
	to := t.answers
	t.amu.Unlock()
	if to != nil {
		to(p)
	}
}

// Answer sets who gets the emulator's answers to the guest's questions; nil for
// nobody. It must not block.
func (t *Terminal) Answer(to func([]byte)) {
	t.amu.Lock()
	defer t.amu.Unlock()
	t.answers = to
}

// Close frees the terminal's goroutine.
func (t *Terminal) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.closed = true
		discard(t.emu)
	}
}

// Feed shows what the guest prints. It gives way to drawing after each few hundred
// bytes.
func (t *Terminal) Feed(p []byte) {
	for len(p) > 0 {
		n := piece(p)
		t.feed(p[:n])
		p = p[n:]
	}
}

// piece is the length of what is fed next: up to chunk, not within a character.
func piece(p []byte) int {
	n := min(len(p), chunk)
	if n == len(p) {
		return n
	}
	for i := n; i > n-chunk/2; i-- {
		if p[i-1] < 0x80 && p[i] < 0x80 {
			return i
		}
	}
	return n
}

func (t *Terminal) feed(p []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	defer t.mend()
	_, _ = t.emu.Write(p)
	t.collect()
}

// mend starts over with an empty screen when the emulator fell over what it was fed.
func (t *Terminal) mend() {
	v := recover()
	if v == nil {
		return
	}
	w, h := t.emu.Width(), t.emu.Height()
	t.fresh(w, h)
	_, _ = io.WriteString(t.emu, "\x1b[7m the terminal emulation failed here and was started anew \x1b[m\r\n")
	if t.fault != nil {
		t.fault(fmt.Errorf("console emulation: %v", v))
	}
}

// collect takes over what has scrolled off; under mu.
func (t *Terminal) collect() {
	n := t.emu.ScrollbackLen()
	if n == 0 {
		return
	}
	for _, l := range t.emu.Scrollback().Lines() {
		t.past.push(pack(l))
	}
	t.emu.ClearScrollback()
	if t.back > 0 { // what is looked at stays where it is
		t.back = min(t.back+n, t.past.len())
	}
}

// Say writes a notice of our own on a line of its own, after the guest was cut off: it
// ends whatever the guest left half done, also the alternate screen.
func (t *Terminal) Say(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return
	}
	defer t.mend()
	reset := "\x18"
	for _, m := range []ansi.DECMode{ansi.ModeAltScreenSaveCursor, ansi.ModeAltScreen, ansi.ModeCursorKeys, ansi.ModeBracketedPaste, ansi.ModeOrigin} {
		if t.modes[int(m)] {
			reset += ansi.ResetMode(m)
		}
	}
	_, _ = io.WriteString(t.emu, reset)
	at := t.emu.CursorPosition()
	// Giving up the scroll region moves the cursor to the top.
	_, _ = fmt.Fprintf(t.emu, "\x1b[r\x1b[%d;%dH\x1b(B\x0f\x1b[m\x1b[?25h\x1b[?7h", at.Y+1, at.X+1)
	if at.X > 0 {
		_, _ = io.WriteString(t.emu, "\r\n")
	}
	for _, l := range line.Wrap("hvdeck: "+text, max(t.emu.Width()-2, 1)) {
		_, _ = io.WriteString(t.emu, "\x1b[7m "+l+" \x1b[m\r\n")
	}
	t.collect()
}

// Clear empties the screen and forgets what has scrolled off.
func (t *Terminal) Clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.past = past{}
	t.back = 0
	t.fresh(t.emu.Width(), t.emu.Height())
}

// Size is the size in cells that the guest should be told.
func (t *Terminal) Size() (w, h int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.emu.Width(), t.emu.Height()
}

// resize keeps the line of the cursor in sight; under mu.
func (t *Terminal) resize(w, h int) {
	w, h = max(w, 2), max(h, 1)
	if w == t.emu.Width() && h == t.emu.Height() {
		return
	}
	defer t.mend()
	if at := t.emu.CursorPosition(); at.Y >= h && !t.emu.IsAltScreen() {
		over := at.Y - h + 1
		_, _ = fmt.Fprintf(t.emu, "\x1b[r\x1b[%dS\x1b[%d;%dH", over, at.Y-over+1, at.X+1)
		t.collect()
	}
	t.emu.Resize(w, h)
}

// Scroll looks n lines further back, or forward when n is negative.
func (t *Terminal) Scroll(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.back = min(max(t.back+n, 0), t.past.len())
}

// Scrolled is how far back the view is, and how far it could be, in lines.
func (t *Terminal) Scrolled() (back, most int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.back, t.past.len()
}
