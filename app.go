package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/charmbracelet/x/term"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/guard"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
	"hvdeck/backend/trace"
	"hvdeck/backend/wrap"
	"hvdeck/config"
	"hvdeck/theme"
	"hvdeck/ui"
	"hvdeck/ui/tty"
)

// The way out is bounded, each step by itself: an operation that hangs must not cost
// the others their logout.
const (
	stopTime   = 3 * time.Second // of transfers, which leave no half file or volume
	tasksTime  = time.Second
	logoutTime = 5 * time.Second
	auditTime  = time.Second
)

// app is the wired program.
type app struct {
	screen   context.Context // ends the screen: at a signal
	ctx      context.Context // of all else, which needs its connections to leave in good order
	cancel   context.CancelFunc
	cmd      config.Command
	log      *slog.Logger
	logTo    io.Closer
	store    *store.Store
	poller   *poll.Poller
	tasks    *task.Runner
	model    *ui.Model
	outside  *outside
	terminal *tty.Terminal
	tells    chan error // for the foot of the screen
	asker    *ui.Asker
	audit    *wrap.Log
	trace    *trace.Log // nil: none is wanted
	demo     func()
}

// tellsMax is how many warnings may wait for the screen.
const tellsMax = 64

// newApp wires everything and starts to dial; nothing of it waits for a server.
func newApp(ctx context.Context, cmd config.Command, from *outside) (*app, error) {
	if !term.IsTerminal(os.Stdin.Fd()) || !term.IsTerminal(os.Stdout.Fd()) {
		return nil, usageError{errors.New("standard input and output have to be a terminal; over ssh use ssh -t")}
	}
	a := &app{screen: ctx, cmd: cmd, outside: from, asker: ui.NewAsker(), store: store.New(time.Now), demo: func() {}, tells: make(chan error, tellsMax)}
	a.terminal = tty.Open(os.Stdin, os.Stdout)
	a.ctx, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	a.openLog()
	from.report(a.unwritten)
	a.audit = wrap.NewLog(filepath.Join(config.StateDir(), "audit.jsonl"), a.unwritten, time.Now)
	if err := a.openTrace(); err != nil {
		return nil, usageError{err}
	}
	endpoints, help, err := a.endpoints()
	if err != nil {
		return nil, err
	}
	a.poller = poll.New(a.ctx, poll.Options{
		Store: a.store, Ask: a.asker, Intervals: intervals(cmd.Intervals), Fault: a.fault,
		Foreign: func(t backend.RemoteTask) { a.tasks.Foreign(t) },
		Phase: func(c store.ConnStatus) {
			a.log.Info("connection", "name", string(c.ID), "uri", c.URI, "state", c.Phase.String(), "why", c.Err, "server", c.About.Product+" "+c.About.Version)
		},
		Lost: func(id backend.ConnID, why error) {
			a.tasks.Disconnected(id)
			a.tasks.FailQueued(id, why)
		},
	})
	a.tasks = a.runner()
	if a.model, err = a.newModel(help); err != nil {
		a.demo()
		return nil, usageError{err}
	}
	for _, e := range endpoints {
		if err := a.poller.Add(e); err != nil {
			a.leave()
			return nil, usageError{err}
		}
	}
	return a, nil
}

func (a *app) runner() *task.Runner {
	return task.New(task.Options{
		Backend: a.poller.Backend,
		Notify:  func() { a.store.Bump(store.TopicTasks) },
		Report:  a.fault,
		Audit: func(t task.Task) {
			a.log.Info("task", "what", t.Title, "object", t.TargetName, "connection", t.ConnName, "state", t.State.String(), "error", t.Err)
			a.poller.Touched(t.Target)
			if made := t.Result.Created; !made.IsZero() {
				a.poller.Touched(made)
			}
		},
		Check: a.poller.Settle,
		Away: func(id backend.ConnID) bool {
			c, known := a.store.Conn(id)
			return known && c.Phase != store.Ready
		},
		Recheck: func(op backend.Op) string {
			if a.store.Object(op.Target()) == nil {
				return "it is gone"
			}
			return ""
		},
	})
}

// nameOf is how the audit log calls an object.
func (a *app) nameOf(r backend.Ref) string {
	if o := a.store.Object(r); o != nil {
		return o.Title()
	}
	return ""
}

