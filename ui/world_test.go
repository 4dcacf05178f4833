package ui_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
	"hvdeck/backend/wrap"
	"hvdeck/theme"
	"hvdeck/ui"
	"hvdeck/ui/uitest"
)

// world is the whole program on an emulated screen over hypervisors in memory.
type world struct {
	*uitest.Screen
	t      *testing.T
	hosts  []*mem.Hypervisor
	store  *store.Store
	poller *poll.Poller
	tasks  *task.Runner
}

// scene says what a scenario starts from.
type scene struct {
	size     uitest.Size
	hosts    []mem.Config
	readOnly bool
	theme    string
	plain    theme.Options
	now      func() time.Time
	help     string
}

// begin runs the program on a scene until the test ends.
func begin(t *testing.T, sc scene) *world {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{t: t, store: store.New(time.Now)}
	w.poller = poll.New(ctx, poll.Options{
		Store: w.store, Fault: func(err error) { t.Errorf("panic: %v", err) },
		Foreign: func(rt backend.RemoteTask) { w.tasks.Foreign(rt) },
		Intervals: poll.Intervals{
			Stats: 200 * time.Millisecond, Lists: 200 * time.Millisecond, Hidden: time.Second,
			Focus: 100 * time.Millisecond, Detail: 200 * time.Millisecond,
		},
	})
	w.tasks = task.New(task.Options{
		Backend: w.poller.Backend, Notify: func() { w.store.Bump(store.TopicTasks) },
		Report: func(err error) { t.Errorf("panic: %v", err) },
		Check:  w.poller.Settle,
		Audit: func(done task.Task) {
			w.poller.Touched(done.Target)
			w.poller.Touched(done.Result.Created)
		},
	})
	m, err := ui.New(ui.Options{
		Store: w.store, Tasks: w.tasks, Poller: w.poller, Dark: true, Now: sc.now, Help: sc.help,
		// The program under test has no terminal to give away.
		Exec:  func(c *exec.Cmd, done tea.ExecCallback) tea.Cmd { return func() tea.Msg { return done(c.Run()) } },
		Theme: func(dark bool) (*theme.Theme, error) { return theme.Load(sc.theme, dark, sc.plain) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, cfg := range sc.hosts {
		w.add(cfg, sc.readOnly)
	}
	if sc.size.W == 0 {
		sc.size = uitest.Size{W: 140, H: 45}
	}
	t.Cleanup(func() { w.end(cancel) })
	w.Screen = uitest.Run(t, &pumped{Model: ui.Root(m), store: w.store, ctx: ctx}, sc.size, tea.WithFPS(ui.FPS))
	return w
}

func (w *world) add(cfg mem.Config, readOnly bool) {
	w.t.Helper()
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	h := mem.New(cfg)
	w.hosts = append(w.hosts, h)
	d := h.Dialer()
	if readOnly {
		d = wrap.Dialer(d, wrap.ReadOnly)
	}
	if err := w.poller.Add(poll.Endpoint{ID: cfg.ID, URI: "mem:///" + string(cfg.ID), Dialer: d, ReadOnly: readOnly}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) end(cancel context.CancelFunc) {
	w.Close()
	ctx, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	for _, h := range w.hosts {
		h.Thaw()
	}
	_ = w.tasks.Close(ctx)
	if err := w.poller.Close(ctx); err != nil {
		w.t.Errorf("close: %v", err)
	}
	cancel()
	for _, h := range w.hosts {
		if n := h.Open(); n != 0 {
			w.t.Errorf("%d connections left open", n)
		}
	}
}

// pumped passes the store's notices on, as ui.Run does for a program of its own.
type pumped struct {
	tea.Model
	store *store.Store
	ctx   context.Context //nolint:containedctx // the life of the program under test
}

type noticeMsg struct{}

func (p *pumped) await() tea.Msg {
	select {
	case <-p.store.Changed():
		return noticeMsg{}
	case <-p.ctx.Done():
		return nil
	}
}

func (p *pumped) Init() tea.Cmd { return tea.Batch(p.Model.Init(), p.await) }

func (p *pumped) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(noticeMsg); ok {
		_, cmd := p.Model.Update(ui.ChangedMsg{})
		return p, tea.Batch(cmd, p.await)
	}
	_, cmd := p.Model.Update(msg)
	return p, cmd
}

// vms is a host with VMs of these names that run, or are off after a "-".
func vms(id backend.ConnID, names ...string) mem.Config {
	cfg := mem.Config{ID: id, Seed: 3}
	for _, n := range names {
		state := backend.PowerOn
		if rest, off := strings.CutPrefix(n, "-"); off {
			n, state = rest, backend.PowerOff
		}
		cfg.Specs = append(cfg.Specs, mem.VMSpec{Name: n, State: state, Agent: true})
	}
	return cfg
}

// state waits until a VM of a host is in a state.
func (w *world) state(h *mem.Hypervisor, name string, want backend.PowerState) {
	w.t.Helper()
	ref := h.VM(name)
	w.eventually(fmt.Sprintf("%s to be %s", name, want), func() bool {
		vm, ok := w.store.Object(ref).(*backend.VM)
		return ok && vm.State == want
	})
}

func (w *world) eventually(what string, cond func() bool) {
	w.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if cond() {
			return
		}
	}
	w.t.Fatalf("waited for %s\n%s", what, w.Text())
}

// row matches the row of a VM: the name, then the word of its state.
func (w *world) row(name, state string) {
	w.t.Helper()
	w.Pane("VMs")
	w.WaitUntil(name+" "+state, func(lines []string) bool {
		for _, l := range lines {
			_, after, ok := strings.Cut(l, " "+name+" ")
			if !ok {
				_, after, ok = strings.Cut(l, "●"+name+" ")
			}
			if ok && strings.HasPrefix(strings.TrimLeft(after, " "), state) {
				return true
			}
		}
		return false
	})
}

// menu opens the menu of a leading key and takes an entry.
func (w *world) menu(lead, title, key string) {
	w.t.Helper()
	w.Press(lead).WaitFor(title).Press(key)
}

// framed waits until the borders stand where they should, and fails when they don't
// come to.
func (w *world) framed() {
	w.t.Helper()
	w.bordered(true)
}

// bordered is framed, without the seam in the middle where a box lies over it.
func (w *world) bordered(seam bool) {
	w.t.Helper()
	why := ""
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if why = w.broken(seam); why == "" {
			return
		}
	}
	w.t.Fatalf("%s:\n%s", why, w.Text())
}

// broken names the first place without the border that belongs there.
func (w *world) broken(middle bool) string {
	width, height := w.Size()
	seam := width - 1
	for x := range width {
		if middle && w.CellAt(x, 1).Text == "╮" {
			seam = x
			break
		}
	}
	for y := 1; y < height; y++ {
		if !strings.Contains("╭│╰", w.CellAt(0, y).Text) {
			break
		}
		for _, x := range []int{seam, width - 1} {
			if !strings.Contains("╮│╯", w.CellAt(x, y).Text) {
				return fmt.Sprintf("no border in row %d, column %d", y, x)
			}
		}
	}
	if w.Title() != "hvdeck" && w.Title() != "" {
		return fmt.Sprintf("foreign text has named the window %q", w.Title())
	}
	return ""
}
