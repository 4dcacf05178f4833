package vcsim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// machineSpec is a group of like VMs of the demo.
type machineSpec struct {
	site          int
	name          string // "web-%02d", or a name when there is one
	count         int
	folder        string
	pool, net, ds int
	guestID, os   string
	cpus, memMB   int
	diskGB        int
	off           int // how many of the last ones are off
	load          int // percent of their CPUs, about
}

const (
	debian  = "Debian GNU/Linux 12 (64-bit)"
	ubuntu  = "Ubuntu Linux (64-bit)"
	windows = "Microsoft Windows Server 2022 (64-bit)"
	desktop = "Microsoft Windows 11 (64-bit)"
	rocky   = "Rocky Linux (64-bit)"
)

func demoMachines() []machineSpec {
	return []machineSpec{
		{0, "web-%02d", 6, "Production", 0, 0, 0, "debian12_64Guest", debian, 4, 8192, 40, 1, 35},
		{0, "api-%02d", 4, "Production", 0, 0, 0, "debian12_64Guest", debian, 4, 8192, 40, 0, 45},
		{0, "db-%02d", 4, "Production", 0, 1, 1, "rockylinux_64Guest", rocky, 8, 32768, 400, 0, 55},
		{0, "cache-%02d", 3, "Production", 0, 1, 0, "debian12_64Guest", debian, 2, 16384, 20, 0, 25},
		{0, "mail-%02d", 2, "Production", 0, 0, 1, "debian12_64Guest", debian, 2, 4096, 120, 0, 10},
		{0, "dns-%d", 2, "Production", 0, 1, 0, "debian12_64Guest", debian, 1, 1024, 10, 0, 3},
		{0, "ad-%d", 2, "Production", 0, 1, 1, "windows2022srvNext_64Guest", windows, 2, 8192, 80, 0, 8},
		{0, "build-%d", 8, "Build", 1, 2, 0, "ubuntu64Guest", ubuntu, 8, 16384, 100, 2, 80},
		{0, "legacy-erp", 1, "Production", 0, 1, 2, "windows2022srvNext_64Guest", windows, 4, 16384, 300, 1, 20},
		{0, "debian-12-template", 1, "Templates", 1, 2, 2, "debian12_64Guest", debian, 2, 2048, 20, 1, 0},
		{1, "web-dub-%02d", 4, "Production", 0, 0, 0, "debian12_64Guest", debian, 4, 8192, 40, 0, 30},
		{1, "db-dub-%02d", 3, "Production", 0, 1, 1, "rockylinux_64Guest", rocky, 8, 32768, 400, 0, 40},
		{1, "monitor-%d", 2, "Production", 0, 1, 0, "debian12_64Guest", debian, 4, 8192, 200, 0, 20},
		{1, "log-%d", 3, "Production", 0, 1, 1, "debian12_64Guest", debian, 4, 16384, 800, 0, 50},
		{1, "backup-%d", 2, "Production", 0, 1, 2, "debian12_64Guest", debian, 2, 4096, 60, 0, 15},
		{1, "vdi-%02d", 8, "Desktops", 1, 2, 0, "windows11_64Guest", desktop, 2, 8192, 64, 3, 12},
		{1, "test-%d", 5, "Build", 1, 2, 0, "ubuntu64Guest", ubuntu, 2, 4096, 40, 2, 22},
		{1, "windows-2022-template", 1, "Templates", 1, 2, 2, "windows2022srvNext_64Guest", windows, 2, 4096, 60, 1, 0},
	}
}

// addMachine copies the model VM into one of the demo's.
func (s *Server) addMachine(model *simulator.VirtualMachine, number, i int, spec machineSpec, st *site) error {
	name := spec.name
	if spec.count > 1 {
		name = fmt.Sprintf(spec.name, i+1)
	}
	at := place{
		folder: st.folders[spec.folder], pool: st.pools[spec.pool],
		ds: st.stores[spec.ds], host: st.hosts[number%len(st.hosts)],
	}
	vm := copyVM(model, number, name, at)
	s.configure(vm, spec, at.ds.Name)
	s.equip(vm, number, spec, st)
	on := i < spec.count-spec.off
	s.boot(vm, number, spec, on, st)
	vm.Summary.Config.Template = spec.folder == "Templates"
	vm.Config.Template = vm.Summary.Config.Template
	if vm.Config.Template {
		vm.ResourcePool = nil
	}
	at.add(s.model.Map(), vm)
	pg := st.nets[spec.net]
	pg.Vm = append(pg.Vm, vm.Self)
	return st.files(at.ds, &vm.VirtualMachine, spec.diskGB)
}

