package mem_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

func list(t *testing.T, b backend.Backend, q backend.Query) []backend.Object {
	t.Helper()
	var all []backend.Object
	if err := b.List(t.Context(), q, func(page []backend.Object) { all = append(all, page...) }); err != nil {
		t.Fatal(err)
	}
	return all
}

func do(t *testing.T, b backend.Backend, op backend.Op) {
	t.Helper()
	if _, err := b.Do(t.Context(), op, backend.Progress{}); err != nil {
		t.Fatal(err)
	}
}

func TestSameSeedSameInventory(t *testing.T) {
	cfg := mem.Config{ID: "a", Seed: 3, VMs: 200, Hosts: 3}
	one, two := dial(t, mem.New(cfg)), dial(t, mem.New(cfg))
	cfg.Seed = 4
	other := dial(t, mem.New(cfg))
	for _, k := range one.Caps().Kinds {
		q := backend.Query{Kind: k}
		if a, b := list(t, one, q), list(t, two, q); !reflect.DeepEqual(a, b) {
			t.Errorf("two %s lists of one seed differ", k)
		}
	}
	q := backend.Query{Kind: backend.KindVM}
	if reflect.DeepEqual(list(t, one, q), list(t, other, q)) {
		t.Error("two seeds give one inventory")
	}
	a, errA := one.Stats(t.Context(), nil)
	b, errB := two.Stats(t.Context(), nil)
	if errA != nil || errB != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("load differs at the same time: %v, %v", errA, errB)
	}
}

func TestLoadMovesWithTheClockAlone(t *testing.T) {
	now := mem.Epoch()
	h := mem.New(mem.Config{VMs: 20, Now: func() time.Time { return now }})
	b := dial(t, h)
	first, _ := b.Stats(t.Context(), nil)
	still, _ := b.Stats(t.Context(), nil)
	if len(first) == 0 || !reflect.DeepEqual(first, still) {
		t.Fatal("load moved while the clock stood still")
	}
	now = now.Add(5 * time.Second)
	moved, _ := b.Stats(t.Context(), nil)
	for i, s := range moved {
		if s.CPU == first[i].CPU {
			t.Errorf("CPU of %v stayed at %v", s.Ref, s.CPU)
		}
		if s.CPU < 0 || s.CPU > 100 || s.MemUsed > s.MemTotal {
			t.Errorf("sample out of range: %+v", s)
		}
	}
}

func TestManyVMs(t *testing.T) {
	const n = 10_000
	b := dial(t, mem.New(mem.Config{VMs: n, Hosts: 8}))
	if got := len(list(t, b, backend.Query{Kind: backend.KindVM})); got != n {
		t.Errorf("%d VMs, want %d", got, n)
	}
	names := map[string]bool{}
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVM}) {
		names[o.Title()] = true
	}
	if len(names) != n {
		t.Errorf("%d different names, want %d", len(names), n)
	}
}

func TestDemoIsBelievable(t *testing.T) {
	for _, id := range []backend.ConnID{"kvm01", "kvm02"} {
		b := dial(t, mem.New(mem.Demo(id)))
		if n := len(list(t, b, backend.Query{Kind: backend.KindVM})); n != 12 {
			t.Errorf("%s has %d VMs", id, n)
		}
		if n := len(list(t, b, backend.Query{Kind: backend.KindSnapshot})); n == 0 {
			t.Errorf("%s has no snapshot", id)
		}
		for _, o := range list(t, b, backend.Query{Kind: backend.KindHost}) {
			host := o.(*backend.Host)
			if host.Name != string(id) || host.Active == 0 || host.Active >= host.VMs {
				t.Errorf("host %+v", host)
			}
		}
		for _, o := range list(t, b, backend.Query{Kind: backend.KindPool}) {
			p := o.(*backend.Pool)
			if p.Allocation > p.Capacity || p.Available != p.Capacity-p.Allocation {
				t.Errorf("pool %+v", p)
			}
		}
	}
	h := mem.New(mem.Demo("kvm01"))
	for name, want := range map[string]backend.PowerState{"mail-02": backend.PowerPaused, "ci-runner-3": backend.PowerCrashed, "git-01": backend.PowerOn} {
		vm := list(t, dial(t, h), backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{h.VM(name)}})[0].(*backend.VM)
		if vm.State != want {
			t.Errorf("%s is %s, want %s", name, vm.State, want)
		}
	}
}

// told collects deltas.
type told struct {
	mu     sync.Mutex
	deltas []backend.Delta
}

func (w *told) take(d backend.Delta) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deltas = append(w.deltas, d)
}

// any waits for a delta that fits.
func (w *told) any(t *testing.T, what string, fits func(backend.Delta) bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		w.mu.Lock()
		for _, d := range w.deltas {
			if fits(d) {
				w.mu.Unlock()
				return
			}
		}
		w.mu.Unlock()
	}
	t.Fatalf("no watcher heard of %s", what)
}

