package libvirt

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"

	libvirt "github.com/digitalocean/go-libvirt"
)

func mustDomain(t testing.TB, r backend.Ref) (d libvirt.Domain) {
	t.Helper()
	d, err := domainOf(r)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestLiveChanges: what virsh does shows up by itself within a second.
func TestLiveChanges(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("qemu"), false)
	w := watch(t, b)
	l.DefineGuest("g1", false)
	vm := vmNamed(t, b, "g1")
	eventually(t, time.Second, "define", func() bool { return w.saw(backend.KindVM, vm.ID) && w.told("g1", "defined") })
	steps := []struct {
		args  []string
		words string
		state backend.PowerState
	}{
		{[]string{"start", "g1"}, "started", backend.PowerOn},
		{[]string{"suspend", "g1"}, "paused", backend.PowerPaused},
		{[]string{"resume", "g1"}, "resumed", backend.PowerOn},
		{[]string{"destroy", "g1"}, "stopped (destroyed)", backend.PowerOff},
	}
	for _, s := range steps {
		w.reset()
		l.Virsh(s.args...)
		eventually(t, time.Second, s.words, func() bool { return w.saw(backend.KindVM, vm.ID) && w.told("g1", s.words) })
		if got := vmNamed(t, b, "g1"); got.State != s.state {
			t.Errorf("after %q: %v", s.args, got.State)
		}
	}
	w.reset()
	l.Virsh("undefine", "g1")
	eventually(t, time.Second, "undefine", func() bool { return w.told("g1", "undefined") })
	if got := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{vm.ID}}); len(got) != 0 {
		t.Errorf("still listed: %q", names(got))
	}
}

func TestPoolsVolumesNetworks(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("qemu"), false)
	w := watch(t, b)
	poolsAndVolumes(t, l, b, w)
	networks(t, l, b, w)
}

func poolsAndVolumes(t *testing.T, l *lab.Libvirtd, b backend.Backend, w *watcher) {
	t.Helper()
	dir := filepath.Join(l.Dir(), "images")
	l.Virsh("pool-define-as", "p1", "dir", "--target", dir)
	eventually(t, time.Second, "pool", func() bool { return w.told("p1", "pool defined") })
	pools := list[*backend.Pool](t, b, backend.Query{Kind: backend.KindPool})
	if len(pools) != 1 || pools[0].State != backend.PoolInactive || pools[0].Type != "dir" || pools[0].Path != dir || !pools[0].Persistent {
		t.Fatalf("pools %+v", pools[0])
	}
	w.reset()
	l.Virsh("pool-start", "p1")
	eventually(t, time.Second, "pool started", func() bool { return w.saw(backend.KindPool, pools[0].ID) })
	l.Virsh("vol-create-as", "p1", "base.qcow2", "8M", "--format", "qcow2")
	l.Virsh("vol-create-as", "p1", "top.qcow2", "8M", "--format", "qcow2", "--backing-vol", "base.qcow2", "--backing-vol-format", "qcow2")
	vols := list[*backend.Volume](t, b, backend.Query{Kind: backend.KindVolume, Parent: pools[0].ID})
	if len(vols) != 2 {
		t.Fatalf("volumes %q", names(vols))
	}
	for _, v := range vols {
		backing := ""
		if v.Name == "top.qcow2" {
			backing = filepath.Join(dir, "base.qcow2")
		}
		if v.Format != "qcow2" || v.Capacity != 8<<20 || v.Type != "file" || v.Backing != backing || v.Owner() != pools[0].ID {
			t.Errorf("%+v", v)
		}
		if d, err := b.Get(t.Context(), v.ID); err != nil || !strings.Contains(d.Raw, "<volume") {
			t.Errorf("%v", err)
		}
	}
}

