package vsphere_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// first connects to a small vCenter and finds its first VM.
func first(t *testing.T, o vcsim.Options) (*vcsim.Server, backend.Backend, *backend.VM) {
	t.Helper()
	s := sim(t, o)
	b := dial(t, vsphere.Options{URL: s.URL()})
	return s, b, list(t, b, backend.Query{Kind: backend.KindVM})[0].(*backend.VM)
}

func again(t *testing.T, b backend.Backend, r backend.Ref) *backend.VM {
	t.Helper()
	return list(t, b, backend.Query{Kind: r.Kind, Refs: []backend.Ref{r}})[0].(*backend.VM)
}

func TestPower(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1})
	for _, step := range []struct {
		op    backend.Op
		state backend.PowerState
		class backend.Class
		says  string
	}{
		{backend.PowerOnOp{VM: vm.ID}, backend.PowerOn, backend.ClassConflict, "it is powered on already"},
		{backend.ResumeOp{VM: vm.ID}, backend.PowerOn, backend.ClassConflict, "it has to be suspended"},
		{backend.RebootOp{VM: vm.ID}, backend.PowerOn, backend.ClassConflict, "VMware Tools are not running"},
		{backend.ResetOp{VM: vm.ID}, backend.PowerOn, 0, ""},
		{backend.SuspendOp{VM: vm.ID}, backend.PowerSuspended, 0, ""},
		{backend.ResumeOp{VM: vm.ID}, backend.PowerOn, 0, ""},
		{backend.PowerOffOp{VM: vm.ID}, backend.PowerOff, 0, ""},
		{backend.PowerOffOp{VM: vm.ID}, backend.PowerOff, backend.ClassConflict, "it is powered off already"},
		{backend.SuspendOp{VM: vm.ID}, backend.PowerOff, backend.ClassConflict, "it is powered off; it has to be suspended"},
		{backend.ShutdownOp{VM: vm.ID}, backend.PowerOff, backend.ClassConflict, "powered off"},
		{backend.PowerOnOp{VM: vm.ID}, backend.PowerOn, 0, ""},
		{backend.ShutdownOp{VM: vm.ID}, backend.PowerOff, 0, ""},
	} {
		_, err := do(t, b, step.op)
		if (err == nil) != (step.says == "") || err != nil && (backend.ClassOf(err) != step.class || !strings.Contains(err.Error(), step.says)) {
			t.Errorf("%s: %v (%v)", step.op.Title(), err, backend.ClassOf(err))
		}
		if got := again(t, b, vm.ID).State; got != step.state {
			t.Errorf("after %s: %v, want %v", step.op.Title(), got, step.state)
		}
	}
}

func TestPowerOnAtAChosenHost(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	var other backend.Ref
	for _, h := range list(t, b, backend.Query{Kind: backend.KindHost}) {
		if h.Ref() != vm.Host {
			other = h.Ref()
		}
	}
	mustDo(t, b, backend.PowerOnOp{VM: vm.ID, Host: other})
	if got := again(t, b, vm.ID).Host; got != other {
		t.Errorf("it runs on %v, want %v", got, other)
	}
}

func snapshots(t *testing.T, b backend.Backend, vm backend.Ref) map[string]*backend.Snapshot {
	t.Helper()
	byPath := make(map[string]*backend.Snapshot)
	for _, o := range list(t, b, backend.Query{Kind: backend.KindSnapshot, Parent: vm}) {
		s := o.(*backend.Snapshot)
		byPath[s.Path] = s
	}
	return byPath
}

func TestSnapshots(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1})
	base := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "base", Description: "one\ntwo"}).Created
	mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "updated", Memory: true})
	mustDo(t, b, backend.SnapshotRevertOp{VM: vm.ID, Snapshot: base})
	if got := again(t, b, vm.ID).State; got != backend.PowerOff {
		t.Errorf("after the revert: %v", got)
	}
	mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "updated"})
	all := snapshots(t, b, vm.ID)
	for path, want := range map[string]struct {
		state   backend.PowerState
		current bool
	}{
		"/base":            {backend.PowerOff, false},
		"/base/updated":    {backend.PowerOn, false},
		"/base/updated[1]": {backend.PowerOff, true},
	} {
		s := all[path]
		if s == nil {
			t.Fatalf("no %s in %v", path, all)
		}
		if s.State != want.state || s.Current != want.current || s.Storage != backend.StorageExternal || s.Size == 0 || s.Created.IsZero() || s.Owner() != vm.ID {
			t.Errorf("%s: %+v", path, s)
		}
	}
	if all["/base"].Description != "one\ntwo" || all["/base/updated"].Up != base {
		t.Errorf("base: %+v", all["/base"])
	}
	mustDo(t, b, backend.SnapshotEditOp{VM: vm.ID, Snapshot: base, Name: "a b", Description: "changed"})
	mustDo(t, b, backend.SnapshotRevertOp{VM: vm.ID})
	mustDo(t, b, backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: all["/base/updated"].ID})
	if left := snapshots(t, b, vm.ID); len(left) != 2 || left["/a b"] == nil || left["/a b"].Description != "changed" {
		t.Errorf("left: %v", left)
	}
	_, err := do(t, b, backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: all["/base/updated"].ID})
	if backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("deleted twice: %v", err)
	}
	mustDo(t, b, backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: base, Children: true})
	if left := snapshots(t, b, vm.ID); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	_, err = do(t, b, backend.SnapshotRevertOp{VM: vm.ID})
	if backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("revert without a snapshot: %v", err)
	}
	for _, bad := range []string{"", strings.Repeat("x", 81), "a/b", "\x1b[2J"} {
		if _, err := do(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: bad}); backend.ClassOf(err) != backend.ClassInvalid {
			t.Errorf("name %q: %v", bad, err)
		}
	}
}

