package libvirt

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// noAsker refuses every question.
type noAsker struct{}

func (noAsker) Ask(context.Context, backend.Prompt) (string, error) {
	return "", backend.Refuse(backend.ClassDenied, "ask", "", "nobody can be asked")
}

func dial(t testing.TB, uri string, readOnly bool) backend.Backend {
	t.Helper()
	b, err := tryDial(t, uri, readOnly)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func tryDial(t testing.TB, uri string, readOnly bool) (backend.Backend, error) {
	t.Helper()
	d, err := New(Options{ID: "c", URI: uri, ReadOnly: readOnly})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return d.Dial(ctx, noAsker{})
}

// list gathers the answer to a query.
func list[T backend.Object](t testing.TB, b backend.Backend, q backend.Query) []T {
	t.Helper()
	var all []T
	err := b.List(t.Context(), q, func(page []backend.Object) {
		for _, o := range page {
			all = append(all, o.(T))
		}
	})
	if err != nil {
		t.Fatalf("list %v: %v", q.Kind, err)
	}
	return all
}

func vmNamed(t testing.TB, b backend.Backend, name string) *backend.VM {
	t.Helper()
	for _, vm := range list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM}) {
		if vm.Name == name {
			return vm
		}
	}
	t.Fatalf("no VM %q", name)
	return nil
}

func names[T backend.Object](all []T) []string {
	var n []string
	for _, o := range all {
		n = append(n, o.Title())
	}
	slices.Sort(n)
	return n
}

func do(t testing.TB, b backend.Backend, op backend.Op) (backend.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return b.Do(ctx, op, backend.Progress{})
}

func mustDo(t testing.TB, b backend.Backend, op backend.Op) backend.Result {
	t.Helper()
	r, err := do(t, b, op)
	if err != nil {
		t.Fatalf("%s: %v", op.Title(), err)
	}
	return r
}

// eventually polls until ok or the deadline.
func eventually(t testing.TB, within time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(within); ; {
		if ok() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", within, what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// watcher records deltas.
type watcher struct {
	mu     sync.Mutex
	deltas []backend.Delta
	done   chan error
}

func watch(t testing.TB, b backend.Backend) *watcher {
	t.Helper()
	w := &watcher{done: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		w.done <- b.Watch(ctx, func(d backend.Delta) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.deltas = append(w.deltas, d)
		})
	}()
	t.Cleanup(func() { cancel(); <-finished })
	eventually(t, 10*time.Second, "the watch begins", func() bool { return w.saw(backend.KindNetwork, backend.Ref{}) })
	w.reset()
	return w
}

func (w *watcher) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deltas = nil
}

// saw reports whether a list, or this object of it, was invalidated.
func (w *watcher) saw(k backend.Kind, r backend.Ref) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.deltas {
		inv, ok := d.(backend.Invalidate)
		if ok && inv.Query.Kind == k && (len(inv.Query.Refs) == 0 || slices.Contains(inv.Query.Refs, r)) {
			return true
		}
	}
	return false
}

// told reports whether the log got a line with these words.
func (w *watcher) told(name, words string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.deltas {
		h, ok := d.(backend.Happened)
		if ok && h.Event.Name == name && strings.Contains(h.Event.Text, words) {
			return true
		}
	}
	return false
}

func TestListsWhatVirshLists(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineMany(5)
	l.Virsh("autostart", "m00001")
	b := dial(t, l.URI("qemu"), false)
	vms := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM})
	want := strings.Fields(l.Virsh("list", "--all", "--name"))
	slices.Sort(want)
	if got := names(vms); !slices.Equal(got, want) {
		t.Fatalf("got %q, virsh lists %q", got, want)
	}
	for _, vm := range vms {
		if vm.State != backend.PowerOff || vm.VCPUs != 2 || vm.Memory != 64<<20 || !vm.Persistent || vm.DomainID != -1 {
			t.Errorf("%+v", vm)
		}
		if vm.Autostart != (vm.Name == "m00001") {
			t.Errorf("%s: autostart %v", vm.Name, vm.Autostart)
		}
		if vm.UUID != strings.TrimSpace(l.Virsh("domuuid", vm.Name)) {
			t.Errorf("%s: UUID %s", vm.Name, vm.UUID)
		}
	}
	some := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{
		vms[0].ID, {Conn: "c", Kind: backend.KindVM, ID: "00000000-0000-0000-0000-000000000001"}}})
	if len(some) != 1 || some[0].ID != vms[0].ID {
		t.Errorf("by reference: %q", names(some))
	}
	about := b.About()
	if about.Product != "QEMU" || about.Version == "" || about.HostName == "" || !strings.HasPrefix(about.API, "libvirt ") {
		t.Errorf("about %+v", about)
	}
}

func TestTestDriverPowerAndSnapshots(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("test"), false)
	vm := vmNamed(t, b, "test")
	if vm.State != backend.PowerOn {
		t.Fatalf("state %v", vm.State)
	}
	mustDo(t, b, backend.SuspendOp{VM: vm.ID})
	if got := vmNamed(t, b, "test"); got.State != backend.PowerPaused {
		t.Errorf("state %v", got.State)
	}
	mustDo(t, b, backend.ResumeOp{VM: vm.ID})
	mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "base", Description: "first <&> \"quoted\"\nsecond"})
	r := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "up", Memory: true})
	snaps := list[*backend.Snapshot](t, b, backend.Query{Kind: backend.KindSnapshot, Parent: vm.ID})
	if len(snaps) != 2 || snaps[1].ID != r.Created || snaps[1].Up != snaps[0].ID || !snaps[1].Current || snaps[1].Path != "/base/up" {
		t.Fatalf("snapshots %+v", snaps)
	}
	if snaps[0].Description != "first <&> \"quoted\"\nsecond" || snaps[0].State != backend.PowerOn {
		t.Errorf("base %+v", snaps[0])
	}
	if _, err := do(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "up"}); backend.ClassOf(err) != backend.ClassConflict {
		t.Errorf("a duplicate: %v (%v)", err, backend.ClassOf(err))
	}
	mustDo(t, b, backend.SnapshotRevertOp{VM: vm.ID, Snapshot: snaps[0].ID, After: backend.AfterPause})
	if got := vmNamed(t, b, "test"); got.State != backend.PowerPaused || got.Snapshots != -1 {
		t.Errorf("after the revert: %+v", got)
	}
	mustDo(t, b, backend.SnapshotEditOp{VM: vm.ID, Snapshot: snaps[0].ID, Name: "base", Description: "other"})
	mustDo(t, b, backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: snaps[1].ID})
	snaps = list[*backend.Snapshot](t, b, backend.Query{Kind: backend.KindSnapshot, Parent: vm.ID})
	if len(snaps) != 1 || snaps[0].Description != "other" || !snaps[0].Current {
		t.Fatalf("snapshots %+v", snaps[0])
	}
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	if _, err := do(t, b, backend.PowerOffOp{VM: vm.ID}); backend.ClassOf(err) != backend.ClassConflict {
		t.Errorf("off twice: %v", err)
	}
	mustDo(t, b, backend.PowerOnOp{VM: vm.ID})
}
