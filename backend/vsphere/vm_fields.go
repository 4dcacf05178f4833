package vsphere

import (
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// vmFieldPaths are the properties that are only shown as facts.
func vmFieldPaths() []string {
	return []string{
		"config.cpuAllocation", "config.memoryAllocation", "config.tools", "config.modified", "config.createDate",
		"summary.quickStats", "guestHeartbeatStatus",
	}
}

// vmFields are the facts of a VM: what it is, its hardware, its shares of the host, its
// guest, and what it uses at the moment. Figures without a time of their own are of
// Detail.At.
func (c *Conn) vmFields(d *backend.Detail, got props, hw types.VirtualHardware) {
	files := as[types.VirtualMachineFileInfo](got["config.files"])
	add(d, "Path", files.VmPathName)
	add(d, "Folder", c.names.folderPath(moidOf(got["parent"])))
	add(d, "Resource pool path", c.names.poolPath(moidOf(got["resourcePool"])))
	add(d, "UUID", as[string](got["config.uuid"]))
	add(d, "Instance UUID", as[string](got["config.instanceUuid"]))
	add(d, "Created", moment(c.ours(as[time.Time](got["config.createDate"]))))
	add(d, "Configured", moment(c.ours(as[time.Time](got["config.modified"]))))
	hardwareFields(d, got, hw)
	add(d, "CPU shares", allocationWords(got["config.cpuAllocation"], func(n int64) string { return fmt.Sprintf("%d MHz", n) }))
	add(d, "Memory shares", allocationWords(got["config.memoryAllocation"], mebibytes))
	guestFields(d, got)
	c.loadFields(d, got)
}

func hardwareFields(d *backend.Detail, got props, hw types.VirtualHardware) {
	add(d, "Hardware version", as[string](got["config.version"]))
	if hw.NumCoresPerSocket != nil {
		d.VM.CoresPerSocket = int(max(*hw.NumCoresPerSocket, 0))
		add(d, "Cores per socket", fmt.Sprint(*hw.NumCoresPerSocket))
	}
	add(d, "CPU hot add", yesNo(got["config.cpuHotAddEnabled"]))
	add(d, "Memory hot add", yesNo(got["config.memoryHotAddEnabled"]))
	add(d, "Boot order", bootOrder(as[types.VirtualMachineBootOptions](got["config.bootOptions"]), hw.Device))
	add(d, "Changed block tracking", yesNo(got["config.changeTrackingEnabled"]))
}

// bootOrder names the devices that the firmware tries; "" where it is left to it.
func bootOrder(boot types.VirtualMachineBootOptions, devices []types.BaseVirtualDevice) string {
	named := func(key int32, otherwise string) string {
		for _, dev := range devices {
			if v := dev.GetVirtualDevice(); v.Key == key {
				return orDefault(label(v), otherwise)
			}
		}
		return otherwise
	}
	var order []string
	for _, b := range boot.BootOrder {
		switch b := b.(type) {
		case *types.VirtualMachineBootOptionsBootableDiskDevice:
			order = append(order, named(b.DeviceKey, "disk"))
		case *types.VirtualMachineBootOptionsBootableEthernetDevice:
			order = append(order, named(b.DeviceKey, "network"))
		case *types.VirtualMachineBootOptionsBootableCdromDevice:
			order = append(order, "CD-ROM")
		case *types.VirtualMachineBootOptionsBootableFloppyDevice:
			order = append(order, "floppy")
		}
	}
	return strings.Join(order, ", ")
}

// allocationWords is what a VM is sure to get, may get at most, and its weight among
// others. Source: ResourceAllocationInfo.
func allocationWords(val any, amount func(int64) string) string {
	a, ok := val.(types.ResourceAllocationInfo)
	if !ok {
		return ""
	}
	words := "nothing reserved"
	if a.Reservation != nil && *a.Reservation > 0 {
		words = amount(*a.Reservation) + " reserved"
	}
	if a.Limit != nil && *a.Limit >= 0 {
		words += ", at most " + amount(*a.Limit)
	} else {
		words += ", no limit"
	}
	if s := a.Shares; s != nil && s.Level != "" {
		words += fmt.Sprintf(", %s shares", s.Level)
		if s.Shares > 0 {
			words += fmt.Sprintf(" (%d)", s.Shares)
		}
	}
	return words
}

// guestFields is what VMware Tools say.
func guestFields(d *backend.Detail, got props) {
	guest := as[types.GuestInfo](got["guest"])
	add(d, "Tools version", toolsVersion(guest))
	add(d, "Tools kind", toolsKind(guest.ToolsInstallType))
	if tools := as[types.ToolsConfigInfo](got["config.tools"]); tools.ToolsUpgradePolicy != "" {
		add(d, "Tools upgrade", map[string]string{"manual": "by hand", "upgradeAtPowerCycle": "at power on"}[tools.ToolsUpgradePolicy])
	}
	add(d, "Guest state", guest.GuestState)
	add(d, "Guest heartbeat", heartbeatWords(got["guestHeartbeatStatus"]))
	for _, disk := range guest.Disk {
		if disk.Capacity > 0 {
			add(d, "Guest disk "+disk.DiskPath, fmt.Sprintf("%s free of %s", sizeWords(uint64(max(disk.FreeSpace, 0))), sizeWords(uint64(disk.Capacity))))
		}
	}
}

// toolsVersion is the version and how it stands to what the host has.
func toolsVersion(g types.GuestInfo) string {
	if g.ToolsVersion == "" || g.ToolsVersion == "0" {
		return ""
	}
	words := g.ToolsVersion
	switch types.VirtualMachineToolsVersionStatus(g.ToolsVersionStatus2) {
	case types.VirtualMachineToolsVersionStatusGuestToolsCurrent:
		return words + ", current"
	case types.VirtualMachineToolsVersionStatusGuestToolsUnmanaged:
		return words + ", managed by the guest"
	case types.VirtualMachineToolsVersionStatusGuestToolsSupportedOld, types.VirtualMachineToolsVersionStatusGuestToolsNeedUpgrade:
		return words + ", an upgrade is available"
	case types.VirtualMachineToolsVersionStatusGuestToolsTooOld:
		return words + ", too old"
	case types.VirtualMachineToolsVersionStatusGuestToolsBlacklisted:
		return words + ", with a known grave fault: upgrade it"
	default:
		return words
	}
}

func toolsKind(kind string) string {
	switch types.VirtualMachineToolsInstallType(kind) {
	case types.VirtualMachineToolsInstallTypeGuestToolsTypeOpenVMTools:
		return "open-vm-tools"
	case types.VirtualMachineToolsInstallTypeGuestToolsTypeMSI:
		return "installer for Windows"
	case types.VirtualMachineToolsInstallTypeGuestToolsTypeTar:
		return "tar installer"
	case types.VirtualMachineToolsInstallTypeGuestToolsTypeOSP:
		return "operating system's package"
	default:
		return ""
	}
}

func heartbeatWords(val any) string {
	switch val {
	case types.ManagedEntityStatusGreen:
		return "as it should be"
	case types.ManagedEntityStatusYellow:
		return "missing now and then"
	case types.ManagedEntityStatusRed:
		return "none"
	default:
		return "" // no tools, or off
	}
}

// loadFields is what the VM takes of its host and its datastores.
func (c *Conn) loadFields(d *backend.Detail, got props) {
	q := as[types.VirtualMachineQuickStats](got["summary.quickStats"])
	run := as[types.VirtualMachineRuntimeInfo](got["runtime"])
	if run.PowerState == types.VirtualMachinePowerStatePoweredOn {
		if q.UptimeSeconds > 0 {
			add(d, "Uptime", (time.Duration(q.UptimeSeconds) * time.Second).String())
		}
		add(d, "CPU in use", fmt.Sprintf("%d MHz of %d", q.OverallCpuUsage, run.MaxCpuUsage))
		add(d, "Host memory", mebibytes(int64(q.HostMemoryUsage)))
		add(d, "Active memory", mebibytes(int64(q.GuestMemoryUsage)))
	}
	for _, m := range []struct {
		name string
		mb   int64
	}{
		{"Ballooned memory", int64(q.BalloonedMemory)}, {"Swapped memory", int64(q.SwappedMemory)},
		{"Compressed memory", q.CompressedMemory >> 10},
	} {
		if m.mb > 0 {
			add(d, m.name, mebibytes(m.mb))
		}
	}
	if s, ok := got["summary.storage"].(types.VirtualMachineStorageSummary); ok {
		words := fmt.Sprintf("%s used, %s more may come", sizeWords(uint64(max(s.Committed, 0))), sizeWords(uint64(max(s.Uncommitted, 0))))
		add(d, "Storage", words+asOf(c.ours(s.Timestamp)))
	}
	if run.ConsolidationNeeded {
		add(d, "Disks", "consolidation is needed")
	}
}

func mebibytes(n int64) string { return sizeWords(uint64(max(n, 0)) << 20) }

// moment is a time for people, in their zone; "" for none.
func moment(t time.Time) string {
	if t.Year() <= 1970 {
		return ""
	}
	return t.Local().Format(time.DateTime)
}

// asOf says how old a value is that the server keeps for longer.
func asOf(t time.Time) string {
	if at := moment(t); at != "" {
		return " (as of " + at + ")"
	}
	return ""
}
