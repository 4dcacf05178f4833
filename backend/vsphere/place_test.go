package vsphere_test

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	vimfault "github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// TestMovesAreRealAtTheServer looks with govc at what a move and a clone did.
func TestMovesAreRealAtTheServer(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	v.Govc("datastore.create", "-type", "local", "-name", "second", "-path", t.TempDir(), "DC0_C0_H0", "DC0_C0_H1", "DC0_C0_H2")
	v.Govc("folder.create", "/DC0/vm/moved")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm := named(t, b, backend.KindVM, "DC0_C0_RP0_VM0").(*backend.VM)
	second, host := named(t, b, backend.KindPool, "second").Ref(), elsewhere(t, b, vm)
	moved := backend.Ref{Conn: conn, Kind: backend.KindFolder, ID: strings.TrimPrefix(strings.TrimSpace(v.Govc("find", "-i", "/DC0/vm", "-type", "f", "-name", "moved")), "Folder:")}
	mustDo(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: host, Datastore: second, Folder: moved, Provisioning: "thick"}})
	for path, want := range map[string]string{
		"runtime.host": host.ID, "datastore": second.ID, "parent": moved.ID, "summary.runtime.powerState": "poweredOn",
		"config.files.vmPathName": "[second] DC0_C0_RP0_VM0/DC0_C0_RP0_VM0.vmx",
	} {
		if got := v.Govc("object.collect", "-s", "/DC0/vm/moved/DC0_C0_RP0_VM0", path); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if files := v.Govc("datastore.ls", "-ds", "second", "DC0_C0_RP0_VM0"); !strings.Contains(files, "DC0_C0_RP0_VM0.vmx") {
		t.Errorf("files in the new datastore: %s", files)
	}
	mustDo(t, b, backend.VMCloneOp{VM: vm.ID, Name: "100% \\copy", To: backend.Placement{Datastore: second, Provisioning: "thin"}})
	if got := v.Govc("ls", "/DC0/vm/moved"); !strings.Contains(got, "100%25 %5ccopy") {
		t.Errorf("the clone is not beside the original: %s", got)
	}
	if named(t, b, backend.KindVM, "100% \\copy") == nil {
		t.Error("the clone's name is not what was asked for")
	}
}

func named(t *testing.T, b backend.Backend, k backend.Kind, name string) backend.Object {
	t.Helper()
	for _, o := range list(t, b, backend.Query{Kind: k}) {
		if o.Title() == name {
			return o
		}
	}
	t.Fatalf("there is no %s %s", k, name)
	return nil
}

// elsewhere is another host of the VM's cluster.
func elsewhere(t *testing.T, b backend.Backend, vm *backend.VM) backend.Ref {
	t.Helper()
	for _, o := range list(t, b, backend.Query{Kind: backend.KindHost}) {
		if h := o.(*backend.Host); h.ID != vm.Host && h.Cluster == vm.Cluster && vm.Cluster != "" {
			return h.ID
		}
	}
	t.Fatal("there is no other host")
	return backend.Ref{}
}

// cancelled runs an operation and cancels it when it has come some way.
func cancelled(t *testing.T, b backend.Backend, op backend.Op) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	seen := 0
	_, err := b.Do(ctx, op, backend.Progress{Percent: func(p int) {
		if seen = p; p >= 20 {
			cancel()
		}
	}})
	if backend.ClassOf(err) != backend.ClassCancelled || seen == 0 {
		t.Errorf("%s: %v after %d %%", op.Title(), err, seen)
	}
}

func TestCancelledMovesLeaveTheVMWhereItWas(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1, TaskTime: time.Second})
	cancelled(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: elsewhere(t, b, vm)}})
	if now := again(t, b, vm.ID); now.Host != vm.Host || now.State != vm.State {
		t.Errorf("after the cancel: %s on %s", now.State, now.HostName)
	}
	before := len(list(t, b, backend.Query{Kind: backend.KindVM}))
	cancelled(t, b, backend.VMCloneOp{VM: vm.ID, Name: "half"})
	if after := len(list(t, b, backend.Query{Kind: backend.KindVM})); after != before {
		t.Errorf("%d VMs, had %d", after, before)
	}
	store := list(t, b, backend.Query{Kind: backend.KindPool})[0].Ref()
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVolume, Parent: store}) {
		if strings.Contains(o.Title(), "half") {
			t.Errorf("a cancelled clone left %s", o.Title())
		}
	}
}

