package vsphere_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// has wants each of these lines among the facts.
func has(t *testing.T, d *backend.Detail, lines ...string) {
	t.Helper()
	got := factsOf(d)
	for _, l := range lines {
		if !strings.Contains("\n"+got, "\n"+l) {
			t.Errorf("no %q in\n%s", l, got)
		}
	}
}

func get(t *testing.T, b backend.Backend, r backend.Ref) *backend.Detail {
	t.Helper()
	d, err := b.Get(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if time.Since(d.At) > time.Minute {
		t.Errorf("fetched at %v", d.At)
	}
	return d
}

func TestDatastoreDetails(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	ds := s.Model().Map().Any("Datastore").(*simulator.Datastore)
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.Local)
	ds.Summary.Type, ds.Summary.Capacity, ds.Summary.FreeSpace, ds.Summary.Uncommitted = "VMFS", 100<<30, 40<<30, 20<<30
	ds.Summary.MultipleHostAccess = types.NewBool(true)
	ds.Summary.MaintenanceMode = string(types.DatastoreSummaryMaintenanceModeStateEnteringMaintenance)
	ds.Info = &types.VmfsDatastoreInfo{
		DatastoreInfo: types.DatastoreInfo{Name: ds.Name, Url: ds.Summary.Url, Timestamp: &at},
		Vmfs: &types.HostVmfsVolume{Uuid: "5f3c-uuid", Version: "6.82", BlockSizeMb: 1, Ssd: types.NewBool(true),
			Extent: []types.HostScsiDiskPartition{{DiskName: "naa.600", Partition: 1}}},
	}
	ds.Host[0].MountInfo = types.HostMountInfo{
		AccessMode: "readOnly", Path: "/vmfs/volumes/5f3c", Accessible: types.NewBool(false), InaccessibleReason: "AllPathsDown_Start",
	}
	b := dial(t, vsphere.Options{URL: s.URL()})
	list(t, b, backend.Query{Kind: backend.KindVM})
	pool := titled[*backend.Pool](t, b, backend.KindPool)[ds.Name]
	if !pool.Maintenance || pool.Rev == 0 {
		t.Errorf("%+v", pool)
	}
	has(t, get(t, b, pool.ID), "Type: VMFS\n", "UUID: 5f3c-uuid\n", "VMFS version: 6.82\n", "Block size: 1 MiB\n", "Extents: naa.600:1\n",
		"Flash: on\n", "Capacity: 100 GiB\n", "Free: 40 GiB (as of 2026-11-20 10:00:00)\n", "Provisioned: 80 GiB\n", "Uncommitted: 20 GiB\n",
		"Several hosts: on\n", "Maintenance: entering\n", "Host DC0_", "VMs: DC0_C0_RP0_VM0, DC0_H0_VM0\n")
	has(t, get(t, b, pool.ID), "Host "+s.Model().Map().Get(ds.Host[0].Key).(*simulator.HostSystem).Name+
		": read only, at /vmfs/volumes/5f3c, not accessible AllPathsDown_Start\n")
	ds.Info = &types.NasDatastoreInfo{Nas: &types.HostNasVolume{
		RemoteHost: "nas.example.net", RemotePath: "/export/vm", HostFileSystemVolume: types.HostFileSystemVolume{Type: "NFS41"},
	}}
	has(t, get(t, b, pool.ID), "Server: nas.example.net\n", "Path at the server: /export/vm\n", "Protocol: NFS41\n")
}

func TestVMDetailsInFull(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	vm := machineNamed(t, s, "web-01")
	mem := int64(2048)
	vm.Config.MemoryAllocation = &types.ResourceAllocationInfo{
		Reservation: &mem, Limit: types.NewInt64(-1), Shares: &types.SharesInfo{Level: types.SharesLevelHigh, Shares: 4000},
	}
	cdrom := &types.VirtualMachineBootOptionsBootableCdromDevice{}
	vm.Config.BootOptions = &types.VirtualMachineBootOptions{BootOrder: []types.BaseVirtualMachineBootOptionsBootableDevice{cdrom}}
	vm.Guest.ToolsVersion, vm.Guest.ToolsInstallType = "12389", "guestToolsTypeOpenVMTools"
	vm.Guest.Disk = []types.GuestDiskInfo{{DiskPath: "/", Capacity: 40 << 30, FreeSpace: 12 << 30}}
	vm.GuestHeartbeatStatus = types.ManagedEntityStatusGreen
	vm.Summary.QuickStats.BalloonedMemory = 64
	vm.Summary.Storage = &types.VirtualMachineStorageSummary{
		Committed: 3 << 30, Uncommitted: 37 << 30, Timestamp: time.Date(2026, 11, 20, 10, 0, 0, 0, time.Local),
	}
	b := dial(t, vsphere.Options{URL: s.URL()})
	d := get(t, b, titled[*backend.VM](t, b, backend.KindVM)["web-01"].ID)
	has(t, d, "Path: [fra1-ssd-01] web-01/web-01.vmx\n", "Folder: Production\n", "Resource pool path: production\n", "UUID: ", "Instance UUID: ",
		"Hardware version: vmx-21\n", "Boot order: CD-ROM\n", "Memory shares: 2 GiB reserved, no limit, high shares (4000)\n",
		"Tools version: 12389, managed by the guest\n", "Tools kind: open-vm-tools\n", "Guest state: running\n", "Guest heartbeat: as it should be\n",
		"Guest disk /: 12 GiB free of 40 GiB\n", "Uptime: ", "CPU in use: ", "Host memory: ", "Active memory: ", "Ballooned memory: 64 MiB\n",
		"Storage: 3 GiB used, 37 GiB more may come (as of 2026-11-20 10:00:00)\n")
}

// machineNamed is a simulated VM.
func machineNamed(t *testing.T, s *vcsim.Server, name string) *simulator.VirtualMachine {
	t.Helper()
	for _, e := range s.Model().Map().All("VirtualMachine") {
		if vm := e.(*simulator.VirtualMachine); vm.Name == name {
			return vm
		}
	}
	t.Fatalf("no VM %s", name)
	return nil
}

func TestUseOfTheDemoMoves(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for name, p := range titled[*backend.ResourcePool](t, b, backend.KindResourcePool) {
		if p.CPUUsedMHz == 0 || p.MemoryUsed == 0 || p.VMs == 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for name, c := range titled[*backend.Cluster](t, b, backend.KindCluster) {
		if c.CPUUsedMHz == 0 || c.CPUUsedMHz > c.CPUMHz || c.MemoryUsed == 0 || c.MemoryUsed > c.Memory || c.VMs == 0 {
			t.Errorf("%s: %+v", name, c)
		}
	}
	d := get(t, b, list(t, b, backend.Query{Kind: backend.KindCluster})[0].Ref())
	has(t, d, "DRS: on", "HA: on\n", "CPU wanted: ")
	d = get(t, b, titled[*backend.ResourcePool](t, b, backend.KindResourcePool)["production"].ID)
	has(t, d, "CPU: ", "Memory: ", "CPU in use: ", "VMs: ")
}
