package backendtest

import (
	"slices"
	"strings"

	"hvdeck/backend"
)

func deviceCases() []testCase {
	return []testCase{
		{name: "device/attach-disk", ops: []backend.Op{backend.VMAttachDiskOp{}}, run: attachDisk},
		{name: "device/attach-used", ops: []backend.Op{backend.VMAttachDiskOp{}}, run: attachUsed},
		{name: "device/attach-nic", ops: []backend.Op{backend.VMAttachNICOp{}}, run: attachNIC},
		{name: "device/detach", ops: []backend.Op{backend.VMDetachOp{}}, run: detachDevice},
		{name: "device/media", ops: []backend.Op{backend.VMMediaOp{}}, run: changeMedium},
	}
}

// diskWith finds the disk of a VM with this path.
func (r *run) diskWith(vm backend.Ref, path string) (backend.Disk, bool) {
	disks := r.vmDetail(vm).Disks
	i := slices.IndexFunc(disks, func(d backend.Disk) bool { return d.Path == path })
	if i < 0 {
		return backend.Disk{}, false
	}
	return disks[i], true
}

func (r *run) attached(vm backend.Ref, path string) backend.Disk {
	d, ok := r.diskWith(vm, path)
	if !ok {
		r.fatalf("the VM has no disk %q: %+v", path, r.vmDetail(vm).Disks)
	}
	return d
}

func attachDisk(r *run) {
	r.needs(backend.VerbAttach)
	p := r.pool()
	v := r.volume(backend.VolumeCreateOp{Pool: p, Name: prefix + "v", Format: "qcow2", Capacity: 8 * mib})
	vm := r.makeVM(r.smallVM())
	r.do(backend.VMAttachDiskOp{VM: vm, Path: v.Path, Device: "disk"})
	if d := r.attached(vm, v.Path); d.Device != "disk" || d.Format != "qcow2" || d.ReadOnly || d.Label == "" {
		r.errorf("the disk is %+v, want what the volume is", d)
	}
	r.refused(backend.VMAttachDiskOp{VM: vm, Path: v.Path, Device: "nonsense"}, backend.ClassInvalid)
	r.refused(backend.VMAttachDiskOp{VM: vm, Device: "disk"}, backend.ClassInvalid)
	if got := len(r.vmDetail(vm).Disks); got != 1 {
		r.errorf("%d disks, want 1", got)
	}
}

// attachUsed: what another VM has or a volume stands on is only attached read-only.
func attachUsed(r *run) {
	r.needs(backend.VerbAttach)
	_, all := r.neededVolumes()
	op := r.smallVM()
	op.Name = prefix + "second"
	vm := r.makeVM(op)
	for _, v := range all {
		r.refused(backend.VMAttachDiskOp{VM: vm, Path: v.Path, Device: "disk"}, backend.ClassConflict)
	}
	if got := r.vmDetail(vm).Disks; len(got) != 0 {
		r.fatalf("refused disks were attached: %+v", got)
	}
	r.do(backend.VMAttachDiskOp{VM: vm, Path: all[0].Path, Device: "disk", ReadOnly: true})
}

func attachNIC(r *run) {
	r.needs(backend.VerbAttach)
	vm := r.makeVM(r.smallVM())
	network := r.list(backend.Query{Kind: backend.KindNetwork})[0].Title()
	const mac = "52:54:00:12:de:ad"
	r.do(backend.VMAttachNICOp{VM: vm, Network: network, MAC: mac})
	r.do(backend.VMAttachNICOp{VM: vm, Network: network})
	nics := r.vmDetail(vm).NICs
	if len(nics) != 2 || !strings.EqualFold(nics[0].MAC, mac) || nics[1].MAC == "" || nics[0].Network != network {
		r.errorf("the NICs are %+v", nics)
	}
	for _, bad := range []string{"nonsense", "52:54:00:12:de", "01:00:5e:00:00:01"} {
		r.refused(backend.VMAttachNICOp{VM: vm, Network: network, MAC: bad}, backend.ClassInvalid)
	}
}

func detachDevice(r *run) {
	r.needs(backend.VerbAttach)
	p := r.pool()
	v := r.rawVolume(p, "v", mib)
	vm := r.makeVM(r.smallVM())
	r.do(backend.VMAttachDiskOp{VM: vm, Path: v.Path, Device: "disk"})
	const mac = "52:54:00:12:de:ad"
	r.do(backend.VMAttachNICOp{VM: vm, Network: r.list(backend.Query{Kind: backend.KindNetwork})[0].Title(), MAC: mac})
	for _, unknown := range []string{"vdz", "52:54:00:ff:ff:ff"} {
		r.refused(backend.VMDetachOp{VM: vm, Device: unknown}, backend.ClassNotFound, backend.ClassInvalid)
	}
	r.do(backend.VMDetachOp{VM: vm, Device: r.attached(vm, v.Path).Label})
	r.do(backend.VMDetachOp{VM: vm, Device: mac})
	if d := r.vmDetail(vm); len(d.Disks) != 0 || len(d.NICs) != 0 {
		r.errorf("left are %+v and %+v", d.Disks, d.NICs)
	}
	byRef[*backend.Volume](r, v.ID, p)
}

func changeMedium(r *run) {
	r.needs(backend.VerbMedia)
	p := r.pool()
	v := r.rawVolume(p, "v.iso", mib)
	vm := r.makeVM(r.smallVM())
	r.do(backend.VMAttachDiskOp{VM: vm, Device: "cdrom"})
	drive := r.attached(vm, "")
	if drive.Device != "cdrom" || !drive.ReadOnly {
		r.errorf("the drive is %+v", drive)
	}
	r.do(backend.VMMediaOp{VM: vm, Drive: drive.Label, Path: v.Path})
	if got := r.attached(vm, v.Path); got.Label != drive.Label || got.Device != "cdrom" {
		r.errorf("the drive is %+v", got)
	}
	r.refused(backend.VMMediaOp{VM: vm, Drive: "sdz", Path: v.Path}, backend.ClassNotFound, backend.ClassInvalid)
	r.do(backend.VMMediaOp{VM: vm, Drive: drive.Label})
	r.attached(vm, "")
	if _, still := r.diskWith(vm, v.Path); still {
		r.errorf("the medium is still in the drive")
	}
}
