package vsphere

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

func hostDetailPaths() []string {
	return []string{
		"name", "summary.hardware", "summary.config.product", "summary.managementServerIp", "summary.rebootRequired",
		"hardware.cpuInfo", "hardware.numaInfo", "hardware.biosInfo", "hardware.systemInfo", "hardware.memorySize",
		"runtime.connectionState", "runtime.powerState", "runtime.inMaintenanceMode", "runtime.bootTime",
	}
}

func fillHost(d *backend.Detail, got props) {
	hw := as[types.HostHardwareSummary](got["summary.hardware"])
	cpu := as[types.HostCpuInfo](got["hardware.cpuInfo"])
	numa := as[types.HostNumaInfo](got["hardware.numaInfo"])
	product := as[types.AboutInfo](got["summary.config.product"])
	d.Host = &backend.HostDetail{
		Sockets: int(max(cpu.NumCpuPackages, 0)), Cores: int(max(cpu.NumCpuCores, 0)), Threads: int(max(cpu.NumCpuThreads, 0)),
		Cells: int(max(numa.NumNodes, 0)), Hypervisor: product.FullName, Library: "vSphere API " + product.ApiVersion,
	}
	if d.Host.Sockets == 0 {
		d.Host.Sockets, d.Host.Cores, d.Host.Threads = int(max(hw.NumCpuPkgs, 0)), int(max(hw.NumCpuCores, 0)), int(max(hw.NumCpuThreads, 0))
	}
	add(d, "Vendor", hw.Vendor)
	add(d, "Model", hw.Model)
	add(d, "CPU model", hw.CpuModel)
	if bios := as[types.HostBIOSInfo](got["hardware.biosInfo"]); bios.BiosVersion != "" {
		add(d, "BIOS", biosWords(bios))
	}
	system := as[types.HostSystemInfo](got["hardware.systemInfo"])
	add(d, "Serial number", system.SerialNumber)
	add(d, "UUID", orDefault(system.Uuid, hw.Uuid))
	add(d, "Network adapters", count(int(hw.NumNics)))
	add(d, "Storage adapters", count(int(hw.NumHBAs)))
	add(d, "Managed by", as[string](got["summary.managementServerIp"]))
	if as[bool](got["summary.rebootRequired"]) {
		add(d, "Reboot", "required")
	}
}

func biosWords(b types.HostBIOSInfo) string {
	words := b.BiosVersion
	if b.Vendor != "" {
		words = b.Vendor + " " + words
	}
	if b.ReleaseDate != nil {
		words += ", " + b.ReleaseDate.Format(time.DateOnly)
	}
	return words
}

func count(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprint(n)
}
