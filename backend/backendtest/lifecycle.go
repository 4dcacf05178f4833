package backendtest

import (
	"slices"
	"strings"

	"hvdeck/backend"
)

func lifecycleCases() []testCase {
	return []testCase{
		{name: "life/new", ops: []backend.Op{backend.VMNewOp{}}, run: vmNew},
		{name: "life/new-refused", ops: []backend.Op{backend.VMNewOp{}}, run: vmNewRefused},
		{name: "life/quotes", ops: []backend.Op{backend.VMNewOp{}}, run: vmQuotes},
		{name: "life/undefine", ops: []backend.Op{backend.VMUndefineOp{}}, run: vmUndefine},
		{name: "life/undefine-snapshots", ops: []backend.Op{backend.VMUndefineOp{}}, run: vmUndefineSnapshots},
		{name: "life/undefine-running", ops: []backend.Op{backend.VMUndefineOp{}}, run: vmUndefineRunning},
		{name: "life/undefine-disk", ops: []backend.Op{backend.VMUndefineOp{}}, run: vmUndefineDisk},
		{name: "life/undefine-backing", ops: []backend.Op{backend.VMUndefineOp{}}, run: vmUndefineBacking},
		{name: "life/autostart", ops: []backend.Op{backend.AutostartOp{}}, run: vmAutostart},
		{name: "life/managed-save", ops: []backend.Op{backend.VMManagedSaveOp{}}, run: vmManagedSave},
		{name: "life/managed-save-remove", ops: []backend.Op{backend.VMManagedSaveRemoveOp{}}, run: vmManagedSaveRemove},
		{name: "life/rename", ops: []backend.Op{backend.VMRenameOp{}}, run: vmRename},
		{name: "life/clone", ops: []backend.Op{backend.VMCloneOp{}}, run: vmClone},
		{name: "life/resources", ops: []backend.Op{backend.VMResourcesOp{}}, run: vmResources},
		{name: "life/migrate", ops: []backend.Op{backend.VMMigrateOp{}}, run: vmMigrate},
		{name: "life/send-key", ops: []backend.Op{backend.VMSendKeyOp{}}, run: vmSendKey},
		{name: "life/screenshot", ops: []backend.Op{backend.VMScreenshotOp{}}, run: vmScreenshot},
	}
}

func (r *run) vmAt(ref backend.Ref) *backend.VM { return byRef[*backend.VM](r, ref, backend.Ref{}) }

func (r *run) vmDetail(ref backend.Ref) *backend.VMDetail {
	d := r.detail(ref)
	if d.VM == nil {
		r.fatalf("get VM: no VMDetail")
	}
	return d.VM
}

// diskVM makes a VM with a new disk in a pool of the suite.
func (r *run) diskVM() (vm, pool backend.Ref) {
	p := r.pool()
	op := r.smallVM()
	op.Pool, op.DiskSize, op.DiskFormat = p, 8*mib, "qcow2"
	return r.makeVM(op), p
}

func vmNew(r *run) {
	ref, p := r.diskVM()
	vm := r.vmAt(ref)
	if !isOff(vm.State) || vm.Autostart || !vm.Persistent || vm.UUID == "" {
		r.errorf("the new VM is %+v", vm)
	}
	d := r.vmDetail(ref)
	if d.VCPUs != 1 || d.Memory != 64*mib {
		r.errorf("%d vCPUs and %d bytes of memory, want 1 and %d", d.VCPUs, d.Memory, 64*mib)
	}
	disk := r.named(backend.KindVolume, p, vm.Name+".qcow2")
	if disk == nil {
		r.fatalf("there is no volume %s.qcow2", vm.Name)
	}
	if v, ok := disk.(*backend.Volume); !ok || !slices.ContainsFunc(d.Disks, func(x backend.Disk) bool { return x.Path == v.Path }) {
		r.errorf("the VM does not have its disk: %+v", d.Disks)
	}
	r.refused(r.smallVM(), backend.ClassConflict)
}

func vmNewRefused(r *run) {
	p := r.pool()
	good := r.smallVM()
	r.needs(good.Verb())
	good.Pool, good.DiskSize, good.DiskFormat = p, 8*mib, "qcow2"
	before := len(r.seen(backend.KindVM, backend.Ref{}))
	for _, name := range badNames() {
		bad := good
		bad.Name = name
		r.refused(bad, backend.ClassInvalid)
	}
	bad := good
	bad.VCPUs = 0
	r.refused(bad, backend.ClassInvalid)
	bad = good
	bad.Memory = 0
	r.refused(bad, backend.ClassInvalid)
	bad = good
	bad.Name = r.Off
	r.refused(bad, backend.ClassConflict)
	if after := len(r.seen(backend.KindVM, backend.Ref{})); after != before {
		r.errorf("refused VMs left %d behind", after-before)
	}
	if left := len(r.seen(backend.KindVolume, p)); left != 0 {
		r.errorf("refused VMs left %d disks behind", left)
	}
}

