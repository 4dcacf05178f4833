package poll_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
)

func quick() poll.Intervals {
	return poll.Intervals{Stats: 20 * time.Millisecond, Lists: 20 * time.Millisecond, Hidden: 50 * time.Millisecond, Focus: 20 * time.Millisecond, Detail: 20 * time.Millisecond}
}

type rig struct {
	t *testing.T
	s *store.Store
	p *poll.Poller
}

func newRig(t *testing.T, o poll.Options) *rig {
	t.Helper()
	r := &rig{t: t, s: store.New(time.Now)}
	o.Store = r.s
	o.Fault = func(err error) { t.Errorf("panic: %v", err) }
	if o.Intervals == (poll.Intervals{}) {
		o.Intervals = quick()
	}
	r.p = poll.New(context.Background(), o)
	t.Cleanup(r.close)
	return r
}

func (r *rig) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := r.p.Close(ctx); err != nil {
		r.t.Errorf("close: %v", err)
	}
}

func (r *rig) add(cfg mem.Config) *mem.Hypervisor {
	r.t.Helper()
	h := mem.New(cfg)
	r.t.Cleanup(h.Thaw) // runs before close
	if err := r.p.Add(poll.Endpoint{ID: cfg.ID, Dialer: h.Dialer()}); err != nil {
		r.t.Fatal(err)
	}
	return h
}

func (r *rig) eventually(what string, cond func() bool) {
	r.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if cond() {
			return
		}
	}
	c := r.s.Conns()
	r.t.Fatalf("waited for %s; connections %+v", what, c)
}

func (r *rig) phase(id backend.ConnID, want store.Phase) {
	r.t.Helper()
	r.eventually(string(id)+" to be "+want.String(), func() bool {
		c, ok := r.s.Conn(id)
		return ok && c.Phase == want
	})
}

func two(id backend.ConnID) mem.Config {
	return mem.Config{ID: id, Specs: []mem.VMSpec{{Name: "a", State: backend.PowerOn}, {Name: "b", State: backend.PowerOff}}}
}

func TestConnectsAndFillsTheStore(t *testing.T) {
	r := newRig(t, poll.Options{})
	r.add(two("k"))
	r.phase("k", store.Ready)
	r.eventually("VMs, pools and networks", func() bool {
		return r.s.Count(backend.KindVM) == 2 && r.s.Count(backend.KindPool) == 1 && r.s.Count(backend.KindNetwork) == 1 && r.s.Count(backend.KindHost) == 1
	})
	if err := r.p.Add(poll.Endpoint{ID: "k"}); err == nil || !strings.Contains(err.Error(), `"k"`) {
		t.Errorf("a second connection of the same name: %v", err)
	}
	if b, err := r.p.Backend("k"); err != nil || b == nil {
		t.Errorf("backend: %v", err)
	}
	if _, err := r.p.Backend("none"); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("a connection that is not there: %v", err)
	}
}

func TestRedialsAfterADrop(t *testing.T) {
	r := newRig(t, poll.Options{})
	h := r.add(two("k"))
	r.phase("k", store.Ready)
	r.eventually("the VMs", func() bool { return r.s.Count(backend.KindVM) == 2 })
	h.Refuse(errors.New("connection refused"))
	h.Drop()
	r.phase("k", store.Stale)
	if r.s.Count(backend.KindVM) != 2 {
		t.Error("what was known is gone")
	}
	if _, err := r.p.Backend("k"); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("backend of a lost connection: %v", err)
	}
	r.eventually("two more attempts", func() bool { c, _ := r.s.Conn("k"); return c.Attempt >= 2 && !c.NextTry.IsZero() })
	h.RemoveVM(h.VM("b"))
	h.Refuse(nil)
	r.phase("k", store.Ready)
	r.eventually("the change meanwhile", func() bool { return r.s.Count(backend.KindVM) == 1 })
	if c, _ := r.s.Conn("k"); c.Err != "" || !c.NextTry.IsZero() {
		t.Errorf("an old complaint is left: %+v", c)
	}
}

