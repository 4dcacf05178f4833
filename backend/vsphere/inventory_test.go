package vsphere_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// titled are the objects of a kind by name.
func titled[T backend.Object](t *testing.T, b backend.Backend, kind backend.Kind) map[string]T {
	t.Helper()
	all := make(map[string]T)
	for _, o := range list(t, b, backend.Query{Kind: kind}) {
		all[o.Title()] = o.(T)
	}
	return all
}

func TestFolders(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1", "-dc", "2")
	v.Govc("folder.create", "/sites")
	v.Govc("folder.create", "/DC0/vm/Prod", "/DC0/vm/Prod/a%b", "/DC0/host/racks", "/DC0/datastore/fast")
	v.Govc("object.mv", "/DC0/vm/DC0_H0_VM0", "/DC0/vm/Prod/a%25b")
	v.Govc("object.mv", "/DC1", "/sites")
	b := dial(t, vsphere.Options{URL: v.URL()})
	m := watch(t, b)
	m.untilSynced()
	has := m.now()
	byPath := make(map[string]*backend.Folder)
	for _, o := range list(t, b, backend.Query{Kind: backend.KindFolder}) {
		f := o.(*backend.Folder)
		byPath[f.Path] = f
		if told, ok := has[f.ID].(*backend.Folder); !ok || told.Path != f.Path || told.Up != f.Up || told.Holds != f.Holds {
			t.Errorf("the watch tells %+v, the list %+v", told, f)
		}
	}
	ref := func(path string) backend.Ref {
		if f := byPath[path]; f != nil {
			return f.ID
		}
		return backend.Ref{}
	}
	for path, want := range map[string]struct {
		up     string
		holds  string
		center bool
	}{
		"/DC0": {"", "", true}, "/sites": {"", "datacenters", false}, "/sites/DC1": {"/sites", "", true},
		"/DC0/vm/Prod": {"/DC0", "VMs", false}, "/DC0/vm/Prod/a%b": {"/DC0/vm/Prod", "VMs", false},
		"/DC0/host/racks": {"/DC0", "hosts", false}, "/DC0/datastore/fast": {"/DC0", "datastores", false},
	} {
		f := byPath[path]
		if f == nil || f.Up != ref(want.up) || f.Holds != want.holds || f.Datacenter != want.center {
			t.Errorf("%s: %+v", path, f)
		}
	}
	if len(byPath) != 7 {
		t.Errorf("%d folders are told, want 7", len(byPath))
	}
	vm := m.getVM("DC0_H0_VM0")
	if vm.Folder != "Prod/a%b" || vm.FolderRef.IsZero() || has[vm.FolderRef].Title() != "a%b" || vm.Datacenter != "DC0" {
		t.Errorf("%q %v %q", vm.Folder, vm.FolderRef, vm.Datacenter)
	}
	top := m.getVM("DC0_C0_RP0_VM0")
	if top.Folder != "" || has[top.FolderRef].Title() != "DC0" {
		t.Errorf("%q %v", top.Folder, top.FolderRef)
	}
	v.Govc("object.rename", "/DC0/vm/Prod", "Live")
	m.until("the new name of the folder", func() bool {
		f, _ := m.has[vm.FolderRef].(*backend.Folder)
		return m.vm("DC0_H0_VM0").Folder == "Live/a%b" && f != nil && f.Path == "/DC0/vm/Live/a%b"
	})
	v.Govc("folder.create", "/DC0/vm/New")
	m.until("a new folder", func() bool {
		return slices.ContainsFunc(m.titles(backend.KindFolder), func(s string) bool { return s == "New" })
	})
	v.Govc("object.mv", "/DC0/vm/Live/a%25b/DC0_H0_VM0", "/DC0/vm/New")
	m.until("the VM's new folder", func() bool { return m.vm("DC0_H0_VM0").Folder == "New" })
}

// now is what was told so far.
func (m *mirror) now() map[backend.Ref]backend.Object {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.has)
}

// titles are the names of the objects of a kind.
func (m *mirror) titles(kind backend.Kind) []string {
	var all []string
	for r, o := range m.has {
		if r.Kind == kind {
			all = append(all, o.Title())
		}
	}
	return all
}