func vmUndefine(r *run) {
	if r.clonesOnly() {
		clonedUndefine(r)
		return
	}
	vm, p := r.diskVM()
	r.do(backend.VMUndefineOp{VM: vm})
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
	if len(r.seen(backend.KindVolume, p)) != 1 {
		r.errorf("the disk went with the VM, and nobody had asked for that")
	}
	r.refused(backend.VMUndefineOp{VM: vm}, backend.ClassNotFound)
}

func vmUndefineSnapshots(r *run) {
	vm, _ := r.diskVM()
	r.do(backend.SnapshotCreateOp{VM: vm, Name: "kept"})
	r.refused(backend.VMUndefineOp{VM: vm}, backend.ClassConflict)
	r.vmAt(vm)
	r.do(backend.VMUndefineOp{VM: vm, Snapshots: true})
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
}

func vmUndefineRunning(r *run) {
	if r.clonesOnly() {
		clonedUndefineRunning(r)
		return
	}
	vm := r.makeVM(r.smallVM())
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.do(backend.VMUndefineOp{VM: vm})
	if now := r.vmAt(vm); !now.State.Running() || now.Persistent {
		r.errorf("after its definition was removed the VM is %s, persistent: %v", now.State, now.Persistent)
	}
	r.do(backend.PowerOffOp{VM: vm})
	r.await("the VM is gone", func() bool { return r.named(backend.KindVM, backend.Ref{}, prefix+"vm") == nil })
}

// vmUndefineDisk: of two disks the one that is ticked goes, and no other.
func vmUndefineDisk(r *run) {
	if r.clonesOnly() {
		clonedUndefineDisk(r)
		return
	}
	vm, p := r.twoDiskVM()
	ticked, kept := r.labelOf(vm, p, prefix+"vm.qcow2"), r.labelOf(vm, p, prefix+"second")
	if ticked == kept {
		r.fatalf("both disks are called %q", kept)
	}
	r.refused(backend.VMUndefineOp{VM: vm, Disks: []string{ticked, "vdz"}}, backend.ClassNotFound, backend.ClassInvalid)
	r.vmAt(vm)
	if got := len(r.seen(backend.KindVolume, p)); got != 2 {
		r.fatalf("a refused undefine left %d of 2 volumes", got)
	}
	r.do(backend.VMUndefineOp{VM: vm, Disks: []string{ticked}})
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
	r.absent(backend.KindVolume, p, prefix+"vm.qcow2")
	if r.named(backend.KindVolume, p, prefix+"second") == nil {
		r.errorf("the disk that was not ticked went as well")
	}
}

// vmUndefineBacking: what backs another volume is refused before anything is done.
func vmUndefineBacking(r *run) {
	if r.clonesOnly() {
		clonedUndefineBacking(r)
		return
	}
	vm, p := r.diskVM()
	label := r.labelOf(vm, p, prefix+"vm.qcow2")
	disk, _ := r.named(backend.KindVolume, p, prefix+"vm.qcow2").(*backend.Volume)
	over := r.volume(backend.VolumeCreateOp{Pool: p, Name: prefix + "over", Format: "qcow2", Capacity: 8 * mib, Backing: disk.Path, BackingFormat: "qcow2"})
	r.refused(backend.VMUndefineOp{VM: vm, Disks: []string{label}}, backend.ClassConflict, backend.ClassBusy)
	r.vmAt(vm)
	if got := len(r.seen(backend.KindVolume, p)); got != 2 {
		r.fatalf("a refused undefine left %d of 2 volumes", got)
	}
	r.do(backend.VolumeDeleteOp{Volume: over.ID})
	r.do(backend.VMUndefineOp{VM: vm, Disks: []string{label}})
	r.absent(backend.KindVolume, p, disk.Name)
}

// twoDiskVM makes a VM with its own disk and one of the volume "second".
func (r *run) twoDiskVM() (vm, pool backend.Ref) {
	vm, pool = r.diskVM()
	second := r.rawVolume(pool, "second", mib)
	r.addDisk(vm, second)
	return vm, pool
}