func networks(t *testing.T, l *lab.Libvirtd, b backend.Backend, w *watcher) {
	t.Helper()
	net := filepath.Join(l.Dir(), "net.xml")
	if err := os.WriteFile(net, []byte(`<network><name>n1</name><forward mode='nat'/><bridge name='hvbr0'/><ip address='192.168.77.1' netmask='255.255.255.0'><dhcp><range start='192.168.77.2' end='192.168.77.9'/></dhcp></ip></network>`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Virsh("net-define", net)
	eventually(t, time.Second, "network", func() bool { return w.told("n1", "network defined") })
	l.Virsh("net-start", "n1")
	nets := list[*backend.Network](t, b, backend.Query{Kind: backend.KindNetwork})
	if len(nets) != 1 || !nets[0].Active || nets[0].Bridge != "hvbr0" || nets[0].Forward != "nat" || nets[0].LeaseCount != 0 ||
		len(nets[0].Addresses) != 1 || nets[0].Addresses[0] != "192.168.77.1/24" {
		t.Errorf("networks %+v", nets[0])
	}
}

// TestGuest: figures, details, snapshots and real refusals of a running QEMU guest.
func TestGuest(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineGuest("g1", true)
	b := dial(t, l.URI("qemu"), false)
	vm := vmNamed(t, b, "g1")
	if vm.State != backend.PowerOn || vm.Memory != 96<<20 || vm.VCPUs != 1 || vm.DomainID < 1 {
		t.Errorf("%+v", vm)
	}
	guestStats(t, b, vm)
	hostStats(t, b)
	d, err := b.Get(t.Context(), vm.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.VM.Disks) != 1 || d.VM.Disks[0].Format != "qcow2" || d.VM.Disks[0].Capacity != 64<<20 || d.VM.Firmware != "BIOS" ||
		!strings.Contains(d.Raw, "<domain") || d.VM.CPUTime == 0 {
		t.Errorf("detail %+v", d.VM)
	}
	snapshotRefusals(t, l, b, vm)
}

func guestStats(t *testing.T, b backend.Backend, vm *backend.VM) {
	t.Helper()
	eventually(t, 15*time.Second, "load figures of the guest", func() bool {
		all, err := b.Stats(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all {
			if s.Ref == vm.ID && backend.Known(s.CPU) && s.CPU > 0 && s.MemTotal == 96<<20 && s.MemUsed > 0 &&
				s.MemUsed < s.MemTotal && s.DiskRead > 0 {
				return true
			}
		}
		time.Sleep(shortestInterval)
		return false
	})
}

func hostStats(t *testing.T, b backend.Backend) {
	t.Helper()
	hosts := list[*backend.Host](t, b, backend.Query{Kind: backend.KindHost})
	if len(hosts) != 1 || hosts[0].Active != 1 || hosts[0].CPUs == 0 || hosts[0].Memory == 0 {
		t.Fatalf("hosts %+v", hosts)
	}
	monitor, ok := backend.As[backend.NodeMonitor](b)
	if !ok {
		t.Fatal("no node monitor")
	}
	eventually(t, 10*time.Second, "node figures", func() bool {
		n, err := monitor.Node(t.Context(), hosts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(n.CPUs) == 0 || !backend.Known(n.Mem.Total) || !backend.Known(n.Total.Idle) {
			time.Sleep(50 * time.Millisecond)
			return false
		}
		sum := n.Total.User + n.Total.System + n.Total.IOWait + n.Total.Idle
		return sum > 99.9 && sum < 100.1 && len(n.Cells) > 0
	})
	d, err := b.Get(t.Context(), hosts[0].ID)
	if err != nil || d.Host.CPUMap == "" || len(d.Host.CellFree) == 0 {
		t.Errorf("%+v %v", d, err)
	}
}

// snapshotRefusals builds a tree that libvirt 9.0 can't fully undo and checks that
// its words arrive complete.
func snapshotRefusals(t *testing.T, l *lab.Libvirtd, b backend.Backend, vm *backend.VM) {
	t.Helper()
	internal := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "s1", Memory: true}).Created
	mustDo(t, b, backend.SnapshotEditOp{VM: vm.ID, Snapshot: internal, Description: "edited"})
	external := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "x1", DiskOnly: true}).Created
	snaps := list[*backend.Snapshot](t, b, backend.Query{Kind: backend.KindSnapshot, Parent: vm.ID})
	if len(snaps) != 2 || snaps[0].Storage != backend.StorageInternal || snaps[0].State != backend.PowerOn || snaps[0].Description != "edited" ||
		snaps[1].Storage != backend.StorageExternal || !snaps[1].DiskOnly || !snaps[1].Current || snaps[1].Path != "/s1/x1" {
		t.Errorf("%+v", snaps)
	}
	cases := []struct {
		name, words, code string
		op                backend.Op
		class             backend.Class
	}{
		{"revert to external", "can't revert to an external snapshot (9.9 can)", "", backend.SnapshotRevertOp{VM: vm.ID, Snapshot: external}, backend.ClassUnsupported},
		{"delete internal below an overlay", "below an overlay", "", backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: internal}, backend.ClassUnsupported},
		{"forget a tree", "forget them one by one", "", backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: internal, MetadataOnly: true, Children: true}, backend.ClassInvalid},
		{"quiesce", "guest agent", "74", backend.SnapshotCreateOp{VM: vm.ID, Name: "q", DiskOnly: true, Quiesce: true}, backend.ClassUnsupported},
		{"duplicate", "already exists", "9", backend.SnapshotCreateOp{VM: vm.ID, Name: "s1"}, backend.ClassConflict},
		{"slash", "'/'", "", backend.SnapshotCreateOp{VM: vm.ID, Name: "a/b"}, backend.ClassInvalid},
		{"empty", "empty", "", backend.SnapshotCreateOp{VM: vm.ID, Name: " "}, backend.ClassInvalid},
		{"line break", "control characters", "", backend.SnapshotCreateOp{VM: vm.ID, Name: "a\nb"}, backend.ClassInvalid},
		{"dot", "begin with a dot", "", backend.SnapshotCreateOp{VM: vm.ID, Name: ".a"}, backend.ClassInvalid},
		{"rename", "can't rename", "", backend.SnapshotEditOp{VM: vm.ID, Snapshot: internal, Name: "other"}, backend.ClassUnsupported},
		{"on when on", "already running", "55", backend.PowerOnOp{VM: vm.ID}, backend.ClassConflict},
		{"vanished snapshot", "s9", "72", backend.SnapshotRevertOp{VM: vm.ID, Snapshot: backend.Ref{Conn: "c", Kind: backend.KindSnapshot, ID: vm.UUID + "/s9"}}, backend.ClassNotFound},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := do(t, b, c.op)
			var e *backend.Error
			if !errors.As(err, &e) || e.Class != c.class || e.Code != c.code || !strings.Contains(e.Error(), c.words) {
				t.Errorf("class %v: %#v", backend.ClassOf(err), err)
			}
		})
	}
	if got := l.Virsh("snapshot-list", "g1", "--name"); strings.Fields(got)[0] != "s1" || len(strings.Fields(got)) != 2 {
		t.Errorf("virsh lists %q", got)
	}
	mustDo(t, b, backend.SnapshotDeleteOp{VM: vm.ID, Snapshot: external, MetadataOnly: true})
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
}

