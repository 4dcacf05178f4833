package main

import (
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"hvdeck/ui/uitest/slowline"
)

// size is of a terminal, in cells.
type size struct{ columns, rows int }

func (s size) String() string { return fmt.Sprintf("%dx%d", s.columns, s.rows) }

// area is a part of the screen in cells; the upper bounds are outside.
type area struct{ x0, y0, x1, y1 int }

// terminal runs a program in a pseudo-terminal and dates every change of the watched
// cells by the arrival of its bytes, so that parsing them is not in the figures.
type terminal struct {
	cmd   *exec.Cmd
	size  size
	pty   *os.File
	up    io.Writer // where keys and answers go
	began time.Time
	seed  maphash.Seed
	wake  chan struct{} // something was written
	ended chan struct{}

	mu      sync.Mutex
	emu     *vt.Emulator
	inFrame bool // within a synchronized update
	watched area
	print   uint64 // of the watched cells
	changed time.Time
	changes int
	wrote   time.Time
	bytes   int
	track   func(at time.Time) // hears of every change of the watched cells, under mu
}

// start runs a program with a configuration and a state of its own, over a line; the
// zero line is none.
func start(home string, s size, l slowline.Line, argv ...string) (*terminal, error) {
	t := &terminal{
		emu: vt.NewEmulator(s.columns, s.rows), size: s, seed: maphash.MakeSeed(), watched: area{0, 0, s.columns, s.rows},
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	t.answer()
	t.cmd = exec.Command(argv[0], argv[1:]...)
	t.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home,
		"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8",
	}
	t.began = time.Now()
	var err error
	if t.pty, err = pty.StartWithSize(t.cmd, &pty.Winsize{Cols: uint16(s.columns), Rows: uint16(s.rows)}); err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	t.up = l.To(t.pty)
	go func() { _, _ = io.Copy(t.up, t.emu) }() // what the terminal answers
	go func() {
		defer close(t.ended)
		l.Carry(t.pty, t.show)
	}()
	return t, nil
}

// answer adds to the emulator what it does not answer itself or not as terminals do:
// synchronized output, and how far it has come.
func (t *terminal) answer() {
	t.emu.RegisterCsiHandler('n', func(p ansi.Params) bool {
		if n, _, _ := p.Param(0, 0); n != 5 {
			return false
		}
		_, err := io.WriteString(t.emu.InputPipe(), "\x1b[0n")
		return err == nil
	})
	t.emu.RegisterCsiHandler(ansi.Command('?', '$', 'p'), func(p ansi.Params) bool {
		if n, _, _ := p.Param(0, 0); n != int(ansi.ModeSynchronizedOutput) {
			return false
		}
		_, err := io.WriteString(t.emu.InputPipe(), ansi.ReportMode(ansi.ModeSynchronizedOutput, ansi.ModeReset))
		return err == nil
	})
	frame := func(on bool) func(ansi.Mode) {
		return func(m ansi.Mode) {
			if m == ansi.ModeSynchronizedOutput {
				t.inFrame = on
			}
		}
	}
	t.emu.SetCallbacks(vt.Callbacks{EnableMode: frame(true), DisableMode: frame(false)})
}

func (t *terminal) show(p []byte, at time.Time) {
	t.mu.Lock()
	_, _ = t.emu.Write(p)
	t.bytes += len(p)
	t.wrote = at
	if !t.inFrame {
		if print := t.fingerprint(); print != t.print {
			t.print, t.changed = print, at
			t.changes++
			if t.track != nil {
				t.track(at)
			}
		}
	}
	t.mu.Unlock()
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// fingerprint is of the text and the colours of the watched cells; under mu.
func (t *terminal) fingerprint() uint64 {
	var h maphash.Hash
	h.SetSeed(t.seed)
	for y := t.watched.y0; y < t.watched.y1; y++ {
		for x := t.watched.x0; x < t.watched.x1; x++ {
			if c := t.emu.CellAt(x, y); c != nil {
				_, _ = h.WriteString(c.Content)
				maphash.WriteComparable(&h, c.Style)
			}
		}
	}
	return h.Sum64()
}

// watch counts only changes in an area from now on.
func (t *terminal) watch(a area) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.watched = a
	t.print = t.fingerprint()
}

// state is what was seen up to now.
type state struct {
	changes, bytes int
	changed, wrote time.Time
}

func (t *terminal) state() state {
	t.mu.Lock()
	defer t.mu.Unlock()
	return state{t.changes, t.bytes, t.changed, t.wrote}
}

// lines are the rows of the screen as text.
func (t *terminal) lines() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make([]string, t.size.rows)
	for y := range out {
		out[y] = t.row(y, t.size.columns)
	}
	return out
}

// row is the beginning of a row as text; under mu.
func (t *terminal) row(y, to int) string {
	var b strings.Builder
	for x := 0; x < to; {
		c := t.emu.CellAt(x, y)
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

// until waits for an expression on the screen and gives when its last bytes came.
func (t *terminal) until(expr string, limit time.Duration) (time.Time, error) {
	re := regexp.MustCompile(expr)
	end := time.After(limit)
	for {
		s := t.state()
		if re.MatchString(strings.Join(t.lines(), "\n")) {
			return s.wrote, nil
		}
		select {
		case <-t.wake:
		case <-t.ended:
			return time.Time{}, fmt.Errorf("the program ended before %q; screen:\n%s", expr, strings.Join(t.lines(), "\n"))
		case <-end:
			return time.Time{}, fmt.Errorf("no %q within %v; screen:\n%s", expr, limit, strings.Join(t.lines(), "\n"))
		}
	}
}

// still waits until nothing was written for d, at most limit.
func (t *terminal) still(d, limit time.Duration) {
	end := time.Now().Add(limit)
	last := time.Now()
	for time.Now().Before(end) {
		if w := t.state().wrote; w.After(last) {
			last = w
		}
		rest := d - time.Since(last)
		if rest <= 0 {
			return
		}
		select {
		case <-t.wake:
		case <-time.After(rest):
		}
	}
}

// press sends keys as they are typed.
func (t *terminal) press(keys string) time.Time {
	at := time.Now()
	_, _ = io.WriteString(t.up, keys)
	return at
}

func (t *terminal) pid() int { return t.cmd.Process.Pid }

// stop ends the program as a hung-up line does, then for good.
func (t *terminal) stop() {
	_ = t.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-t.ended:
	case <-time.After(8 * time.Second):
		_ = t.cmd.Process.Kill()
	}
	_ = t.pty.Close()
	_ = t.cmd.Wait()
}