func TestPoolsAreCountedWithThoseInThem(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	v.Govc("pool.create", "/DC0/host/DC0_C0/Resources/outer", "/DC0/host/DC0_C0/Resources/outer/below")
	v.Govc("vm.migrate", "-pool", "/DC0/host/DC0_C0/Resources/outer/below", "DC0_C0_RP0_VM0")
	b := dial(t, vsphere.Options{URL: v.URL()})
	m := watch(t, b)
	m.untilSynced()
	has := m.now()
	listed := make(map[backend.Ref]*backend.ResourcePool)
	var cluster, host backend.Ref
	for _, o := range list(t, b, backend.Query{Kind: backend.KindResourcePool}) {
		p := o.(*backend.ResourcePool)
		listed[p.ID] = p
		told := has[p.ID].(*backend.ResourcePool)
		if told.VMs != p.VMs || told.Up != p.Up || told.Path != p.Path || told.VApp {
			t.Errorf("the watch tells %+v, the list %+v", told, p)
		}
		if p.Path == "" && p.Up.Kind == backend.KindCluster {
			cluster = p.ID
		}
		if p.Path == "" && p.Up.Kind == backend.KindHost {
			host = p.ID
		}
	}
	vm := m.getVM("DC0_C0_RP0_VM0")
	below := listed[vm.PoolRef]
	if vm.PoolPath != "outer/below" || vm.Pool != "below" || below == nil || below.Path != "outer/below" || below.VMs != 1 {
		t.Fatalf("%+v in %+v", vm, below)
	}
	if up := listed[below.Up]; up == nil || up.Name != "outer" || up.VMs != 1 || up.Up != cluster {
		t.Errorf("%+v", up)
	}
	if listed[cluster].VMs != 1 || listed[host].VMs != 1 {
		t.Errorf("root pools: %+v, %+v", listed[cluster], listed[host])
	}
	c := titled[*backend.Cluster](t, b, backend.KindCluster)["DC0_C0"]
	told := has[c.ID].(*backend.Cluster)
	if c.VMs != 1 || told.VMs != 1 || has[c.FolderRef].Title() != "DC0" {
		t.Errorf("%+v, %+v", c, told)
	}
	v.Govc("vm.destroy", "DC0_C0_RP0_VM0")
	m.until("empty pools", func() bool {
		for _, r := range []backend.Ref{below.ID, below.Up, cluster} {
			if m.has[r].(*backend.ResourcePool).VMs != 0 {
				return false
			}
		}
		return true
	})
}

// TestUseOfAClusterWithoutSummary: then it is the sum of its hosts.
func TestUseOfAClusterWithoutSummary(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	reg := s.Model().Map()
	c := reg.Any("ClusterComputeResource").(*simulator.ClusterComputeResource)
	c.Summary.(*types.ClusterComputeResourceSummary).UsageSummary = nil
	hosts := 0
	for _, e := range reg.All("HostSystem") {
		if h := e.(*simulator.HostSystem); *h.Parent == c.Self {
			h.Summary.QuickStats.OverallCpuUsage, h.Summary.QuickStats.OverallMemoryUsage = 1000, 2048
			hosts++
		}
	}
	b := dial(t, vsphere.Options{URL: s.URL()})
	is := func(c *backend.Cluster) bool {
		return c.CPUUsedMHz == uint64(hosts)*1000 && c.MemoryUsed == uint64(hosts)*2<<30
	}
	got := list(t, b, backend.Query{Kind: backend.KindCluster})[0].(*backend.Cluster)
	if hosts == 0 || !is(got) {
		t.Errorf("%d hosts: %+v", hosts, got)
	}
	m := watch(t, b)
	m.until("the use of the cluster", func() bool {
		c, ok := m.has[got.ID].(*backend.Cluster)
		return ok && is(c)
	})
}

// TestStandardPortGroups: the hosts say of which switch and VLAN they are.
func TestStandardPortGroups(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, Clusters: -1})
	for _, e := range s.Model().Map().All("HostSystem") {
		groups := e.(*simulator.HostSystem).Config.Network.Portgroup
		for i := range groups {
			if groups[i].Spec.Name == "VM Network" {
				groups[i].Spec.VlanId = 42
			}
		}
	}
	b := dial(t, vsphere.Options{URL: s.URL()})
	m := watch(t, b)
	var lan *backend.Network
	m.until("the VLAN", func() bool {
		for _, o := range m.has {
			if n, ok := o.(*backend.Network); ok && n.Name == "VM Network" {
				lan = n
			}
		}
		return lan != nil && lan.VLAN == "42" && lan.Bridge == "vSwitch0"
	})
	d, err := b.Get(t.Context(), lan.ID)
	if err != nil {
		t.Fatal(err)
	}
	if got := factsOf(d); !strings.Contains(got, "On DC0_H0: vSwitch0, VLAN 42\n") {
		t.Errorf("%s", got)
	}
}

// factsOf are the facts of a detail, one a line.
func factsOf(d *backend.Detail) string {
	var b strings.Builder
	for _, f := range d.Fields {
		b.WriteString(f.Name + ": " + f.Value + "\n")
	}
	return b.String()
}

func TestESXiHasNoFolders(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	if slices.Contains(b.Caps().Kinds, backend.KindFolder) || len(list(t, b, backend.Query{Kind: backend.KindFolder})) != 0 {
		t.Error("a single host tells folders")
	}
	m := watch(t, b)
	m.untilSynced()
	if m.count(backend.KindFolder) != 0 {
		t.Error("the watch of a single host tells folders")
	}
	for _, o := range list(t, b, backend.Query{Kind: backend.KindResourcePool}) {
		if p := o.(*backend.ResourcePool); p.Path == "" && p.Up.Kind != backend.KindHost {
			t.Errorf("the root pool is in %v", p.Up)
		}
	}
}