// TestHungGuest: a QEMU that does not answer must not hold up lists and figures.
func TestHungGuest(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineGuest("g1", true)
	l.DefineGuest("g2", true)
	b := dial(t, l.URI("qemu"), false)
	defer l.FreezeGuest("g1")()
	for i := range 4 {
		start := time.Now()
		vms := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM})
		listed := time.Since(start)
		samples, err := b.Stats(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		if len(vms) != 2 || len(samples) != 3 {
			t.Errorf("%d VMs, %d samples", len(vms), len(samples))
		}
		// Only the first to meet the hung guest waits.
		if limit := 2*dearPatience + time.Second; i == 0 && took > limit {
			t.Errorf("took %v", took)
		}
		if i > 0 && took >= dearPatience {
			t.Errorf("round %d took %v, the list %v", i, took, listed)
		}
	}
	if d, err := b.Get(t.Context(), vmNamed(t, b, "g1").ID); err != nil || d.Raw == "" {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	told := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		_, err := b.Do(ctx, backend.SuspendOp{VM: vmNamed(t, b, "g1").ID}, backend.Progress{Uncancellable: func(why string) { told <- why }})
		done <- err
	}()
	select {
	case why := <-told:
		if why == "" {
			t.Error("no reason")
		}
	case <-time.After(5 * time.Second):
		t.Error("nobody said that it can't be cancelled")
	}
	mustDo(t, b, backend.PowerOffOp{VM: vmNamed(t, b, "g2").ID})
	_ = b.Close()
	if err := <-done; backend.ClassOf(err) != backend.ClassLost {
		t.Errorf("the pending operation: %v", err)
	}
}