func TestBacksOff(t *testing.T) {
	r := newRig(t, poll.Options{})
	h := mem.New(two("k"))
	h.Refuse(errors.New("connection refused"))
	if err := r.p.Add(poll.Endpoint{ID: "k", Dialer: h.Dialer()}); err != nil {
		t.Fatal(err)
	}
	r.phase("k", store.Failed)
	var pause time.Duration
	r.eventually("the pause to grow", func() bool {
		c, _ := r.s.Conn("k")
		if c.NextTry.IsZero() {
			return false
		}
		now := time.Until(c.NextTry)
		grown := pause != 0 && now > pause+200*time.Millisecond
		if pause == 0 {
			pause = now
		}
		return grown
	})
	if n := h.Calls(mem.CallDial); n > 4 {
		t.Errorf("%d attempts in the first seconds", n)
	}
	failed, _ := r.s.Conn("k")
	due := failed.NextTry
	h.Refuse(nil)
	r.p.Redial("k") // does not sit out the pause
	r.phase("k", store.Ready)
	if !time.Now().Before(due) {
		t.Error("a redial sat out the pause")
	}
}

func TestDeniedWaitsForTheOperator(t *testing.T) {
	r := newRig(t, poll.Options{})
	h := mem.New(two("k"))
	h.Refuse(&backend.Error{Class: backend.ClassDenied, Doing: "connect to", Object: "k", Message: "wrong password", Remedy: "try another"})
	if err := r.p.Add(poll.Endpoint{ID: "k", Dialer: h.Dialer()}); err != nil {
		t.Fatal(err)
	}
	r.phase("k", store.Denied)
	c, _ := r.s.Conn("k")
	if !c.NextTry.IsZero() || c.Remedy != "try another" || !strings.Contains(c.Err, "wrong password") {
		t.Errorf("%+v", c)
	}
	h.Refuse(nil)
	time.Sleep(1500 * time.Millisecond) // longer than the first pause: nothing must happen
	if h.Calls(mem.CallDial) != 1 {
		t.Errorf("%d attempts without the operator", h.Calls(mem.CallDial))
	}
	r.p.Redial("")
	r.phase("k", store.Ready)
}

func TestOneThatHangsHoldsUpNoOther(t *testing.T) {
	r := newRig(t, poll.Options{})
	slow := two("slow")
	slow.CallTime = 3 * time.Second
	h := r.add(slow)
	other := r.add(two("other"))
	r.phase("slow", store.Ready)
	r.phase("other", store.Ready)
	r.p.SetInterest(poll.Interest{AllLoads: true}) // something is asked of it
	h.Freeze()
	ref := other.AddVM(mem.VMSpec{Name: "new"})
	began := time.Now()
	r.eventually("the new VM of the other", func() bool { return r.s.Object(ref) != nil })
	if took := time.Since(began); took >= slow.CallTime {
		t.Errorf("took %v", took)
	}
	r.phase("slow", store.Stale)
	h.Thaw()
	r.phase("slow", store.Ready)
}

// counting notes the lists that are asked for.
type counting struct {
	backend.Dialer
	mu    sync.Mutex
	asked []backend.Query
}

func (c *counting) Dial(ctx context.Context, ask backend.Asker) (backend.Backend, error) {
	b, err := c.Dialer.Dial(ctx, ask)
	if err != nil {
		return nil, err
	}
	return &counted{b, c}, nil
}

type counted struct {
	backend.Backend
	c *counting
}

func (b *counted) Unwrap() backend.Backend { return b.Backend }

func (b *counted) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	b.c.mu.Lock()
	b.c.asked = append(b.c.asked, q)
	b.c.mu.Unlock()
	return b.Backend.List(ctx, q, emit)
}