// addDisk gives a VM that is off one more disk: attached where the driver can, else
// by its definition.
func (r *run) addDisk(vm backend.Ref, v *backend.Volume) {
	if r.b.Caps().Why(backend.VerbAttach) == "" {
		r.do(backend.VMAttachDiskOp{VM: vm, Path: v.Path, Device: "disk"})
		return
	}
	disk := "<disk type='file' device='disk'><source file='" + v.Path + "'/><target dev='vdq' bus='virtio'/></disk></devices>"
	r.do(backend.DefineOp{Kind: backend.KindVM, Object: vm, XML: strings.Replace(r.definition(vm), "</devices>", disk, 1)})
}

// labelOf is the label of the disk on a volume.
func (r *run) labelOf(vm, pool backend.Ref, volume string) string {
	v, ok := r.named(backend.KindVolume, pool, volume).(*backend.Volume)
	if !ok {
		r.fatalf("there is no volume %s", volume)
	}
	return r.attached(vm, v.Path).Label
}

func vmAutostart(r *run) {
	vm := r.makeVM(r.smallVM())
	for _, on := range []bool{true, false} {
		r.do(backend.AutostartOp{Object: vm, On: on})
		if got := r.vmAt(vm).Autostart; got != on {
			r.errorf("autostart is %v, want %v", got, on)
		}
	}
}

func isSaved(s backend.PowerState) bool { return s == backend.PowerSaved }

func vmManagedSave(r *run) {
	r.needs(backend.VerbManagedSave)
	vm := r.makeVM(r.smallVM())
	r.refused(backend.VMManagedSaveOp{VM: vm}, backend.ClassConflict)
	r.do(backend.PowerOnOp{VM: vm})
	r.do(backend.VMManagedSaveOp{VM: vm})
	r.awaitState(vm, "saved", isSaved)
	r.refused(backend.VMUndefineOp{VM: vm}, backend.ClassConflict)
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.do(backend.PowerOffOp{VM: vm})
	r.awaitState(vm, "off, with nothing saved", isOff)
}

func vmManagedSaveRemove(r *run) {
	r.needs(backend.VerbManagedSave)
	vm := r.makeVM(r.smallVM())
	r.refused(backend.VMManagedSaveRemoveOp{VM: vm}, backend.ClassConflict, backend.ClassNotFound)
	r.do(backend.PowerOnOp{VM: vm})
	r.do(backend.VMManagedSaveOp{VM: vm})
	r.awaitState(vm, "saved", isSaved)
	r.do(backend.VMManagedSaveRemoveOp{VM: vm})
	r.awaitState(vm, "off, with nothing saved", isOff)
}

func vmRename(r *run) {
	r.needs(backend.VerbVMRename)
	vm := r.plainVM()
	for _, name := range badNames() {
		r.refused(backend.VMRenameOp{VM: vm, Name: name}, backend.ClassInvalid)
	}
	r.refused(backend.VMRenameOp{VM: vm, Name: r.Off}, backend.ClassConflict)
	r.later(func() { r.dropVM(prefix + "renamed") })
	r.do(backend.VMRenameOp{VM: vm, Name: prefix + "renamed"})
	if now := r.vmAt(vm); now.Name != prefix+"renamed" {
		r.errorf("the VM is called %q", now.Name)
	}
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
}

func vmClone(r *run) {
	if r.clonesOnly() {
		clonedClone(r)
		return
	}
	r.needs(backend.VerbVMClone)
	p := r.pool()
	op := r.smallVM()
	op.Pool, op.DiskSize, op.DiskFormat = p, 8*mib, "qcow2"
	op.Network = r.list(backend.Query{Kind: backend.KindNetwork})[0].Ref()
	vm := r.makeVM(op)
	r.later(func() { r.dropVM(prefix + "clone") })
	made := r.do(backend.VMCloneOp{VM: vm, Name: prefix + "clone"}).Created
	was, now := r.vmAt(vm), r.vmAt(made)
	if now.Name != prefix+"clone" || now.UUID == was.UUID || !isOff(now.State) {
		r.errorf("the clone is %+v", now)
	}
	a, b := r.vmDetail(vm), r.vmDetail(made)
	if len(b.NICs) != 1 || len(a.NICs) != 1 || b.NICs[0].MAC == a.NICs[0].MAC || b.NICs[0].MAC == "" {
		r.errorf("the NICs are %+v and %+v", a.NICs, b.NICs)
	}
	if len(a.Disks) == 0 || len(b.Disks) != len(a.Disks) || b.Disks[0].Path == a.Disks[0].Path || b.Disks[0].Path == "" {
		r.errorf("the disks are %+v and %+v", a.Disks, b.Disks)
	}
	if got := len(r.seen(backend.KindVolume, p)); got != 2 {
		r.errorf("%d volumes, want the disk and its copy", got)
	}
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "clone"}, backend.ClassConflict)
	r.refused(backend.VMCloneOp{VM: vm, Name: "a/b"}, backend.ClassInvalid)
	// Two VMs that write to one disk destroy it.
	shared := []backend.CloneDisk{{Target: a.Disks[0].Label, Fate: backend.DiskShared}}
	r.refused(backend.VMCloneOp{VM: vm, Name: prefix + "other", Disks: shared}, backend.ClassConflict)
	if got := len(r.seen(backend.KindVolume, p)); got != 2 {
		r.errorf("a refused clone left %d volumes behind", got-2)
	}
}