func TestWhatVSphereCannotDo(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1})
	for _, op := range []backend.Op{
		backend.SnapshotCreateOp{VM: vm.ID, Name: "x", DiskOnly: true},
		backend.SnapshotRevertOp{VM: vm.ID, After: backend.AfterPause},
		backend.SnapshotDeleteOp{VM: vm.ID, MetadataOnly: true},
	} {
		if _, err := do(t, b, op); backend.ClassOf(err) != backend.ClassUnsupported || b.Caps().Why(op.Verb()) == "" {
			t.Errorf("%s: %v", op.Verb(), err)
		}
	}
	_, err := do(t, b, backend.PowerOffOp{VM: backend.Ref{Conn: conn, Kind: backend.KindVM, ID: "vm-gone"}})
	if backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("a VM that is gone: %v", err)
	}
}

func TestReadOnlyRefusesAll(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL(), ReadOnly: true})
	vm := list(t, b, backend.Query{Kind: backend.KindVM})[0]
	if _, err := do(t, b, backend.PowerOffOp{VM: vm.Ref()}); backend.ClassOf(err) != backend.ClassDenied || !b.Caps().ReadOnly {
		t.Errorf("%v", err)
	}
}

func TestProgressAndCancel(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, TaskTime: 2 * time.Second})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var remote string
	seen := 0
	_, err := b.Do(ctx, backend.SnapshotCreateOp{VM: vm.ID, Name: "never"}, backend.Progress{
		Remote: func(key string) { remote = key },
		Percent: func(p int) {
			if seen++; p >= 20 {
				cancel()
			}
		},
	})
	if backend.ClassOf(err) != backend.ClassCancelled || remote == "" || seen == 0 {
		t.Errorf("%v, remote %q, %d reports", err, remote, seen)
	}
	if n := len(snapshots(t, b, vm.ID)); n != 0 {
		t.Errorf("%d snapshots after the cancel", n)
	}
}

func TestFaultsInWords(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	for _, c := range []struct {
		fault types.BaseMethodFault
		class backend.Class
		says  string
	}{
		{&types.NoPermission{PrivilegeId: "VirtualMachine.Interact.PowerOff"}, backend.ClassDenied, "privilege"},
		{&types.ResourceInUse{}, backend.ClassBusy, ""},
		{&types.InvalidState{}, backend.ClassConflict, "state"},
	} {
		s.Refuse(vcsim.Refusal{Method: "PowerOffVM_Task", Fault: c.fault, Message: "the server's own words", Count: 1})
		_, err := do(t, b, backend.PowerOffOp{VM: vm.ID})
		if backend.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "the server's own words") {
			t.Errorf("fault %T: %v (%v)", c.fault, err, backend.ClassOf(err))
		}
	}
}

func TestSessionEndsBeforeAnOperation(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	s.Refuse(vcsim.Refusal{Method: "PowerOffVM_Task", Fault: &types.NotAuthenticated{}, Count: 1})
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	if got := again(t, b, vm.ID).State; got != backend.PowerOff {
		t.Errorf("it is %v", got)
	}
}

func TestHostileNamesPassThrough(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	for _, name := range []string{"\u202eevil\u200d", strings.Repeat("x", 10000), "a%2fb", "tab\tnew\nline"} {
		obj := s.Model().Map().Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: vm.ID.ID})
		s.Model().Map().AtomicUpdate(s.Model().Service.Context, obj, []types.PropertyChange{{Name: "name", Val: name}})
		want := strings.ReplaceAll(name, "%2f", "/")
		if got := again(t, b, vm.ID).Name; got != want {
			t.Errorf("%.20q: %.20q", name, got)
		}
	}
}