// configure sets the size, the guest OS and the place of the files.
func (s *Server) configure(vm *simulator.VirtualMachine, spec machineSpec, store string) {
	dir := fmt.Sprintf("[%s] %s/", store, vm.Name)
	cfg := vm.Config
	cfg.GuestId, cfg.GuestFullName, cfg.Version, cfg.Firmware = spec.guestID, spec.os, "vmx-21", "efi"
	cfg.Files = types.VirtualMachineFileInfo{
		VmPathName: dir + vm.Name + ".vmx", SnapshotDirectory: dir, SuspendDirectory: dir, LogDirectory: dir,
	}
	cfg.Hardware.NumCPU, cfg.Hardware.MemoryMB = int32(spec.cpus), int32(spec.memMB)
	cfg.Annotation = ""
	sum := &vm.Summary.Config
	sum.GuestId, sum.GuestFullName, sum.VmPathName = spec.guestID, spec.os, cfg.Files.VmPathName
	sum.NumCpu, sum.MemorySizeMB, sum.HwVersion = int32(spec.cpus), int32(spec.memMB), cfg.Version
	vm.LayoutEx = &types.VirtualMachineFileLayoutEx{Timestamp: time.Now()}
	sizes := []struct {
		suffix string
		kind   types.VirtualMachineFileLayoutExFileType
		size   int64
	}{
		{".vmx", types.VirtualMachineFileLayoutExFileTypeConfig, 3 << 10},
		{".nvram", types.VirtualMachineFileLayoutExFileTypeNvram, 264 << 10},
		{".vmdk", types.VirtualMachineFileLayoutExFileTypeDiskExtent, int64(spec.diskGB) << 29},
	}
	for i, f := range sizes {
		vm.LayoutEx.File = append(vm.LayoutEx.File, types.VirtualMachineFileLayoutExFileInfo{
			Key: int32(i), Name: dir + vm.Name + f.suffix, Type: string(f.kind), Size: f.size, UniqueSize: f.size, Accessible: types.NewBool(true),
		})
	}
}

// equip gives the VM devices of its own: a disk and a NIC on the right port group.
func (s *Server) equip(vm *simulator.VirtualMachine, number int, spec machineSpec, st *site) {
	pg := st.nets[spec.net]
	devices := make([]types.BaseVirtualDevice, 0, len(vm.Config.Hardware.Device))
	for _, d := range vm.Config.Hardware.Device {
		switch dev := d.(type) {
		case *types.VirtualDisk:
			disk := *dev
			disk.CapacityInKB, disk.CapacityInBytes = int64(spec.diskGB)<<20, int64(spec.diskGB)<<30
			thin := true
			disk.Backing = &types.VirtualDiskFlatVer2BackingInfo{
				VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{
					FileName: dirOf(vm.Config.Files.VmPathName) + vm.Name + ".vmdk", Datastore: &st.stores[spec.ds].Self,
				},
				DiskMode: "persistent", ThinProvisioned: &thin,
			}
			devices = append(devices, &disk)
		case *types.VirtualE1000:
			devices = append(devices, newNIC(dev.VirtualEthernetCard, number, pg))
		case *types.VirtualVmxnet3:
			devices = append(devices, newNIC(dev.VirtualEthernetCard, number, pg))
		default:
			devices = append(devices, d)
		}
	}
	vm.Config.Hardware.Device = devices
	vm.Network = []types.ManagedObjectReference{pg.Self}
	vm.Summary.Config.NumEthernetCards, vm.Summary.Config.NumVirtualDisks = 1, 1
}

func macOf(number int) string {
	return fmt.Sprintf("00:50:56:a4:%02x:%02x", number>>8&255, number&255)
}

func newNIC(card types.VirtualEthernetCard, number int, pg *simulator.DistributedVirtualPortgroup) *types.VirtualVmxnet3 {
	nic := &types.VirtualVmxnet3{}
	nic.VirtualEthernetCard = card
	nic.MacAddress, nic.AddressType = macOf(number), "assigned"
	nic.Connectable = &types.VirtualDeviceConnectInfo{Connected: true, StartConnected: true, AllowGuestControl: true}
	port := types.DistributedVirtualSwitchPortConnection{PortgroupKey: pg.Key}
	if pg.Config.DistributedVirtualSwitch != nil {
		port.SwitchUuid = pg.Config.DistributedVirtualSwitch.Value
	}
	nic.Backing = &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{Port: port}
	return nic
}

// boot sets the power state and what the guest tells through its tools.
func (s *Server) boot(vm *simulator.VirtualMachine, number int, spec machineSpec, on bool, st *site) {
	vm.Guest.GuestId, vm.Guest.GuestFullName = spec.guestID, spec.os
	vm.Runtime.MaxCpuUsage = int32(spec.cpus) * 2500
	vm.Runtime.MaxMemoryUsage = int32(spec.memMB)
	state := types.VirtualMachinePowerStatePoweredOff
	if on {
		state = types.VirtualMachinePowerStatePoweredOn
		booted := time.Now().Add(-time.Duration(number*37%1900) * time.Hour)
		vm.Runtime.BootTime = &booted
		ip := fmt.Sprintf("10.%d.%d.%d", st.stores[0].Summary.Capacity>>50+int64(spec.site+1), 10*(spec.net+1), number%200+10)
		vm.Guest.IpAddress, vm.Guest.HostName = ip, vm.Name+".example.net"
		vm.Guest.ToolsRunningStatus = string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)
		vm.Guest.ToolsStatus = types.VirtualMachineToolsStatusToolsOk
		vm.Guest.ToolsVersionStatus2 = string(types.VirtualMachineToolsVersionStatusGuestToolsUnmanaged)
		vm.Guest.GuestState = string(types.VirtualMachineGuestStateRunning)
		vm.Guest.Net = []types.GuestNicInfo{{
			Network: st.nets[spec.net].ManagedEntity.Name, IpAddress: []string{ip, fmt.Sprintf("fe80::250:56ff:fea4:%x", number)},
			MacAddress: macOf(number), Connected: true, DeviceConfigId: 4000,
		}}
		vm.Summary.Guest.IpAddress, vm.Summary.Guest.HostName = ip, vm.Guest.HostName
		vm.Summary.Guest.ToolsRunningStatus, vm.Summary.Guest.ToolsStatus = vm.Guest.ToolsRunningStatus, vm.Guest.ToolsStatus
	}
	vm.Runtime.PowerState = state
	vm.Summary.Runtime = vm.Runtime
}
