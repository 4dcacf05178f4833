package vsphere

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

func datastorePaths() []string {
	return append(leanPaths("Datastore"), "vm", "info", "iormConfiguration")
}

// fillStore says what a datastore is, how full, who reaches it, and what is on it.
func (c *Conn) fillStore(d *backend.Detail, got props) {
	sum := as[types.DatastoreSummary](got["summary"])
	add(d, "Type", sum.Type)
	add(d, "URL", sum.Url)
	info := got["info"]
	storeInfo(d, info)
	add(d, "Capacity", sizeWords(uint64(max(sum.Capacity, 0))))
	age := ""
	if base := baseInfo(info); base != nil && base.Timestamp != nil {
		age = asOf(c.ours(*base.Timestamp))
	}
	add(d, "Free", sizeWords(uint64(max(sum.FreeSpace, 0)))+age)
	add(d, "Provisioned", sizeWords(uint64(max(sum.Capacity-sum.FreeSpace+sum.Uncommitted, 0))))
	add(d, "Uncommitted", sizeWords(uint64(max(sum.Uncommitted, 0))))
	if sum.MultipleHostAccess != nil {
		add(d, "Several hosts", yesNo(*sum.MultipleHostAccess))
	}
	add(d, "Maintenance", maintenanceWords(sum.MaintenanceMode))
	if iorm := as[types.StorageIORMInfo](got["iormConfiguration"]); iorm.Enabled {
		add(d, "Storage I/O control", "on")
	}
	for _, m := range as[types.ArrayOfDatastoreHostMount](got["host"]).DatastoreHostMount {
		add(d, "Host "+c.names.name(m.Key.Value), mountWords(m.MountInfo))
	}
	add(d, "VMs", c.listed(as[types.ArrayOfManagedObjectReference](got["vm"]).ManagedObjectReference))
}

// baseInfo is what all kinds of datastores tell.
func baseInfo(info any) *types.DatastoreInfo {
	switch i := info.(type) {
	case types.VmfsDatastoreInfo:
		return &i.DatastoreInfo
	case types.NasDatastoreInfo:
		return &i.DatastoreInfo
	case types.LocalDatastoreInfo:
		return &i.DatastoreInfo
	case types.VvolDatastoreInfo:
		return &i.DatastoreInfo
	case types.VsanDatastoreInfo:
		return &i.DatastoreInfo
	case types.PMemDatastoreInfo:
		return &i.DatastoreInfo
	case types.DatastoreInfo:
		return &i
	default:
		return nil
	}
}

// storeInfo is what only one kind of datastore has.
func storeInfo(d *backend.Detail, info any) {
	switch i := info.(type) {
	case types.VmfsDatastoreInfo:
		if i.Vmfs == nil {
			return
		}
		add(d, "UUID", i.Vmfs.Uuid)
		add(d, "VMFS version", i.Vmfs.Version)
		add(d, "Block size", blockWords(i.Vmfs))
		var disks []string
		for _, e := range i.Vmfs.Extent {
			disks = append(disks, fmt.Sprintf("%s:%d", e.DiskName, e.Partition))
		}
		add(d, "Extents", strings.Join(disks, ", "))
		if i.Vmfs.Local != nil {
			add(d, "Local disk", yesNo(*i.Vmfs.Local))
		}
		if i.Vmfs.Ssd != nil {
			add(d, "Flash", yesNo(*i.Vmfs.Ssd))
		}
	case types.NasDatastoreInfo:
		if i.Nas == nil {
			return
		}
		servers := i.Nas.RemoteHostNames
		if len(servers) == 0 {
			servers = []string{i.Nas.RemoteHost}
		}
		add(d, "Server", strings.Join(servers, ", "))
		add(d, "Path at the server", i.Nas.RemotePath)
		add(d, "Protocol", i.Nas.Type)
	case types.VvolDatastoreInfo:
		if i.VvolDS != nil {
			add(d, "Container", i.VvolDS.ScId)
		}
	case types.LocalDatastoreInfo:
		add(d, "Path at the host", i.Path)
	case types.VsanDatastoreInfo:
		add(d, "UUID", i.MembershipUuid)
	}
}

// blockWords is the block size. Source: HostVmfsVolume.blockSize (KiB), else blockSizeMb.
func blockWords(v *types.HostVmfsVolume) string {
	switch {
	case v.BlockSize > 0:
		return sizeWords(uint64(v.BlockSize) << 10)
	case v.BlockSizeMb > 0:
		return sizeWords(uint64(v.BlockSizeMb) << 20)
	default:
		return ""
	}
}

func maintenanceWords(mode string) string {
	switch types.DatastoreSummaryMaintenanceModeState(mode) {
	case types.DatastoreSummaryMaintenanceModeStateEnteringMaintenance:
		return "entering"
	case types.DatastoreSummaryMaintenanceModeStateInMaintenance:
		return "on"
	case types.DatastoreSummaryMaintenanceModeStateNormal:
		return "off"
	default:
		return mode
	}
}

// mountWords is how a host reaches a datastore. Source: HostMountInfo.
func mountWords(m types.HostMountInfo) string {
	words := map[string]string{"readWrite": "read and write", "readOnly": "read only"}[m.AccessMode]
	parts := []string{orDefault(words, m.AccessMode)}
	if m.Path != "" {
		parts = append(parts, "at "+m.Path)
	}
	if m.Mounted != nil && !*m.Mounted {
		parts = append(parts, "not mounted")
	}
	if m.Accessible != nil && !*m.Accessible {
		parts = append(parts, strings.TrimSpace("not accessible "+m.InaccessibleReason))
	}
	return strings.Join(parts, ", ")
}

