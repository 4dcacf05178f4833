package vcsim

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// freeFolder is a name for a folder that the datastore has not yet.
func freeFolder(ds *simulator.Datastore, name string) string {
	dir := dirOnDisk(ds)
	for n, try := 0, name; ; {
		if _, err := os.Stat(filepath.Join(dir, try)); dir == "" || err != nil {
			return try
		}
		n++
		try = fmt.Sprintf("%s_%d", name, n)
	}
}

// write makes the files of a clone: an empty .vmx, and disks that are copies of the
// original's, or empty where those have no files.
func (at place) write(reg *simulator.Registry, vm *simulator.VirtualMachine, from []types.BaseVirtualDevice) {
	vmx := at.onDisk(reg, vm.Config.Files.VmPathName)
	if vmx == "" || os.MkdirAll(filepath.Dir(vmx), 0o700) != nil {
		return
	}
	_ = os.WriteFile(vmx, nil, 0o600)
	for i, dev := range vm.Config.Hardware.Device {
		to, src := at.onDisk(reg, fileOf(dev)), at.onDisk(reg, fileOf(from[i]))
		if to == "" {
			continue
		}
		if src == "" || isChild(dev) {
			_ = os.WriteFile(to, nil, 0o600)
			continue
		}
		copyDisk(src, to)
		copyDisk(simulator.VirtualDiskBackingFileName(src), simulator.VirtualDiskBackingFileName(to))
	}
}

// isChild tells whether a disk stands on another.
func isChild(dev types.BaseVirtualDevice) bool {
	disk, ok := dev.(*types.VirtualDisk)
	if !ok {
		return false
	}
	b, ok := disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	return ok && b.Parent != nil
}

// fileOf is the file of a disk; "" for other devices.
func fileOf(dev types.BaseVirtualDevice) string {
	disk, ok := dev.(*types.VirtualDisk)
	if !ok {
		return ""
	}
	if b, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
		return b.GetVirtualDeviceFileBackingInfo().FileName
	}
	return ""
}

// onDisk is where the file of a datastore path is; "" where the host has no such
// datastore.
func (at place) onDisk(reg *simulator.Registry, p string) string {
	name, rel, ok := strings.Cut(strings.TrimPrefix(p, "["), "] ")
	if !ok {
		return ""
	}
	for _, ref := range at.host.Datastore {
		if ds, ok := reg.Get(ref).(*simulator.Datastore); ok && ds.Name == name && dirOnDisk(ds) != "" {
			return filepath.Join(dirOnDisk(ds), rel)
		}
	}
	return ""
}

// wholeCopy is up to which size a disk is copied; of larger ones only the size is.
const wholeCopy = 64 << 20

func copyDisk(from, to string) {
	info, err := os.Stat(from)
	if err != nil {
		_ = os.WriteFile(to, nil, 0o600)
		return
	}
	if info.Size() > wholeCopy {
		_ = os.WriteFile(to, nil, 0o600)
		_ = os.Truncate(to, info.Size())
		return
	}
	if data, err := os.ReadFile(from); err == nil { //nolint:gosec // below the simulator's own directory
		_ = os.WriteFile(to, data, 0o600) //nolint:gosec // as above
	}
}