// set changes an object behind every client's back.
func set(s *vcsim.Server, kind string, r backend.Ref, changes ...types.PropertyChange) {
	reg := s.Model().Map()
	reg.AtomicUpdate(s.Model().Service.Context, reg.Get(types.ManagedObjectReference{Type: kind, Value: r.ID}), changes)
}

// check asks, and expects one finding with these words, or none.
func check(t *testing.T, b backend.Backend, op backend.Op, want string, severity backend.Severity) {
	t.Helper()
	c, ok := backend.As[backend.Checker](b)
	if !ok {
		t.Fatal("the driver has no Checker")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	found, err := c.Check(ctx, op)
	if err != nil {
		t.Fatalf("check %s: %v", op.Title(), err)
	}
	if want == "" {
		if len(found) != 0 {
			t.Errorf("check %s: %+v, want nothing", op.Title(), found)
		}
		return
	}
	if len(found) != 1 || !strings.Contains(found[0].Text, want) || found[0].Severity != severity {
		t.Errorf("check %s: %+v, want %q", op.Title(), found, want)
	}
}

func TestChecksTellWhatTheOperationWouldFailWith(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	to := elsewhere(t, b, vm)
	move := backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: to}}
	clone := backend.VMCloneOp{VM: vm.ID, Name: "copy", To: backend.Placement{Host: to}}
	start := backend.PowerOnOp{VM: vm.ID, Host: to}
	for _, op := range []backend.Op{move, clone, start, backend.PowerOnOp{VM: vm.ID}, backend.PowerOffOp{VM: vm.ID}} {
		check(t, b, op, "", 0)
	}
	check(t, b, backend.VMCloneOp{VM: vm.ID, Name: vm.Name}, "is taken", backend.SeverityError)
	_, err := do(t, b, backend.VMCloneOp{VM: vm.ID, Name: vm.Name})
	var e *backend.Error
	if !errors.As(err, &e) || e.Class != backend.ClassConflict || e.Remedy != "choose another name" {
		t.Errorf("a name that is taken: %+v", e)
	}
	check(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Folder: vm.FolderRef}}, "", 0)

	set(s, "HostSystem", to, types.PropertyChange{Name: "runtime.inMaintenanceMode", Val: true})
	for _, op := range []backend.Op{move, clone, start} {
		check(t, b, op, "maintenance mode", backend.SeverityError)
		if _, err := do(t, b, op); backend.ClassOf(err) != backend.ClassConflict && op.Title() != start.Title() {
			t.Errorf("%s: %v", op.Title(), err)
		}
	}
	set(s, "HostSystem", to, types.PropertyChange{Name: "runtime.inMaintenanceMode", Val: false},
		types.PropertyChange{Name: "runtime.connectionState", Val: types.HostSystemConnectionStateDisconnected})
	for _, op := range []backend.Op{move, clone, start} {
		check(t, b, op, "the host is not connected", backend.SeverityError)
	}
	if now := again(t, b, vm.ID); now.Host != vm.Host {
		t.Errorf("it is on %s", now.HostName)
	}
}

