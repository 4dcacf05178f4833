package uitest

import (
	"errors"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"reflect"
	"sync"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/creack/pty"

	"hvdeck/backend/guard"
)

// Command is a program to be run in a pseudo-terminal.
type Command struct {
	Path string
	Args []string
	Env  []string // added to a small environment: PATH, HOME, TERM, COLORTERM, LANG
	Dir  string
	Size Size
	// Light gives the terminal dark text on a light background; programs that ask are
	// told so.
	Light bool
	// Kitty gives the terminal the kitty keyboard, as kitty, foot, Ghostty and WezTerm
	// have it.
	Kitty bool
	// Mute gives a terminal that answers no question, as old ones and serial lines do.
	Mute bool
	// NoSession runs the program without a controlling terminal: no signal tells it of the
	// terminal's end or size.
	NoSession bool
	// Rate limits how fast the terminal takes output, in bytes per second, as a slow
	// link would; 0 is no limit.
	Rate int
	// Delay is how long keys and output are under way. With it the link takes whatever the
	// program writes and passes it on at its rate, as the buffers of a distant login do.
	Delay time.Duration
}

// ptyDriver drives a process in a pseudo-terminal.
type ptyDriver struct {
	cmd    *exec.Cmd
	master *os.File
	before *term.State // the line discipline before the program
	once   sync.Once

	mu    sync.Mutex
	after *term.State // and when it had ended
}

// Spawn starts a command in a pseudo-terminal of its own session; the test's end kills
// it.
func Spawn(t TB, c Command) *Screen {
	t.Helper()
	s := newScreen(t, c.Size.W, c.Size.H)
	s.speaks, s.mute, s.delay = c.Kitty, c.Mute, c.Delay
	if c.Light {
		s.emu.SetDefaultForegroundColor(color.RGBA{0x22, 0x27, 0x2e, 0xff})
		s.emu.SetDefaultBackgroundColor(color.RGBA{0xfb, 0xfb, 0xf8, 0xff})
	}
	d, tty, err := startPty(c)
	if err != nil {
		t.Fatalf("start %s: %v", c.Path, err)
		return s
	}
	s.drv = d
	drained := make(chan struct{})
	guard.Go("pty output", s.fail, func() {
		defer close(drained)
		if c.Delay > 0 {
			s.carryOutput(d.master, c.Rate)
			return
		}
		s.copyOutput(d.master, c.Rate)
	})
	guard.Go("process under test", s.fail, func() { s.reap(d, tty, drained) })
	s.start()
	return s
}

func startPty(c Command) (*ptyDriver, *os.File, error) {
	master, tty, err := pty.Open()
	if err != nil {
		return nil, nil, fmt.Errorf("open a pseudo-terminal: %w", err)
	}
	fail := func(err error) (*ptyDriver, *os.File, error) {
		return nil, nil, errors.Join(err, tty.Close(), master.Close())
	}
	if err := pty.Setsize(master, winsize(c.Size.W, c.Size.H)); err != nil {
		return fail(err)
	}
	before, err := term.GetState(tty.Fd())
	if err != nil {
		return fail(err)
	}
	cmd := exec.Command(c.Path, c.Args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Dir = tty, tty, tty, c.Dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"),
		"TERM=xterm-256color", "COLORTERM=truecolor", "LANG=C.UTF-8",
	}, c.Env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: !c.NoSession}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	return &ptyDriver{cmd: cmd, master: master, before: before}, tty, nil
}

func winsize(w, h int) *pty.Winsize {
	return &pty.Winsize{Cols: uint16(min(max(w, 0), 1<<16-1)), Rows: uint16(min(max(h, 0), 1<<16-1))}
}

// reap waits for the process, notes how it left the terminal, and lets go of it.
func (s *Screen) reap(d *ptyDriver, tty *os.File, drained <-chan struct{}) {
	err := d.cmd.Wait()
	after, stateErr := term.GetState(tty.Fd())
	if stateErr == nil {
		d.mu.Lock()
		d.after = after
		d.mu.Unlock()
	}
	_ = tty.Close() // the reader meets the end once everything is read
	select {
	case <-drained:
	case <-time.After(time.Second): // a child of the program still holds the terminal
	}
	if d.cmd.ProcessState == nil {
		s.fail(err)
		s.ended(1)
		return
	}
	s.ended(d.cmd.ProcessState.ExitCode())
}

// copyOutput shows what the program writes, at a rate of bytes per second.
func (s *Screen) copyOutput(from *os.File, rate int) {
	size := 32 << 10
	if rate > 0 {
		size = max(rate/20, 1)
	}
	buf := make([]byte, size)
	for {
		s.reading.pass(s.closed)
		n, err := from.Read(buf)
		s.reading.pass(s.closed) // it may have been shut while we waited
		if n > 0 {
			if _, werr := s.Write(buf[:n]); werr != nil {
				s.fail(werr)
			}
		}
		if err != nil {
			return // EIO: nobody holds the other end any more
		}
		if rate > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(rate)) // the link's own time
		}
	}
}

func (d *ptyDriver) send(p []byte) error {
	_, err := d.master.Write(p)
	return err
}

func (d *ptyDriver) resize(w, h int) error { return pty.Setsize(d.master, winsize(w, h)) }

func (d *ptyDriver) signal(name string) error {
	sig, ok := map[string]syscall.Signal{
		"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "QUIT": syscall.SIGQUIT,
		"TSTP": syscall.SIGTSTP, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "KILL": syscall.SIGKILL, "WINCH": syscall.SIGWINCH, "USR1": syscall.SIGUSR1,
	}[name]
	if !ok {
		return fmt.Errorf("no signal is called %q", name)
	}
	return d.cmd.Process.Signal(sig)
}

// kill ends the process; reap frees the rest. The group goes too: a program may have
// started others in its session.
func (d *ptyDriver) kill() {
	d.once.Do(func() {
		if err := syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL); err != nil {
			_ = d.cmd.Process.Kill() // ended already, or never led a group
		}
	})
}

func (d *ptyDriver) release() { _ = d.master.Close() }

// leftBehind compares the line discipline with what it was.
func (d *ptyDriver) leftBehind() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.after == nil || reflect.DeepEqual(d.before, d.after) {
		return nil
	}
	return []string{fmt.Sprintf("line discipline: %+v, was %+v", d.after, d.before)}
}

// Pid is the process id of a spawned program; 0 in process.
func (s *Screen) Pid() int {
	if d, ok := s.drv.(*ptyDriver); ok {
		return d.cmd.Process.Pid
	}
	return 0
}
