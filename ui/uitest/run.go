package uitest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"hvdeck/backend/guard"
)

// Size is the size of a terminal in cells.
type Size struct{ W, H int }

// Standard is the size that screens are drawn for first.
func Standard() Size { return Size{W: 120, H: 40} }

// modelDriver drives a tea.Program of this process.
type modelDriver struct {
	program *tea.Program
	in      *io.PipeWriter
	cancel  context.CancelFunc
	once    sync.Once
}

// Run runs a model on an emulated terminal, in truecolor, until the test ends. The
// program gets no signals and no environment of this machine.
func Run(t TB, m tea.Model, size Size, opts ...tea.ProgramOption) *Screen {
	t.Helper()
	s := newScreen(t, size.W, size.H)
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	options := append([]tea.ProgramOption{
		tea.WithContext(ctx), tea.WithInput(r), tea.WithOutput(lineDiscipline{s}), tea.WithWindowSize(size.W, size.H),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}),
		tea.WithColorProfile(colorprofile.TrueColor), tea.WithoutSignals(),
	}, opts...)
	d := &modelDriver{program: tea.NewProgram(m, options...), in: w, cancel: cancel}
	s.drv = d
	s.start()
	guard.Go("program under test", func(err error) { s.fail(err); s.ended(1) }, func() {
		defer cancel()
		_, err := d.program.Run()
		status := 0
		if err != nil {
			status = 1
			s.fail(err)
		}
		_ = r.Close()
		s.ended(status)
	})
	return s
}

// lineDiscipline turns \n into \r\n as a terminal device does: without a device of its
// own, a program relies on it.
type lineDiscipline struct{ to io.Writer }

func (l lineDiscipline) Write(p []byte) (int, error) {
	if _, err := l.to.Write(bytes.ReplaceAll(p, []byte("\n"), []byte("\r\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (d *modelDriver) send(p []byte) error {
	_, err := d.in.Write(p)
	return err
}

func (d *modelDriver) resize(w, h int) error {
	d.program.Send(tea.WindowSizeMsg{Width: w, Height: h})
	return nil
}

func (d *modelDriver) signal(name string) error {
	switch name {
	case "INT":
		d.program.Send(tea.InterruptMsg{})
	case "TERM":
		d.program.Quit()
	default:
		return fmt.Errorf("no signal %s in process", name)
	}
	return nil
}

func (d *modelDriver) kill() {
	d.once.Do(func() {
		d.cancel()
		_ = d.in.Close()
	})
}

func (d *modelDriver) release() { d.kill() }