// TestLeasedAddress: the list and the details show the address that libvirt leased.
func TestLeasedAddress(t *testing.T) {
	l := lab.StartLibvirtd(t)
	network := filepath.Join(l.Dir(), "lease.xml")
	if err := os.WriteFile(network, []byte(`<network><name>n1</name><bridge name='hvlease0' stp='off' delay='0'/><ip address='192.168.78.1' netmask='255.255.255.0'><dhcp><range start='192.168.78.2' end='192.168.78.9'/></dhcp></ip></network>`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Virsh("net-create", network)
	l.DefineGuest("g1", false)
	l.Virsh("attach-interface", "g1", "network", "n1", "--model", "virtio", "--config")
	l.Virsh("start", "g1")
	b := dial(t, l.URI("qemu"), false)
	vm := vmNamed(t, b, "g1")
	eventually(t, 60*time.Second, "an address in the list", func() bool {
		time.Sleep(200 * time.Millisecond)
		return strings.HasPrefix(vmNamed(t, b, "g1").IP, "192.168.78.")
	})
	d, err := b.Get(t.Context(), vm.ID)
	if err != nil || len(d.VM.IPs) != 1 || len(d.VM.NICs) != 1 || d.VM.NICs[0].Network != "n1" || len(d.VM.NICs[0].IPs) != 1 {
		t.Errorf("%+v %v", d.VM, err)
	}
	nets := list[*backend.Network](t, b, backend.Query{Kind: backend.KindNetwork})
	if len(nets) != 1 || nets[0].LeaseCount != 1 || nets[0].Leases[0].IP != d.VM.IPs[0] {
		t.Errorf("%+v", nets)
	}
}

// TestShutdownIsOnlyAsked: the call returns when the guest was asked.
func TestShutdownIsOnlyAsked(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineGuest("g1", true)
	b := dial(t, l.URI("qemu"), false)
	vm := vmNamed(t, b, "g1")
	// The guest listens for its power button once its kernel is up.
	eventually(t, 40*time.Second, "the guest shuts down", func() bool {
		mustAsk(t, b, vm)
		time.Sleep(300 * time.Millisecond)
		return vmNamed(t, b, "g1").State == backend.PowerOff
	})
}

func mustAsk(t *testing.T, b backend.Backend, vm *backend.VM) {
	t.Helper()
	if _, err := do(t, b, backend.ShutdownOp{VM: vm.ID}); err != nil && backend.ClassOf(err) != backend.ClassConflict {
		t.Fatal(err)
	}
}

// BenchmarkList10000 lists 10,000 defined domains of the qemu driver; the number of
// calls is reported.
func BenchmarkList10000(b *testing.B) {
	l := lab.StartLibvirtd(b)
	l.DefineMany(10000)
	conn := dial(b, l.URI("qemu"), false)
	for b.Loop() {
		n := 0
		err := conn.List(b.Context(), backend.Query{Kind: backend.KindVM}, func(page []backend.Object) { n += len(page) })
		if err != nil || n != 10000 {
			b.Fatalf("%d VMs: %v", n, err)
		}
	}
}

func TestListIsAFewCalls(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineMany(50)
	b := dial(t, l.URI("qemu"), false)
	calls := func() uint64 { return b.(*client).poll.fence.calls.Load() }
	var first, later uint64
	for i := range 3 {
		before := calls()
		list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM})
		if i == 0 {
			first = calls() - before
		} else {
			later = calls() - before
		}
	}
	if first > 7 || later > 5 {
		t.Errorf("%d calls at first, %d later", first, later)
	}
}