func vmResources(r *run) {
	if r.clonesOnly() {
		clonedResources(r)
		return
	}
	r.needs(backend.VerbVMResources)
	vm := r.makeVM(r.smallVM())
	r.do(backend.VMResourcesOp{VM: vm, VCPUs: 2, MaxVCPUs: 3, Memory: 96 * mib, MaxMemory: 128 * mib})
	is := func(vcpus, maxVCPUs int, memory, maxMemory uint64) {
		d := r.vmDetail(vm)
		if d.VCPUs != vcpus || d.MaxVCPUs != maxVCPUs || d.Memory != memory || d.MaxMemory != maxMemory {
			r.errorf("vCPUs %d of %d, memory %d of %d, want %d of %d, %d of %d",
				d.VCPUs, d.MaxVCPUs, d.Memory, d.MaxMemory, vcpus, maxVCPUs, memory, maxMemory)
		}
	}
	is(2, 3, 96*mib, 128*mib)
	// Zeros leave things as they are.
	r.do(backend.VMResourcesOp{VM: vm, VCPUs: 1})
	is(1, 3, 96*mib, 128*mib)
	r.refused(backend.VMResourcesOp{VM: vm, VCPUs: 9}, backend.ClassInvalid, backend.ClassConflict)
	r.refused(backend.VMResourcesOp{VM: vm, Memory: 1 << 30}, backend.ClassInvalid, backend.ClassConflict)
	is(1, 3, 96*mib, 128*mib)
}

func vmMigrate(r *run) {
	r.needs(backend.VerbVMMigrate)
	if r.Peer == nil {
		r.fatalf("the target has no second host")
	}
	peer := r.Peer.Open(r.t)
	r.t.Cleanup(func() { _ = peer.Close() })
	hosts, err := r.tryList(peer, backend.Query{Kind: backend.KindHost})
	if err != nil || len(hosts) == 0 {
		r.fatalf("list the host to go to: %v", err)
	}
	vm := r.makeVM(r.smallVM())
	op := backend.VMMigrateOp{VM: vm, To: hosts[0].Ref(), URI: r.Peer.URI, DataURI: r.Peer.DataURI,
		Live: true, Persist: true, Undefine: true, Unsafe: true}
	r.refused(op, backend.ClassConflict)
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.later(func() {
		ctx, cancel := r.ctx()
		defer cancel()
		for _, o := range must(r.tryList(peer, backend.Query{Kind: backend.KindVM})) {
			if o.Title() == prefix+"vm" {
				_, _ = peer.Do(ctx, backend.PowerOffOp{VM: o.Ref()}, backend.Progress{})
				_, _ = peer.Do(ctx, backend.VMUndefineOp{VM: o.Ref()}, backend.Progress{})
			}
		}
	})
	r.do(op)
	r.absent(backend.KindVM, backend.Ref{}, prefix+"vm")
	arrived := slices.ContainsFunc(must(r.tryList(peer, backend.Query{Kind: backend.KindVM})), func(o backend.Object) bool {
		there, ok := o.(*backend.VM)
		return ok && there.Name == prefix+"vm" && there.State.Running() && there.Persistent
	})
	if !arrived {
		r.errorf("the VM does not run at the other host")
	}
}

// must gives a list; after an error what there is of it.
func must(all []backend.Object, _ error) []backend.Object { return all }

func vmQuotes(r *run) {
	op := r.smallVM()
	op.Name = quotes
	r.needs(op.Verb())
	r.later(func() { r.dropVM(quotes) })
	result, err := r.try(op)
	if err != nil {
		r.class("create a VM with quotes in its name", err, backend.ClassInvalid)
		r.absent(backend.KindVM, backend.Ref{}, quotes)
		return
	}
	if vm := r.vmAt(result.Created); vm.Name != quotes {
		r.errorf("the VM is called %q, want %q", vm.Name, quotes)
	}
}