func watch(t *testing.T, b backend.Backend) (*told, <-chan error) {
	t.Helper()
	w, ended := &told{}, make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go func() { ended <- b.Watch(ctx, w.take) }()
	w.any(t, "the last kind", func(d backend.Delta) bool {
		r, ok := d.(backend.Replace)
		return ok && r.Query.Kind == backend.KindNetwork
	})
	return w, ended
}

func upserted(name string, fits func(*backend.VM) bool) func(backend.Delta) bool {
	return func(d backend.Delta) bool {
		u, ok := d.(backend.Upsert)
		if !ok {
			return false
		}
		for _, o := range u.Objects {
			if vm, ok := o.(*backend.VM); ok && vm.Name == name && fits(vm) {
				return true
			}
		}
		return false
	}
}

func TestSecondActorIsSeen(t *testing.T) {
	h := mem.New(mem.Config{VMs: 3})
	w, _ := watch(t, dial(t, h))
	r := h.AddVM(mem.VMSpec{Name: "new", State: backend.PowerOff})
	w.any(t, "a new VM", upserted("new", func(vm *backend.VM) bool { return vm.State == backend.PowerOff }))
	h.SetPower(r, backend.PowerCrashed, "panicked")
	w.any(t, "a crash", upserted("new", func(vm *backend.VM) bool { return vm.Reason == "panicked" }))
	h.Rename(r, "renamed")
	w.any(t, "a rename", upserted("renamed", func(vm *backend.VM) bool { return vm.ID == r }))
	s := h.AddSnapshot(r, mem.SnapshotSpec{Name: "base", Current: true})
	w.any(t, "a snapshot", upserted("renamed", func(vm *backend.VM) bool { return vm.Snapshots == 1 && vm.SnapshotRev == 1 }))
	h.RemoveSnapshot(r, s)
	h.Ask(r, &backend.Question{ID: "1", Text: "moved or copied?"})
	w.any(t, "a question", upserted("renamed", func(vm *backend.VM) bool { return vm.Question != nil && vm.Snapshots == 0 }))
	h.RemoveVM(r)
	w.any(t, "a removal", func(d backend.Delta) bool {
		gone, ok := d.(backend.Remove)
		return ok && gone.Refs[0] == r
	})
	h.Task(backend.RemoteTask{Key: "x", Name: "backup", State: backend.TaskRunning})
	w.any(t, "a task", func(d backend.Delta) bool { f, ok := d.(backend.Foreign); return ok && f.Task.Name == "backup" })
}

func TestAnswerEndsTheQuestion(t *testing.T) {
	h := mem.New(mem.Config{VMs: 1})
	b := dial(t, h)
	r := list(t, b, backend.Query{Kind: backend.KindVM})[0].Ref()
	h.Ask(r, &backend.Question{ID: "7", Text: "moved or copied?", Choices: []backend.Choice{{Key: "0", Label: "moved"}}})
	_, err := b.Do(t.Context(), backend.AnswerOp{VM: r, Question: "7", Choice: "9"}, backend.Progress{})
	if backend.ClassOf(err) != backend.ClassInvalid {
		t.Errorf("an answer that is none: %v", err)
	}
	do(t, b, backend.AnswerOp{VM: r, Question: "7", Choice: "0"})
	vm := list(t, b, backend.Query{Kind: backend.KindVM})[0].(*backend.VM)
	if vm.Question != nil || vm.State != backend.PowerOn {
		t.Errorf("after the answer: %+v", vm)
	}
}