// addStore makes a datastore of these hosts, which share it; of all hosts without one.
func addStore(t *testing.T, s *vcsim.Server, name string, hosts ...string) {
	t.Helper()
	vc, err := govmomi.NewClient(t.Context(), must(url.Parse(s.URL())), true)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, e := range s.Model().Map().All("HostSystem") {
		h := e.(*simulator.HostSystem)
		if len(hosts) > 0 && !slices.Contains(hosts, h.Name) {
			continue
		}
		_, err := methods.CreateLocalDatastore(t.Context(), vc, &types.CreateLocalDatastore{This: *h.ConfigManager.DatastoreSystem, Name: name, Path: dir})
		if err != nil && !vimfault.Is(err, &types.DuplicateName{}) {
			t.Fatal(err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestChecksOfDatastores(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	addStore(t, s, "second")
	addStore(t, s, "lonely", "DC0_H0")
	b := dial(t, vsphere.Options{URL: s.URL()})
	vm := named(t, b, backend.KindVM, "DC0_C0_RP0_VM0").(*backend.VM)
	second, lonely := named(t, b, backend.KindPool, "second").Ref(), named(t, b, backend.KindPool, "lonely").Ref()
	check(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Datastore: second}}, "", 0)
	set(s, "Datastore", second, types.PropertyChange{Name: "summary.freeSpace", Val: int64(1)})
	for store, says := range map[backend.Ref]string{second: "the datastore second is full", lonely: "the datastore lonely can't be accessed"} {
		for _, op := range []backend.Op{
			backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Datastore: store}}, backend.VMCloneOp{VM: vm.ID, Name: "copy", To: backend.Placement{Datastore: store}},
		} {
			check(t, b, op, says, backend.SeverityError)
			if _, err := do(t, b, op); backend.ClassOf(err) != backend.ClassConflict || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v", op.Title(), err)
			}
		}
	}
}

// TestAHostOfAnotherComputeResource: its own pool is chosen for a move, and a start there
// is refused.
func TestAHostOfAnotherComputeResource(t *testing.T) {
	_, b, _ := first(t, vcsim.Options{VMs: 1})
	vm := named(t, b, backend.KindVM, "DC0_C0_RP0_VM0").(*backend.VM)
	alone := named(t, b, backend.KindHost, "DC0_H0").Ref()
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	_, err := do(t, b, backend.PowerOnOp{VM: vm.ID, Host: alone})
	if backend.ClassOf(err) != backend.ClassInvalid {
		t.Errorf("start on a host of another cluster: %v", err)
	}
	mustDo(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: alone}})
	if now := again(t, b, vm.ID); now.Host != alone || now.PoolRef == vm.PoolRef {
		t.Errorf("on %s in %v", now.HostName, now.PoolRef)
	}
	cluster := named(t, b, backend.KindCluster, "DC0_C0").Ref()
	_, err = do(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: alone, Cluster: cluster}})
	if backend.ClassOf(err) != backend.ClassInvalid || !strings.Contains(err.Error(), "DC0_H0 is not in the cluster DC0_C0") {
		t.Errorf("a host of another cluster: %v", err)
	}
	mustDo(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Cluster: cluster}})
	if now := again(t, b, vm.ID); now.Cluster != "DC0_C0" {
		t.Errorf("it is in %q", now.Cluster)
	}
}

func TestRevertOnAChosenHost(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	to := elsewhere(t, b, vm)
	base := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "on", Memory: true}).Created
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	mustDo(t, b, backend.SnapshotRevertOp{VM: vm.ID, Snapshot: base, Host: to})
	if now := again(t, b, vm.ID); now.Host != to || now.State != backend.PowerOn {
		t.Errorf("%s on %s", now.State, now.HostName)
	}
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	mustDo(t, b, backend.SnapshotRevertOp{VM: vm.ID, Host: vm.Host})
	if now := again(t, b, vm.ID); now.Host != vm.Host || now.State != backend.PowerOn {
		t.Errorf("to the current one: %s on %s", now.State, now.HostName)
	}
	mustDo(t, b, backend.HostMaintenanceOp{Host: to, Enter: true})
	_, err := do(t, b, backend.SnapshotRevertOp{VM: vm.ID, Snapshot: base, Host: to})
	if backend.ClassOf(err) != backend.ClassConflict || !strings.Contains(err.Error(), "maintenance mode") {
		t.Errorf("on a host in maintenance mode: %v", err)
	}
}

