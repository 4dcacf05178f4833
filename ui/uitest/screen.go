// Package uitest works a terminal program as an operator does: it reads the screen and
// presses keys. The same verbs drive a tea.Model in this process (Run) and a built
// binary in a pseudo-terminal (Spawn). It promises to answer a program's questions as
// a terminal would, to wait for what is on the screen rather than for time, and to
// print the screen when an expectation fails.
//
// A Screen may be used by one goroutine; the program writes to it from others.
package uitest

import (
	"fmt"
	"image/color"
	"io"
	"strings"
	"sync"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"

	"hvdeck/backend/guard"
)

// TB is what is needed of a test; *testing.T is one.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(fn func())
}

// patience is how long WaitFor waits when it is not told.
const patience = 10 * time.Second

// escapePause is longer than programs wait for the rest of an escape sequence.
const escapePause = 150 * time.Millisecond

// driver is how a program is reached.
type driver interface {
	send(p []byte) error // keys
	resize(w, h int) error
	signal(name string) error
	kill()    // ends the program; must be safe to call again
	release() // frees the connection once the program is over
}

// Screen is an emulated terminal with a program on it.
type Screen struct {
	t   TB
	drv driver

	mu      sync.Mutex // over everything below and every use of the emulator
	emu     *vt.Emulator
	changed chan struct{} // closed at the next change
	bytes   int64
	modes   map[int]bool  // DEC private modes that are set
	kitty   int           // depth of the keyboard stack
	speaks  bool          // the terminal knows the kitty keyboard
	mute    bool          // the terminal answers nothing
	delay   time.Duration // of keys and answers on their way to the program
	way     onTheWay
	title   string
	exited  bool
	status  int
	failure error // in one of our goroutines

	reading gate          // of what a spawned program writes
	input   chan []byte   // keys and the terminal's answers, in order
	done    chan struct{} // closed when the program has ended
	closed  chan struct{} // closed when the screen is given up
}

// newScreen makes the terminal; the caller sets drv and starts the pump.
func newScreen(t TB, w, h int) *Screen {
	s := &Screen{
		t: t, emu: vt.NewEmulator(w, h), changed: make(chan struct{}),
		modes: map[int]bool{int(ansi.ModeTextCursorEnable): true},
		input: make(chan []byte), done: make(chan struct{}), closed: make(chan struct{}),
	}
	s.emu.SetDefaultForegroundColor(color.RGBA{0xd5, 0xda, 0xe3, 0xff})
	s.emu.SetDefaultBackgroundColor(color.RGBA{0x11, 0x14, 0x1a, 0xff})
	s.emu.SetCallbacks(vt.Callbacks{
		Title:       func(title string) { s.title = title },
		EnableMode:  func(m ansi.Mode) { s.setMode(m, true) },
		DisableMode: func(m ansi.Mode) { s.setMode(m, false) },
	})
	s.answerQueries()
	return s
}

// setMode runs inside emu.Write, under mu.
func (s *Screen) setMode(m ansi.Mode, on bool) {
	if d, ok := m.(ansi.DECMode); ok {
		s.modes[int(d)] = on
	}
}

// answerQueries adds what a present-day terminal answers beyond the emulator:
// synchronized output (2026), and the kitty keyboard where the terminal speaks it.
func (s *Screen) answerQueries() {
	s.emu.RegisterCsiHandler(ansi.Command('?', '$', 'p'), func(p ansi.Params) bool {
		n, _, _ := p.Param(0, 0)
		if n != int(ansi.ModeSynchronizedOutput) {
			return false
		}
		_, err := io.WriteString(s.emu.InputPipe(), ansi.ReportMode(ansi.ModeSynchronizedOutput, ansi.ModeReset))
		return err == nil
	})
	s.emu.RegisterCsiHandler('n', func(p ansi.Params) bool { // the emulator answers as if it were a private report
		if n, _, _ := p.Param(0, 0); n != 5 {
			return false
		}
		_, err := io.WriteString(s.emu.InputPipe(), "\x1b[0n")
		return err == nil
	})
	s.emu.RegisterCsiHandler(ansi.Command('?', 0, 'u'), func(ansi.Params) bool {
		if !s.speaks {
			return false
		}
		_, err := fmt.Fprintf(s.emu.InputPipe(), "\x1b[?%du", min(s.kitty, 1))
		return err == nil
	})
	s.emu.RegisterCsiHandler(ansi.Command('>', 0, 'u'), func(ansi.Params) bool { s.kitty++; return true })
	s.emu.RegisterCsiHandler(ansi.Command('<', 0, 'u'), func(ansi.Params) bool { s.kitty = max(s.kitty-1, 0); return true })
}