// listedMost is how many names a fact lists.
const listedMost = 40

// listed is the names of objects, in order, and how many more there are.
func (c *Conn) listed(refs []moref) string {
	all := make([]string, 0, len(refs))
	for _, r := range refs {
		all = append(all, c.names.name(r.Value))
	}
	slices.Sort(all)
	if len(all) <= listedMost {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:listedMost], ", "), len(all)-listedMost)
}

// fillNetwork says where a network is; what the hosts say of a standard port group costs
// a second call.
func (c *Conn) fillNetwork(ctx context.Context, d *backend.Detail, got props) {
	hosts := as[types.ArrayOfManagedObjectReference](got["host"]).ManagedObjectReference
	s := &networkState{kind: c.moref(d.Ref).Type}
	for path, val := range got {
		s.set(c.names, path, val)
	}
	add(d, "Switch", c.names.place(s.dvs))
	add(d, "VLAN", s.vlan)
	if s.kind == "Network" && len(hosts) > 0 {
		c.standardFields(ctx, d, s.name, hosts)
	}
	if !s.accessible {
		add(d, "State", "no host reaches it")
	}
	add(d, "Hosts", c.listed(hosts))
	add(d, "VMs", c.listed(as[types.ArrayOfManagedObjectReference](got["vm"]).ManagedObjectReference))
}

// standardFields are the switch and VLAN of a standard port group at each host.
func (c *Conn) standardFields(ctx context.Context, d *backend.Detail, name string, hosts []moref) {
	sets := []types.PropertySpec{{Type: "HostSystem", PathSet: []string{"config.network.portgroup"}}}
	err := c.read(ctx, "describe", name, func(ctx context.Context) error {
		return c.retrieve(ctx, refSpec(hosts, sets), func(page []types.ObjectContent) {
			for _, o := range page {
				for _, g := range as[types.ArrayOfHostPortGroup](propsOf(o)["config.network.portgroup"]).HostPortGroup {
					if g.Spec.Name == name {
						add(d, "On "+c.names.name(o.Obj.Value), portGroupWords(g.Spec))
					}
				}
			}
		})
	})
	if err != nil {
		add(d, "Port groups", fail("", "", err).Error())
	}
}

func portGroupWords(spec types.HostPortGroupSpec) string {
	return spec.VswitchName + ", VLAN " + orDefault(standardVLAN(spec.VlanId), "none")
}

// fillCluster says what a cluster does by itself.
func (c *Conn) fillCluster(d *backend.Detail, got props) {
	cfg := as[types.ClusterConfigInfoEx](got["configurationEx"])
	drs := "off"
	if cfg.DrsConfig.Enabled != nil && *cfg.DrsConfig.Enabled {
		drs = orDefault(drsWords(cfg.DrsConfig.DefaultVmBehavior), "on")
	}
	add(d, "DRS", drs)
	ha := "off"
	if cfg.DasConfig.Enabled != nil && *cfg.DasConfig.Enabled {
		ha = "on"
	}
	add(d, "HA", ha)
	sum, _ := got["summary"].(types.ClusterComputeResourceSummary)
	add(d, "Physical CPUs", count(int(sum.NumCpuCores)))
	add(d, "CPU threads", count(int(sum.NumCpuThreads)))
	add(d, "EVC mode", sum.CurrentEVCModeKey)
	add(d, "Moves by DRS", count(int(sum.NumVmotions)))
	if u := sum.UsageSummary; u != nil {
		add(d, "CPU wanted", fmt.Sprintf("%d MHz of %d", u.CpuDemandMhz, u.TotalCpuCapacityMhz))
		add(d, "Memory wanted", mebibytes(int64(u.MemDemandMB))+" of "+mebibytes(int64(u.TotalMemCapacityMB)))
	}
}

func drsWords(b types.DrsBehavior) string {
	switch b {
	case types.DrsBehaviorManual:
		return "on, asks before each move"
	case types.DrsBehaviorPartiallyAutomated:
		return "on, places new VMs by itself"
	case types.DrsBehaviorFullyAutomated:
		return "on, moves VMs by itself"
	default:
		return ""
	}
}

func resourcePoolPaths() []string {
	return []string{"name", "parent", "owner", "overallStatus", "config", "runtime", "vm"}
}

// fillResourcePool says what a pool may take and takes.
func (c *Conn) fillResourcePool(d *backend.Detail, got props) {
	cfg := as[types.ResourceConfigSpec](got["config"])
	add(d, "CPU", allocationWords(cfg.CpuAllocation, func(n int64) string { return fmt.Sprintf("%d MHz", n) }))
	add(d, "Memory", allocationWords(cfg.MemoryAllocation, mebibytes))
	run, _ := got["runtime"].(types.ResourcePoolRuntimeInfo)
	add(d, "CPU in use", fmt.Sprintf("%d MHz of %d", run.Cpu.OverallUsage, run.Cpu.MaxUsage))
	add(d, "Memory in use", sizeWords(uint64(max(run.Memory.OverallUsage, 0)))+" of "+sizeWords(uint64(max(run.Memory.MaxUsage, 0))))
	add(d, "VMs", c.listed(as[types.ArrayOfManagedObjectReference](got["vm"]).ManagedObjectReference))
	if cfg.LastModified != nil {
		add(d, "Configured", cfg.LastModified.Local().Format(time.DateTime))
	}
}

// fillFolder gives the facts of a place.
func (c *Conn) fillFolder(d *backend.Detail, _ props) {
	add(d, "Path", c.names.inventoryPath(d.Ref.ID))
}