func TestHotAdd(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1})
	reg := s.Model().Map()
	at := reg.Get(types.ManagedObjectReference{Type: "VirtualMachine", Value: vm.ID.ID}).(*simulator.VirtualMachine)
	reg.WithLock(s.Model().Service.Context, at, func() {
		at.Config.CpuHotAddEnabled, at.Config.MemoryHotAddEnabled = types.NewBool(true), types.NewBool(true)
		at.Config.HotPlugMemoryLimit, at.Config.HotPlugMemoryIncrementSize = 1024, 64
	})
	mem := vm.Memory
	for _, step := range []struct {
		op   backend.VMResourcesOp
		says string
	}{
		{backend.VMResourcesOp{VCPUs: vm.VCPUs + 3}, ""},
		{backend.VMResourcesOp{VCPUs: vm.VCPUs}, "CPU hot remove is off"},
		{backend.VMResourcesOp{Memory: mem + 64<<20}, ""},
		{backend.VMResourcesOp{Memory: mem + 80<<20}, "steps of 64 MiB"},
		{backend.VMResourcesOp{Memory: 4 << 30}, "up to 1024 MiB"},
		{backend.VMResourcesOp{Memory: mem - 4<<20}, "can't be taken away while it runs"},
	} {
		step.op.VM = vm.ID
		_, err := do(t, b, step.op)
		if step.says == "" && err != nil || step.says != "" && (backend.ClassOf(err) != backend.ClassConflict || !strings.Contains(err.Error(), step.says)) {
			t.Errorf("%+v: %v", step.op, err)
		}
	}
	d, err := b.Get(t.Context(), vm.ID)
	if err != nil || d.VM.VCPUs != vm.VCPUs+3 || d.VM.Memory != mem+64<<20 || !d.VM.HotAddCPU || d.VM.HotRemoveCPU || !d.VM.HotAddMemory {
		t.Errorf("%+v, %v", d.VM, err)
	}
	mustDo(t, b, backend.SuspendOp{VM: vm.ID})
	if _, err := do(t, b, backend.VMResourcesOp{VM: vm.ID, VCPUs: 1}); backend.ClassOf(err) != backend.ClassConflict {
		t.Errorf("while suspended: %v", err)
	}
}

// TestAClonesStateIsThatOfItsSnapshot: what changed since is not in it.
func TestAClonesStateIsThatOfItsSnapshot(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	before := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "before"}).Created
	mustDo(t, b, backend.VMResourcesOp{VM: vm.ID, VCPUs: vm.VCPUs + 3})
	for name, linked := range map[string]bool{"whole": false, "linked": true} {
		made := mustDo(t, b, backend.VMCloneOp{VM: vm.ID, Name: name, Snapshot: before, Linked: linked}).Created
		if got := again(t, b, made); got.VCPUs != vm.VCPUs || got.Snapshots != 0 {
			t.Errorf("%s: %d vCPUs, want %d; %d snapshots", name, got.VCPUs, vm.VCPUs, got.Snapshots)
		}
		d, err := b.Get(t.Context(), made)
		if err != nil {
			t.Fatal(err)
		}
		stands := slices.ContainsFunc(d.VM.Disks, func(disk backend.Disk) bool { return len(disk.Backing) > 0 })
		if stands != linked {
			t.Errorf("%s: disks %+v", name, d.VM.Disks)
		}
	}
	present := mustDo(t, b, backend.VMCloneOp{VM: vm.ID, Name: "present"}).Created
	if got := again(t, b, present).VCPUs; got != vm.VCPUs+3 {
		t.Errorf("of the present state: %d vCPUs", got)
	}
}

// TestAFolderThatCannotBeEntered: what was done before is said.
func TestAFolderThatCannotBeEntered(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	s.Refuse(vcsim.Refusal{Method: "MoveIntoFolder_Task", Fault: &types.NoPermission{PrivilegeId: "VirtualMachine.Inventory.Move"}})
	to := elsewhere(t, b, vm)
	_, err := do(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: to, Folder: vm.FolderRef}})
	if backend.ClassOf(err) != backend.ClassDenied || !strings.Contains(err.Error(), "it was moved, but not into the folder") {
		t.Errorf("%v", err)
	}
	if now := again(t, b, vm.ID); now.Host != to {
		t.Errorf("it is on %s", now.HostName)
	}
}
