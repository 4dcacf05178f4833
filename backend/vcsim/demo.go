package vcsim

import (
	"fmt"
	"os"
	"path"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// demoSizes is the skeleton of the demo: the model creates it slowly, so only what
// cannot be copied comes from it. The VMs are copies of one.
func demoSizes(m *simulator.Model) {
	m.Datacenter, m.Cluster, m.ClusterHost, m.Host = 2, 1, 3, 0
	m.Pool, m.Datastore, m.Portgroup = 2, 3, 3
	m.Machine = 1
	m.Autostart = false
}

// site is one datacenter of the demo.
type site struct {
	dc      *simulator.Datacenter
	cluster *simulator.ClusterComputeResource
	hosts   []*simulator.HostSystem
	pools   []*simulator.ResourcePool // production, test
	stores  []*simulator.Datastore
	nets    []*simulator.DistributedVirtualPortgroup
	folders map[string]*simulator.Folder
}

// siteNames are what one site's objects are called.
type siteNames struct {
	dc, cluster string
	stores      [3]string
	nets        [3]string
}

func demoNames() []siteNames {
	return []siteNames{
		{"fra1", "fra1-prod", [3]string{"fra1-ssd-01", "fra1-ssd-02", "fra1-archive"}, [3]string{"vlan-110-web", "vlan-120-data", "vlan-130-build"}},
		{"dub2", "dub2-prod", [3]string{"dub2-ssd-01", "dub2-ssd-02", "dub2-archive"}, [3]string{"vlan-210-web", "vlan-220-data", "vlan-230-build"}},
	}
}

func (s *Server) addDemo() error {
	reg := s.model.Map()
	tmpl := reg.Any("VirtualMachine").(*simulator.VirtualMachine)
	base := tmpl.VirtualMachine
	bases := reg.All("VirtualMachine")
	var sites []*site
	for i, names := range demoNames() {
		st, err := s.site(i, names)
		if err != nil {
			return err
		}
		sites = append(sites, st)
	}
	for _, e := range bases {
		e.(*simulator.VirtualMachine).UnregisterVM(s.model.Service.Context, &types.UnregisterVM{This: e.Reference()})
		for _, st := range sites {
			for _, ds := range st.stores {
				_ = os.RemoveAll(path.Join(ds.Summary.Url, e.Entity().Name))
			}
		}
	}
	model := &simulator.VirtualMachine{VirtualMachine: base}
	number := 1000
	for _, spec := range demoMachines() {
		for i := range spec.count {
			number++
			if err := s.addMachine(model, number, i, spec, sites[spec.site]); err != nil {
				return err
			}
		}
	}
	return s.demoStory()
}

// site names and sizes the objects that the model made for one datacenter.
func (s *Server) site(i int, names siteNames) (*site, error) {
	reg, ctx := s.model.Map(), s.model.Service.Context
	old := fmt.Sprintf("DC%d", i)
	st := &site{folders: make(map[string]*simulator.Folder)}
	st.dc = byName(reg, "Datacenter", old).(*simulator.Datacenter)
	st.cluster = byName(reg, "ClusterComputeResource", old+"_C0").(*simulator.ClusterComputeResource)
	st.hosts = hostsOf(reg, st.cluster.Self)
	st.dc.Name, st.cluster.Name = names.dc, names.cluster
	slices.SortFunc(st.hosts, func(a, b *simulator.HostSystem) int { return len(a.Name) - len(b.Name) })
	for n, h := range st.hosts {
		nameHost(h, fmt.Sprintf("esx-%02d.%s.example.net", n+1, names.dc), n)
	}
	st.sizeCluster()
	for n, pool := range []string{"production", "test"} {
		p := byName(reg, "ResourcePool", fmt.Sprintf("%s_C0_RP%d", old, n+1)).(*simulator.ResourcePool)
		p.Name = pool
		st.pools = append(st.pools, p)
	}
	for n, name := range names.stores {
		ds := reg.Get(st.hosts[0].Datastore[n]).(*simulator.Datastore)
		nameStore(ds, name, n)
		st.stores = append(st.stores, ds)
	}
	for n, name := range names.nets {
		pg := byName(reg, "DistributedVirtualPortgroup", fmt.Sprintf("%s_DVPG%d", old, n)).(*simulator.DistributedVirtualPortgroup)
		pg.ManagedEntity.Name, pg.Network.Name, pg.Config.Name = name, name, name
		pg.Summary.GetNetworkSummary().Name = name
		st.nets = append(st.nets, pg)
	}
	vms := reg.Get(st.dc.VmFolder).(*simulator.Folder)
	for _, name := range []string{"Production", "Build", "Desktops", "Templates"} {
		made, ok := vms.CreateFolder(ctx, &types.CreateFolder{This: vms.Self, Name: name}).(*methods.CreateFolderBody)
		if !ok || made.Res == nil {
			return nil, fmt.Errorf("create folder %s", name)
		}
		st.folders[name] = reg.Get(made.Res.Returnval).(*simulator.Folder)
	}
	return st, nil
}

// nameHost makes a small simulated host a believable server.
func nameHost(h *simulator.HostSystem, name string, n int) {
	h.Name, h.Summary.Config.Name = name, name
	product := types.AboutInfo{}
	if h.Summary.Config.Product != nil {
		product = *h.Summary.Config.Product
	}
	product.Name, product.Version, product.Build = "VMware ESXi", "8.0.3", "24022510"
	product.FullName = "VMware ESXi 8.0.3 build-24022510"
	h.Summary.Config.Product = &product
	hw := *h.Summary.Hardware
	hw.Vendor, hw.Model = "Dell Inc.", "PowerEdge R660"
	hw.CpuModel, hw.CpuMhz = "Intel(R) Xeon(R) Gold 6426Y", 2500
	hw.NumCpuPkgs, hw.NumCpuCores, hw.NumCpuThreads, hw.MemorySize = 2, 16, 32, 256<<30
	h.Summary.Hardware = &hw
	info := *h.Hardware
	info.MemorySize = hw.MemorySize
	info.CpuInfo.NumCpuPackages, info.CpuInfo.NumCpuCores, info.CpuInfo.NumCpuThreads = 2, 16, 32
	info.CpuInfo.Hz = 2500 * 1000 * 1000
	info.SystemInfo.Vendor, info.SystemInfo.Model = hw.Vendor, hw.Model
	h.Hardware = &info
	h.Summary.QuickStats.Uptime = int32(86400 * (41 + 17*n))
}

func (st *site) sizeCluster() {
	n := int32(len(st.hosts))
	sum := st.cluster.Summary.GetComputeResourceSummary()
	sum.NumHosts, sum.NumEffectiveHosts = n, n
	sum.TotalCpu, sum.EffectiveCpu = n*16*2500, n*16*2400
	sum.TotalMemory, sum.EffectiveMemory = int64(n)*256<<30, int64(n)*250<<10
	sum.NumCpuCores, sum.NumCpuThreads = int16(n*16), int16(n*32)
	if full, ok := st.cluster.Summary.(*types.ClusterComputeResourceSummary); ok {
		full.UsageSummary = &types.ClusterUsageSummary{
			TotalCpuCapacityMhz: sum.TotalCpu, TotalMemCapacityMB: n * 256 << 10,
			CpuDemandMhz: sum.TotalCpu * 38 / 100, MemDemandMB: n * 104 << 10,
		}
	}
	if cfg, ok := st.cluster.ConfigurationEx.(*types.ClusterConfigInfoEx); ok {
		cfg.DrsConfig.Enabled, cfg.DasConfig.Enabled = types.NewBool(true), types.NewBool(true)
	}
}

func nameStore(ds *simulator.Datastore, name string, n int) {
	ds.Name, ds.Summary.Name = name, name
	ds.Info.GetDatastoreInfo().Name = name
	ds.Summary.Type = "VMFS"
	ds.Summary.Capacity = int64(4<<40) << n
	ds.Summary.FreeSpace = ds.Summary.Capacity / int64(3+n)
	ds.Info.GetDatastoreInfo().FreeSpace = ds.Summary.FreeSpace
	ds.Summary.MultipleHostAccess = types.NewBool(true)
}

// files makes the VM's files, sparse, where the datastore browser sees them.
func (st *site) files(ds *simulator.Datastore, vm *mo.VirtualMachine, diskGB int) error {
	dir := path.Join(ds.Summary.Url, vm.Name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	sizes := map[string]int64{".vmx": 3 << 10, ".nvram": 264 << 10, ".vmdk": int64(diskGB) << 30, ".vmsd": 1 << 10}
	for suffix, size := range sizes {
		f, err := os.Create(path.Join(dir, path.Base(vm.Name+suffix))) //nolint:gosec // below the simulator's own directory
		if err != nil {
			return err
		}
		if err := f.Truncate(size); err != nil {
			_ = f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