// start lets keys and answers flow to the program.
func (s *Screen) start() {
	answers := make(chan []byte)
	guard.Go("terminal answers", s.fail, func() { s.readAnswers(answers) })
	guard.Go("terminal input", s.fail, func() { s.pump(answers) })
	s.t.Cleanup(s.Close)
}

// readAnswers takes what the emulator has to say: it blocks the emulator until taken.
func (s *Screen) readAnswers(to chan<- []byte) {
	buf := make([]byte, 4096)
	for {
		n, err := s.emu.Read(buf)
		if n > 0 && !s.mute {
			select {
			case to <- append([]byte(nil), buf[:n]...):
			case <-s.closed:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pump queues keys and answers without bound, so that neither the emulator nor the
// test waits for a program that does not read.
func (s *Screen) pump(answers <-chan []byte) {
	queue := make(chan due)
	guard.Go("terminal writer", s.fail, func() {
		for p := range queue {
			time.Sleep(time.Until(p.at))
			if err := s.drv.send(p.bytes); err != nil {
				s.fail(err)
			}
			if string(p.bytes) == "\x1b" { // only time tells a lone Esc from the start of a sequence
				time.Sleep(escapePause)
			}
		}
	})
	defer close(queue)
	var waiting []due
	for {
		var to chan due
		var next due
		if len(waiting) > 0 {
			to, next = queue, waiting[0]
		}
		select {
		case p := <-answers:
			waiting = append(waiting, due{p, time.Now().Add(s.delay)})
		case p := <-s.input:
			waiting = append(waiting, due{p, time.Now().Add(s.delay)})
		case to <- next:
			waiting = waiting[1:]
		case <-s.closed:
			return
		}
	}
}

// fail keeps the first failure of a goroutine; after the end of the program writing to
// it is expected to fail.
func (s *Screen) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil && !s.exited {
		s.failure = err
	}
}

// Write is where the program's output arrives.
func (s *Screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bytes += int64(len(p))
	n, err := s.emu.Write(p)
	s.notify()
	return n, err
}

// notify wakes those who wait; under mu.
func (s *Screen) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// ended notes that the program is over.
func (s *Screen) ended(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exited {
		return
	}
	s.exited, s.status = true, status
	s.notify()
	close(s.done)
}

// Close ends the program and frees the terminal. It is called by the test's cleanup.
func (s *Screen) Close() {
	select {
	case <-s.closed:
		return
	default:
	}
	if s.Running() {
		s.drv.kill()
	}
	select {
	case <-s.done:
	case <-time.After(patience):
	}
	close(s.closed)
	s.drv.release()
	if p, ok := s.emu.InputPipe().(io.Closer); ok {
		_ = p.Close() // ends readAnswers; the emulator's own Close is not safe beside Read
	}
}

// size of the terminal in cells; under mu.
func (s *Screen) size() (w, h int) { return s.emu.Width(), s.emu.Height() }

// lines are the rows of the screen without trailing blanks; under mu.
func (s *Screen) lines() []string {
	w, h := s.size()
	out := make([]string, h)
	for y := range out {
		out[y] = strings.TrimRight(s.text(0, w, y), " ")
	}
	return out
}

// text is row y from cell x to cell end; under mu.
func (s *Screen) text(x, end, y int) string {
	var b strings.Builder
	for x < end {
		c := s.emu.CellAt(x, y)
		if c == nil || c.Content == "" {
			b.WriteByte(' ')
			x++
			continue
		}
		b.WriteString(c.Content)
		x += max(c.Width, 1)
	}
	return b.String()
}

// dump is the screen for a failure message; under mu.
func (s *Screen) dump() string {
	w, h := s.size()
	state := "running"
	if s.exited {
		state = fmt.Sprintf("exited with %d", s.status)
	}
	out := fmt.Sprintf("screen %dx%d, program %s", w, h, state)
	if s.failure != nil {
		out += ", terminal failed: " + s.failure.Error()
	}
	return out + "\n" + strings.Join(s.lines(), "\n")
}

// Cell is one cell of the screen.
type Cell struct {
	Text                                  string
	FG, BG                                color.Color // nil is the terminal's own
	Bold, Dim, Italic, Underline, Reverse bool
	Width                                 int
}

func cellOf(c *uv.Cell) Cell {
	if c == nil {
		return Cell{Text: " ", Width: 1}
	}
	a := c.Style.Attrs
	return Cell{
		Text: c.Content, FG: c.Style.Fg, BG: c.Style.Bg, Width: max(c.Width, 1),
		Bold: a&uv.AttrBold != 0, Dim: a&uv.AttrFaint != 0, Italic: a&uv.AttrItalic != 0,
		Underline: c.Style.Underline != ansi.UnderlineNone, Reverse: a&uv.AttrReverse != 0,
	}
}
