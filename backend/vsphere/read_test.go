package vsphere_test

import (
	"encoding/json"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func TestListsOfTheDemo(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for kind, want := range map[backend.Kind]int{
		backend.KindVM: 61, backend.KindHost: 6, backend.KindCluster: 2, backend.KindPool: 6, backend.KindResourcePool: 6,
	} {
		if got := len(list(t, b, backend.Query{Kind: kind})); got != want {
			t.Errorf("%d of kind %s, want %d", got, kind, want)
		}
	}
	names := make(map[string]*backend.Network)
	for _, o := range list(t, b, backend.Query{Kind: backend.KindNetwork}) {
		names[o.Title()] = o.(*backend.Network)
	}
	if n := names["vlan-110-web"]; n == nil || n.Forward != "distributed" || n.VMs < 1 || !n.Active || n.Bridge == "" {
		t.Errorf("port group: %+v", n)
	}
	vms := list(t, b, backend.Query{Kind: backend.KindVM})
	gone := backend.Ref{Conn: conn, Kind: backend.KindVM, ID: "vm-gone"}
	some := list(t, b, backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{vms[0].Ref(), gone, vms[5].Ref()}})
	if len(some) != 2 {
		t.Errorf("%d of 2 listed when a third is gone", len(some))
	}
}

func TestFilesOfADatastore(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	list(t, b, backend.Query{Kind: backend.KindVM}) // learns whose folders they are
	var store backend.Ref
	for _, o := range list(t, b, backend.Query{Kind: backend.KindPool}) {
		if o.Title() == "fra1-ssd-01" {
			store = o.Ref()
		}
	}
	var web *backend.Volume
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVolume, Parent: store}) {
		if o.Title() == "web-01" {
			web = o.(*backend.Volume)
		}
	}
	if web == nil || web.Type != "dir" || web.Owner() != store || len(web.UsedBy) != 1 || web.UsedBy[0] != "web-01" {
		t.Fatalf("folder: %+v", web)
	}
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVolume, Parent: web.ID}) {
		if v := o.(*backend.Volume); v.Name == "web-01.vmdk" {
			if v.Format != "vmdk" || v.Capacity == 0 || v.Path != "[fra1-ssd-01] web-01/web-01.vmdk" || len(v.UsedBy) != 1 {
				t.Errorf("disk: %+v", v)
			}
			return
		}
	}
	t.Error("no disk in the folder")
}

func TestDetails(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	var web *backend.VM
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVM}) {
		if o.Title() == "web-01" {
			web = o.(*backend.VM)
		}
	}
	d, err := b.Get(t.Context(), web.ID)
	if err != nil {
		t.Fatal(err)
	}
	v := d.VM
	if v.GuestID != "debian12_64Guest" || v.Firmware != "UEFI" || v.ResourcePool != "production" || v.VCPUs != 4 || v.HostName == "" || v.Tools != "running" {
		t.Errorf("%+v", v)
	}
	if len(v.NICs) != 1 || v.NICs[0].Network != "vlan-110-web" || len(v.NICs[0].IPs) != 2 || v.NICs[0].Model != "vmxnet3" || !v.NICs[0].Connected {
		t.Errorf("NICs: %+v", v.NICs)
	}
	disks := 0
	for _, disk := range v.Disks {
		if disk.Path == "[fra1-ssd-01] web-01/web-01.vmdk" && disk.Capacity == 40<<30 && disk.Bus == "scsi" && disk.Format == "vmdk, thin" {
			disks++
		}
	}
	if disks != 1 {
		t.Errorf("disks: %+v", v.Disks)
	}
	if !json.Valid([]byte(d.Raw)) || strings.Contains(d.Raw, "extraConfig") || !strings.Contains(d.Raw, "\n  ") {
		t.Errorf("raw: %.200s", d.Raw)
	}
	h, err := b.Get(t.Context(), web.Host)
	if err != nil || h.Host.Sockets != 2 || h.Host.Threads != 32 || !strings.Contains(h.Host.Hypervisor, "8.0.3") {
		t.Errorf("host: %+v %v", h, err)
	}
	for _, k := range []backend.Kind{backend.KindCluster, backend.KindResourcePool, backend.KindPool, backend.KindNetwork} {
		r := list(t, b, backend.Query{Kind: k})[0].Ref()
		if d, err := b.Get(t.Context(), r); err != nil || !json.Valid([]byte(d.Raw)) {
			t.Errorf("%s: %v", k, err)
		}
	}
	gone := backend.Ref{Conn: conn, Kind: backend.KindVM, ID: "vm-gone"}
	if _, err := b.Get(t.Context(), gone); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("gone: %v", err)
	}
}

func TestStats(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	all, err := b.Stats(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	hosts, vms := 0, 0
	for _, one := range all {
		switch one.Ref.Kind {
		case backend.KindHost:
			hosts++
		case backend.KindVM:
			vms++
		default:
			t.Errorf("a sample of a %s", one.Ref.Kind)
		}
		if !backend.Known(one.CPU) || one.CPU <= 0 || one.CPU > 100 || one.MemUsed <= 0 || one.MemUsed > one.MemTotal {
			t.Errorf("%+v", one)
		}
	}
	running := 0
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVM}) {
		if o.(*backend.VM).State == backend.PowerOn {
			running++
		}
	}
	if hosts != 6 || vms != running {
		t.Errorf("%d hosts, %d VMs of %d running", hosts, vms, running)
	}
	some, err := b.Stats(t.Context(), []backend.Ref{all[0].Ref, {Conn: conn, Kind: backend.KindVM, ID: "vm-gone"}})
	if err != nil || len(some) != 1 || !backend.Known(some[0].DiskRead) || !backend.Known(some[0].NetOut) {
		t.Errorf("%+v %v", some, err)
	}
}

func TestNode(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	nodes, ok := backend.As[backend.NodeMonitor](b)
	if !ok {
		t.Fatal("no node monitor")
	}
	host := list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref()
	n, err := nodes.Node(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	if !backend.Known(n.Total.Busy()) || n.Mem.Total <= 0 || n.Mem.Used() <= 0 || len(n.CPUs) == 0 {
		t.Errorf("%+v", n)
	}
}

func TestESXi(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	if got := b.About().Type; got != "ESXi" {
		t.Errorf("type %q", got)
	}
	m := watch(t, b)
	m.untilSynced()
	if m.count(backend.KindVM) != 2 || m.count(backend.KindHost) != 1 || m.count(backend.KindPool) != 1 {
		t.Errorf("%v", m.has)
	}
	var vm *backend.VM
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVM}) {
		vm = o.(*backend.VM)
	}
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	m.until("power off", func() bool { return m.vm(vm.Name).State == backend.PowerOff })
	mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "base"})
	m.until("a snapshot", func() bool { return m.vm(vm.Name).Snapshots == 1 })
	if b.Caps().Why(backend.VerbPowerOnHost) == "" {
		t.Error("a single host offers other hosts")
	}
	if _, err := b.Stats(t.Context(), nil); err != nil {
		t.Error(err)
	}
	m.until("a word on the missing events", func() bool { return len(m.events) > 0 })
}