func (a *app) newModel(help string) (*ui.Model, error) {
	noColour := os.Getenv("NO_COLOR") != ""
	return ui.New(ui.Options{
		Store: a.store, Tasks: a.tasks, Poller: a.poller, Keys: a.cmd.Keys, Demo: a.cmd.Demo, Help: help, Fault: a.fault, Columns: a.cmd.Columns, Notice: a.cmd.Warning,
		Away: a.outside.lend, Terminal: a.terminal, Tells: a.tells,
		Dark: a.cmd.Background != "light",
		Theme: func(dark bool) (*theme.Theme, error) {
			if a.cmd.Background != "" {
				dark = a.cmd.Background == "dark"
			}
			return loadTheme(a.cmd.Theme, dark, theme.Options{ASCII: a.cmd.ASCII, NoColor: noColour})
		},
	})
}

// loadTheme loads a theme by name, or from a file: what holds a slash or ends in .toml.
func loadTheme(name string, dark bool, o theme.Options) (*theme.Theme, error) {
	if !strings.Contains(name, "/") && !strings.HasSuffix(name, ".toml") {
		return theme.Load(name, dark, o)
	}
	data, err := os.ReadFile(name) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	th, err := theme.Parse(data, o)
	if err != nil {
		return nil, fmt.Errorf("theme %s: %w", name, err)
	}
	return th, nil
}

// run shows the console, then leaves in good order, also after a crash.
func (a *app) run() (err error) {
	defer a.leave()
	defer guard.Recover("main", func(e error) { a.fault(e); err = e })
	return ui.Run(a.screen, a.model, a.asker)
}

// leave logs out of every server and ends every goroutine.
func (a *app) leave() {
	if err := within(stopTime, a.tasks.StopLocal); err != nil {
		a.log.Warn("leave", "error", err.Error())
	}
	if err := within(tasksTime, a.tasks.Close); err != nil {
		a.log.Info("leave", "error", err.Error())
	}
	if err := within(logoutTime, a.poller.Close); err != nil {
		a.log.Warn("leave", "error", err.Error())
	}
	a.cancel()
	a.demo()
	_ = within(auditTime, a.audit.Close)
	_ = within(auditTime, a.trace.Close)
	_ = a.logTo.Close()
	a.terminal.Close()
}

// openTrace starts the trace file where one is wanted.
func (a *app) openTrace() (err error) {
	if a.cmd.Trace == "" {
		return nil
	}
	a.trace, err = trace.Open(a.cmd.Trace, a.unwritten)
	return err
}

func within(d time.Duration, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return step(ctx)
}

// fault takes a recovered panic: the whole story to the log.
func (a *app) fault(err error) {
	attrs := []any{"error", err.Error()}
	var p *guard.PanicError
	if errors.As(err, &p) {
		attrs = append(attrs, "stack", string(p.Stack))
	}
	a.log.Error("fault", attrs...)
}

// openLog starts the program's log.
func (a *app) openLog() {
	f := openLogFile(a.tell)
	a.logTo = f
	log.SetOutput(f) // what libraries print must not land on the screen
	a.log = slog.New(slog.NewTextHandler(f, &slog.HandlerOptions{ReplaceAttr: cleanAttr}))
}

// unwritten takes that a file of ours can't be written, or can again: to the log, the
// events and the foot of the screen. Nothing else of the console depends on it.
func (a *app) unwritten(err error) {
	a.log.Warn("file", "error", err.Error())
	a.tell(err)
}

// tell shows a warning that the log has, or can't have.
func (a *app) tell(err error) {
	a.store.AddEvent(backend.Event{At: time.Now(), Text: err.Error(), Severity: backend.SeverityWarning})
	select {
	case a.tells <- err:
	default: // too many wait to be read; the events have them all
	}
}

// cleanAttr keeps foreign text from acting on the terminal of who reads the log.
func cleanAttr(_ []string, at slog.Attr) slog.Attr {
	if at.Value.Kind() == slog.KindString {
		at.Value = slog.StringValue(clean.Text(at.Value.String()))
	}
	return at
}

func intervals(c config.Intervals) poll.Intervals {
	return poll.Intervals{
		Stats: time.Duration(c.Stats), Lists: time.Duration(c.Lists), Hidden: time.Duration(c.Hidden),
		Focus: time.Duration(c.Focus), Detail: time.Duration(c.Detail),
	}
}