// Watch tells of every VM and of all children at once, as a driver does at the start.
func (b *counted) Watch(ctx context.Context, emit func(backend.Delta)) error {
	for _, k := range []backend.Kind{backend.KindSnapshot, backend.KindVolume} {
		emit(backend.Invalidate{Query: backend.Query{Kind: k}})
	}
	return b.Backend.Watch(ctx, emit)
}

func TestNobodyAsksForAllChildren(t *testing.T) {
	r := newRig(t, poll.Options{})
	h := mem.New(two("k"))
	d := &counting{Dialer: h.Dialer()}
	if err := r.p.Add(poll.Endpoint{ID: "k", Dialer: d}); err != nil {
		t.Fatal(err)
	}
	r.phase("k", store.Ready)
	vm := h.VM("a")
	h.AddSnapshot(vm, mem.SnapshotSpec{Name: "base"})
	r.p.SetInterest(poll.Interest{Children: []backend.Query{{Kind: backend.KindSnapshot, Parent: vm}}})
	r.eventually("the snapshots in sight", func() bool { s, _ := r.s.Children(backend.KindSnapshot, vm); return len(s) == 1 })
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range d.asked {
		if (q.Kind == backend.KindSnapshot || q.Kind == backend.KindVolume) && q.Parent.IsZero() {
			t.Errorf("asked for %v", q)
		}
	}
}

// Nothing is asked before the VMs: their first rows are what an operator waits for.
func TestTheVMsAreListedFirst(t *testing.T) {
	r := newRig(t, poll.Options{})
	d := &counting{Dialer: &halfHung{Dialer: mem.New(two("k")).Dialer(), unwatch: true}}
	if err := r.p.Add(poll.Endpoint{ID: "k", Dialer: d}); err != nil {
		t.Fatal(err)
	}
	r.eventually("the VMs", func() bool { return r.s.Count(backend.KindVM) > 0 })
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.asked) == 0 || d.asked[0].Kind != backend.KindVM {
		t.Errorf("asked for %v", d.asked)
	}
}

func TestTouchedLooksAgain(t *testing.T) {
	r := newRig(t, poll.Options{Intervals: poll.Intervals{Stats: time.Hour, Lists: time.Hour, Hidden: time.Hour, Focus: time.Hour, Detail: time.Hour}})
	h := r.add(two("k"))
	r.phase("k", store.Ready)
	vm := h.VM("a")
	r.p.SetInterest(poll.Interest{Children: []backend.Query{{Kind: backend.KindSnapshot, Parent: vm}}, Details: []backend.Ref{vm}})
	r.eventually("the details", func() bool { return r.s.Detail(vm) != nil })
	h.AddSnapshot(vm, mem.SnapshotSpec{Name: "base"})
	r.p.Touched(vm)
	r.eventually("the snapshot", func() bool { s, _ := r.s.Children(backend.KindSnapshot, vm); return len(s) == 1 })
}

func TestCloseEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	s := store.New(time.Now)
	p := poll.New(context.Background(), poll.Options{Store: s, Intervals: quick()})
	var hosts []*mem.Hypervisor
	for _, id := range []backend.ConnID{"a", "b", "c", "refused"} {
		h := mem.New(two(id))
		if id == "refused" {
			h.Refuse(errors.New("no"))
		}
		hosts = append(hosts, h)
		if err := p.Add(poll.Endpoint{ID: id, Dialer: h.Dialer()}); err != nil {
			t.Fatal(err)
		}
	}
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end) && s.Count(backend.KindVM) < 6; {
		time.Sleep(2 * time.Millisecond)
	}
	hosts[1].Freeze() // the way out does not wait for it
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.Close(ctx); err != nil {
		t.Fatal(err)
	}
	for i, h := range hosts {
		if h.Open() != 0 {
			t.Errorf("host %d: %d connections are open", i, h.Open())
		}
	}
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before {
		buf := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before:\n%s", n, before, buf[:runtime.Stack(buf, true)])
	}
}
