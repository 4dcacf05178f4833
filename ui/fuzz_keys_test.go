package ui

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
	"hvdeck/keymap"
	"hvdeck/theme"
)

// typist is the whole program without a terminal, in a time of its own: what is pressed
// is taken at once, and nothing is waited for.
type typist struct {
	t      *testing.T
	m      *Model
	msgs   chan tea.Msg
	ctx    context.Context //nolint:containedctx // the life of the program under test
	quit   bool
	frames map[string]bool // lines with questions that were on the screen
	whole  map[string]int  // lines that were looked at, and on how wide a screen
	typed  strings.Builder // the letters pressed

	mu  sync.Mutex
	ops []sent
}

// sent is an operation that reached a hypervisor, with the name that its target had then.
type sent struct {
	backend.Op
	name string
}

// watched notes the operations that reach a hypervisor, and lets none through that would
// read or write files of this machine or run a command.
type watched struct {
	backend.Backend
	w *typist
}

func (b watched) Unwrap() backend.Backend { return b.Backend }

func (b watched) Caps() backend.Caps {
	caps := b.Backend.Caps()
	can := make(map[backend.Verb]string, len(caps.Can))
	for v, why := range caps.Can {
		if !local(v) {
			can[v] = why
		}
	}
	caps.Can = can
	return caps
}

// local are the verbs that touch the operator's own machine.
func local(v backend.Verb) bool {
	switch v {
	case backend.VerbVolumeUpload, backend.VerbVolumeDownload, backend.VerbScreenshot, backend.VerbOVFImport, backend.VerbOVFExport:
		return true
	default:
		return strings.HasPrefix(string(v), "secret")
	}
}

func (b watched) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	if local(op.Verb()) {
		b.w.t.Errorf("%s was asked for", op.Verb())
		return backend.Result{}, errors.New("not here")
	}
	name := b.w.nameOf(op.Target())
	b.w.mu.Lock()
	b.w.ops = append(b.w.ops, sent{op, name})
	b.w.mu.Unlock()
	return b.Backend.Do(ctx, op, p)
}

type watchedDialer struct {
	backend.Dialer
	w *typist
}

func (d watchedDialer) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	b, err := d.Dialer.Dial(ctx, ask)
	if err != nil {
		return nil, err
	}
	return watched{b, d.w}, nil
}

// typistHost is small, and has one of everything that can be destroyed.
func typistHost() mem.Config {
	return mem.Config{
		ID: "k", Seed: 1, Now: time.Now,
		Specs: []mem.VMSpec{
			{Name: "a1", State: backend.PowerOn, Agent: true, Snapshots: []mem.SnapshotSpec{{Name: "s1", State: backend.PowerOff, Current: true}}},
			{Name: "b2", State: backend.PowerOff},
		},
		Pools:    []mem.PoolSpec{{Name: "p1", Type: "dir", Path: "/p", State: backend.PoolRunning, Capacity: 1 << 40, Files: []string{"f1"}}},
		Networks: []mem.NetworkSpec{{Name: "n1", Bridge: "br0", Forward: "nat", Address: "10.0.0.1/24"}},
	}
}