func TestOperationReportsAndIsBusy(t *testing.T) {
	step := make(chan struct{})
	h := mem.New(mem.Config{
		Specs: []mem.VMSpec{{Name: "a", State: backend.PowerOff}}, OpTime: time.Second,
		Wait: func(ctx context.Context, _ time.Duration) error {
			select {
			case <-step:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	b := dial(t, h)
	r := h.VM("a")
	percent := make(chan int, 20)
	ended := make(chan error, 1)
	go func() {
		_, err := b.Do(context.Background(), backend.PowerOnOp{VM: r}, backend.Progress{Percent: func(n int) { percent <- n }})
		ended <- err
	}()
	step <- struct{}{}
	if n := <-percent; n != 10 {
		t.Errorf("first progress %d, want 10", n)
	}
	vm := list(t, b, backend.Query{Kind: backend.KindVM})[0].(*backend.VM)
	if vm.Activity != backend.ActivityPoweringOn || vm.State != backend.PowerOff {
		t.Errorf("meanwhile: %s, %q", vm.State, vm.Activity)
	}
	if _, err := b.Do(t.Context(), backend.PowerOnOp{VM: r}, backend.Progress{}); backend.ClassOf(err) != backend.ClassBusy {
		t.Errorf("a second operation: %v", err)
	}
	close(step)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	vm = list(t, b, backend.Query{Kind: backend.KindVM})[0].(*backend.VM)
	if vm.Activity != "" || vm.State != backend.PowerOn || vm.IP == "" || vm.DomainID < 0 || vm.Booted.IsZero() {
		t.Errorf("afterwards: %+v", vm)
	}
}

func TestFreezeHoldsCallsUntilTheirContextEnds(t *testing.T) {
	h := mem.New(mem.Config{VMs: 1})
	b := dial(t, h)
	h.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := b.List(ctx, backend.Query{Kind: backend.KindVM}, func([]backend.Object) { t.Error("a frozen server answered") })
	if backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("list: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := b.Do(ctx, backend.PowerOffOp{VM: h.VM("web-01")}, backend.Progress{}); backend.ClassOf(err) != backend.ClassLost {
		t.Errorf("operation: %v, want outcome unknown", err)
	}
	ended := make(chan error, 1)
	go func() { _, err := b.Stats(context.Background(), nil); ended <- err }()
	h.Thaw()
	if err := <-ended; err != nil {
		t.Errorf("after the thaw: %v", err)
	}
}

func TestFrozenCallFailsWhenTheConnectionGoes(t *testing.T) {
	h := mem.New(mem.Config{VMs: 1})
	b := dial(t, h)
	h.Freeze()
	ended := make(chan error, 1)
	go func() { _, err := b.Stats(context.Background(), nil); ended <- err }()
	for h.Calls(mem.CallStats) == 0 {
		time.Sleep(time.Millisecond)
	}
	h.Drop()
	if err := <-ended; backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("pending call: %v", err)
	}
}

func TestDropEndsWatchersAndNewConnectionsWork(t *testing.T) {
	h := mem.New(mem.Config{VMs: 1})
	b := dial(t, h)
	_, ended := watch(t, b)
	h.Drop()
	if err := <-ended; backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("watch: %v", err)
	}
	if h.Open() != 0 {
		t.Errorf("%d connections left", h.Open())
	}
	if n := len(list(t, dial(t, h), backend.Query{Kind: backend.KindVM})); n != 1 {
		t.Errorf("a new connection lists %d VMs", n)
	}
}

func TestDropInMidOperationLosesTheAnswerOnly(t *testing.T) {
	h := mem.New(mem.Config{Specs: []mem.VMSpec{{Name: "a", State: backend.PowerOn}}, OpTime: time.Hour})
	b := dial(t, h)
	began := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		_, err := b.Do(context.Background(), backend.PowerOffOp{VM: h.VM("a")}, backend.Progress{Remote: func(k string) { began <- k }})
		ended <- err
	}()
	<-began
	h.Drop()
	if err := <-ended; backend.ClassOf(err) != backend.ClassLost {
		t.Errorf("operation: %v, want outcome unknown", err)
	}
	vm := list(t, dial(t, h), backend.Query{Kind: backend.KindVM})[0].(*backend.VM)
	if vm.State != backend.PowerOff {
		t.Errorf("the server left the VM %s", vm.State)
	}
}

func TestFailAndRefuse(t *testing.T) {
	h := mem.New(mem.Config{VMs: 1})
	b := dial(t, h)
	h.Fail(mem.CallStats, backend.Refuse(backend.ClassDenied, "", "", "no"))
	if n := len(list(t, b, backend.Query{Kind: backend.KindVM})); n != 1 {
		t.Error("another call took the error")
	}
	if _, err := b.Stats(t.Context(), nil); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("stats: %v", err)
	}
	if _, err := b.Stats(t.Context(), nil); err != nil {
		t.Errorf("the error came twice: %v", err)
	}
	h.Refuse(errors.New("connection refused"))
	if _, err := h.Dialer().Dial(t.Context(), nil); err == nil || h.Open() != 1 {
		t.Errorf("dial: %v, %d open", err, h.Open())
	}
	h.Refuse(nil)
	dial(t, h)
}

func TestDeafGuestStaysUp(t *testing.T) {
	h := mem.New(mem.Config{Specs: []mem.VMSpec{{Name: "a", State: backend.PowerOn, Deaf: true}}})
	b := dial(t, h)
	do(t, b, backend.ShutdownOp{VM: h.VM("a")})
	if vm := list(t, b, backend.Query{Kind: backend.KindVM})[0].(*backend.VM); vm.State != backend.PowerOn {
		t.Errorf("state %s", vm.State)
	}
}

func BenchmarkNew10k(b *testing.B) {
	for b.Loop() {
		mem.New(mem.Config{VMs: 10_000, Hosts: 8})
	}
}

func BenchmarkList10k(b *testing.B) {
	conn, err := mem.New(mem.Config{VMs: 10_000}).Dialer().Dial(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := conn.List(context.Background(), backend.Query{Kind: backend.KindVM}, func([]backend.Object) {}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStats10k(b *testing.B) {
	conn, err := mem.New(mem.Config{VMs: 10_000}).Dialer().Dial(context.Background(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := conn.Stats(context.Background(), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleHypervisor_Fail() {
	h := mem.New(mem.Config{ID: "kvm01", VMs: 1})
	h.Fail(mem.CallDial, errors.New("connection refused"))
	_, err := h.Dialer().Dial(context.Background(), nil)
	fmt.Println(err)
	// Output: connect to mem:///kvm01: connection refused
}