// sit puts a typist before the program; stop ends all of it.
func sit(t *testing.T) (w *typist, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w = &typist{t: t, msgs: make(chan tea.Msg, 1000), ctx: ctx, frames: make(map[string]bool), whole: make(map[string]int)}
	panicked := func(err error) { t.Errorf("panic: %v", err) }
	st := store.New(time.Now)
	var tasks *task.Runner
	poller := poll.New(ctx, poll.Options{Store: st, Fault: panicked, Foreign: func(rt backend.RemoteTask) { tasks.Foreign(rt) }})
	tasks = task.New(task.Options{
		Backend: poller.Backend, Notify: func() { st.Bump(store.TopicTasks) }, Report: panicked, Check: poller.Settle,
		Audit: func(done task.Task) { poller.Touched(done.Target) },
	})
	h := mem.New(typistHost())
	if err := poller.Add(poll.Endpoint{ID: "k", URI: "mem:///k", Dialer: watchedDialer{h.Dialer(), w}}); err != nil {
		t.Fatal(err)
	}
	m, err := New(Options{
		Store: st, Tasks: tasks, Poller: poller, Dark: true, Fault: panicked,
		Theme: func(dark bool) (*theme.Theme, error) { return theme.Load("", dark, theme.Options{}) },
		Exec: func(_ *exec.Cmd, done tea.ExecCallback) tea.Cmd {
			return func() tea.Msg { return done(errors.New("no editor here")) }
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	m.life, w.m = ctx, m
	return w, func() {
		end, done := context.WithTimeout(context.Background(), time.Minute)
		defer done()
		_ = tasks.Close(end)
		_ = poller.Close(end)
		cancel()
		time.Sleep(time.Hour) // until the last timer has gone off
	}
}

// run carries out a command as Bubble Tea does.
func (w *typist) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		msg := cmd()
		if list := reflect.ValueOf(msg); list.Kind() == reflect.Slice && list.Type().Elem() == reflect.TypeFor[tea.Cmd]() {
			for i := range list.Len() {
				w.run(list.Index(i).Interface().(tea.Cmd))
			}
			return
		}
		select {
		case w.msgs <- msg:
		case <-w.ctx.Done():
		}
	}()
}

// take gives the program a message, and all that follows of it at once.
func (w *typist) take(msg tea.Msg) {
	w.run(w.m.Update(msg))
	for range 200 {
		synctest.Wait()
		select {
		case next := <-w.msgs:
			switch next.(type) {
			case nil:
			case tea.QuitMsg:
				w.quit = true
			default:
				w.run(w.m.Update(next))
			}
			continue
		case <-w.m.store.Changed():
			w.run(w.m.Update(ChangedMsg{}))
			continue
		default:
			return
		}
	}
}

// styles are the only sequences that a frame may have.
var styles = regexp.MustCompile(`\x1b\[[0-9;:]*m`) //nolint:gochecknoglobals // a pattern

// look draws the screen and holds it to its size.
func (w *typist) look() {
	w.t.Helper()
	lines := strings.Split(w.m.view().Content, "\n")
	if w.m.h > 0 && len(lines) != w.m.h {
		w.t.Errorf("%d lines on %d", len(lines), w.m.h)
	}
	for y, l := range lines {
		if w.whole[l] == w.m.w {
			continue // it was looked at before
		}
		w.whole[l] = w.m.w
		plain := styles.ReplaceAllString(l, "")
		if strings.ContainsFunc(plain, unicode.IsControl) {
			w.t.Errorf("line %d has a control character: %q", y, plain)
		}
		if n := ansi.StringWidth(plain); n != w.m.w {
			w.t.Errorf("line %d of a %dx%d frame is %d wide: %q", y, w.m.w, w.m.h, n, plain)
		}
		if at := strings.Index(plain, "?"); at > 0 {
			w.frames[plain] = true
		}
	}
}

// press takes one thing that came from the terminal.
func (w *typist) press(e uv.Event) {
	w.t.Helper()
	switch e := e.(type) {
	case uv.KeyPressEvent:
		w.typed.WriteString(e.Text)
		w.take(tea.KeyPressMsg(e))
	case uv.PasteEvent:
		w.typed.WriteString(e.Content)
		w.take(tea.PasteMsg(e))
	case uv.MouseClickEvent:
		w.take(tea.MouseClickMsg(e))
	case uv.MouseWheelEvent:
		w.take(tea.MouseWheelMsg(e))
	case uv.BackgroundColorEvent:
		w.take(tea.BackgroundColorMsg(e))
	case uv.WindowSizeEvent:
		w.take(tea.WindowSizeMsg{Width: min(max(e.Width, 1), 250), Height: min(max(e.Height, 1), 80)})
	case uv.MultiEvent:
		for _, one := range e {
			w.press(one)
		}
	default:
		w.take(e)
	}
}

// unasked says which operation went out without what has to come before it: its question
// on the screen, and its target's name typed where that can't be undone; "" for none.
func (w *typist) unasked() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, op := range w.ops {
		risk, titles := w.riskOf(op.Verb())
		if risk == keymap.Safe {
			continue
		}
		if !w.seen(titles) {
			return fmt.Sprintf("%s was done, and none of %q was asked", op.Verb(), titles)
		}
		if risk == keymap.Irreversible && !inOrder(op.name, w.typed.String()) {
			return fmt.Sprintf("%s of %s was done, and its name was not typed: %q", op.Verb(), op.name, w.typed.String())
		}
	}
	return ""
}

// seen reports whether one of these questions was on the screen.
func (w *typist) seen(titles []string) bool {
	for line := range w.frames {
		for _, title := range titles {
			if strings.Contains(line, title+":") {
				return true
			}
		}
	}
	return false
}

// riskOf is the least risk of the actions that need a verb, and their titles.
func (w *typist) riskOf(v backend.Verb) (risk keymap.Risk, titles []string) {
	risk = keymap.Irreversible
	for _, a := range w.m.reg.All() {
		if a.Op == nil || a.Needs != v {
			continue
		}
		titles = append(titles, strings.TrimSuffix(a.Title, "…"))
		if a.RiskOf != nil {
			return keymap.Safe, nil
		}
		risk = min(risk, a.Risk)
	}
	if titles == nil {
		return keymap.Safe, nil
	}
	return risk, titles
}

func (w *typist) nameOf(r backend.Ref) string {
	if o := w.m.store.Object(r); o != nil {
		return o.Title()
	}
	return ""
}

// inOrder reports whether the letters of name were typed, one after the other.
func inOrder(name, typed string) bool {
	for _, r := range name {
		at := strings.IndexRune(typed, r)
		if at < 0 {
			return false
		}
		typed = typed[at+len(string(r)):]
	}
	return true
}

// mostPressed bounds an input, bytes: what matters happens within some dozens of keys.
const mostPressed = 48

// FuzzKeys: whatever comes from a terminal, the program goes on, each frame is whole, and
// nothing that destroys is done without its question.
func FuzzKeys(f *testing.F) {
	for _, keys := range []string{
		"jjk\r\x1b1234567890[]{}+-_w", "pf\x1by", "pfy", "pr\rq", "s\x1bn\rx\r", "md\x1ba1\r", "2mda1\r", "4\r  jvdf1\r", "4]vx\x1bvd", "3sts1\r", "/a1\r\x1b", ":power\r\x1b", "?\x1bi\x1bt\x1b\x05",
		"*p\x1b ", "\x1b[<0;10;10M\x1b[<64;10;10M\x1b[<0;10;10m", "\x1b[200~paste\x0d\x1b[201~", "\x1b[97;5u\x1b[27u\x1bOA\x1b[1;5C", "c\x1b\x1d", "ea\x1b", "n\r\r\r", "dd\x1bDD\x1b",
		"\x0cpf\ty\x1b", "\x1b[8;24;80tjjpf\x1b[8;5;20tq\x1b[8;40;120t", "\x12\x03n\x1b", "\xff\xfe\x9b1m日本", "s\x1bdy", "q\x1bQ",
	} {
		f.Add([]byte(keys))
	}
	f.Setenv("PATH", "")
	f.Setenv("XDG_RUNTIME_DIR", f.TempDir())
	f.Fuzz(func(t *testing.T, keys []byte) {
		if len(keys) > mostPressed {
			return
		}
		began := time.Now()
		synctest.Test(t, func(t *testing.T) { typeAll(t, keys) })
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// typeAll has all of it typed at a program of its own.
func typeAll(t *testing.T, keys []byte) {
	t.Helper()
	w, stop := sit(t)
	defer stop()
	w.typeKeys(keys)
	if why := w.unasked(); why != "" {
		t.Error(why)
	}
	if t.Failed() {
		t.Log(ansi.Strip(w.m.view().Content))
	}
}

// typeKeys types with 30 ms between the keys, half a second now and then, and looks after
// each.
func (w *typist) typeKeys(keys []byte) {
	w.t.Helper()
	w.take(tea.WindowSizeMsg{Width: 90, Height: 26})
	w.run(w.m.Init())
	time.Sleep(300 * time.Millisecond)
	w.take(ChangedMsg{})
	w.look()
	var decoder uv.EventDecoder
	for i := 1; len(keys) > 0 && !w.quit; i++ {
		n, event := decoder.Decode(keys)
		if n <= 0 {
			break
		}
		keys = keys[n:]
		if event != nil {
			w.press(event)
		}
		w.look()
		pause := 30 * time.Millisecond
		if i%4 == 0 {
			pause = 500 * time.Millisecond // boxes that open by themselves take keys then
		}
		time.Sleep(pause)
		w.take(tickMsg{})
	}
	time.Sleep(time.Second)
	w.take(ChangedMsg{})
	w.look()
}

// TestTypistDestroys: what the fuzzer looks for does happen, and it would see it: with the
// question answered an operation goes out, and without its question it is a finding.
func TestTypistDestroys(t *testing.T) {
	cases := []struct {
		keys string
		verb backend.Verb
		risk keymap.Risk
	}{
		{"pfy", backend.VerbPowerOff, keymap.Disruptive},
		{"pf\r", "", keymap.Safe}, // Cancel has the focus
		{"pfn", "", keymap.Safe},
		{"4\r  jvdf1\r", backend.VerbVolumeDelete, keymap.Irreversible},
		{"4\r  jvdf2\r", "", keymap.Safe},
	}
	for _, c := range cases {
		t.Run(c.keys, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, stop := sit(t)
				defer stop()
				w.typeKeys([]byte(c.keys))
				switch {
				case c.verb == "" && len(w.ops) > 0:
					t.Errorf("done: %v", w.ops[0].Verb())
				case c.verb == "":
					return
				case len(w.ops) != 1 || w.ops[0].Verb() != c.verb:
					t.Fatalf("done: %v\n%s", w.ops, ansi.Strip(w.m.view().Content))
				}
				if risk, _ := w.riskOf(c.verb); risk != c.risk {
					t.Errorf("its risk is %v", risk)
				}
				if why := w.unasked(); why != "" {
					t.Error(why)
				}
				typed := w.typed.String()
				w.typed.Reset()
				if c.risk == keymap.Irreversible && w.unasked() == "" {
					t.Error("it would not be noticed that no name was typed")
				}
				w.typed.WriteString(typed)
				clear(w.frames)
				if w.unasked() == "" {
					t.Error("it would not be noticed without a question")
				}
			})
		})
	}
}
