package vsphere_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// simFiles is a lab for files with the simulator in this process.
func simFiles(t *testing.T, o vcsim.Options) (*filesLab, *vcsim.Server) {
	t.Helper()
	s := sim(t, o)
	x := &filesLab{t: t, b: dial(t, vsphere.Options{URL: s.URL()}), dir: t.TempDir()}
	x.pool = list(t, x.b, backend.Query{Kind: backend.KindPool})[0].Ref()
	return x, s
}

// untold makes a VM one whose files the server does not tell, as on a host that is
// disconnected; where it is stays known, or not even that.
func untold(s *vcsim.Server, vm *simulator.VirtualMachine, home bool) {
	ctx := &simulator.Context{Context: context.Background(), Map: s.Model().Map()}
	s.Model().Map().WithLock(ctx, vm.Self, func() {
		vm.Config, vm.LayoutEx = nil, nil
		if !home {
			vm.Summary.Config.VmPathName = ""
		}
	})
}

// TestFilesOfAVMThatIsNotTold: what may be its own is not touched.
func TestFilesOfAVMThatIsNotTold(t *testing.T) {
	for name, home := range map[string]bool{"its folder is known": true, "nor its folder": false} {
		t.Run(name, func(t *testing.T) {
			x, s := simFiles(t, vcsim.Options{VMs: 1, Clusters: -1})
			file, _ := x.random("up", 10)
			mustDo(t, x.b, backend.FolderMakeOp{Pool: x.pool, Name: "above"})
			mustDo(t, x.b, backend.FolderMakeOp{Pool: x.pool, Name: "empty"})
			mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "image.iso", File: file})
			mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "some.vmdk", File: file})
			vm := machineNamed(t, s, "DC0_H0_VM0")
			moveHome(t, s, vm, "above/")
			if got := x.at("")["above"].UsedBy; !slices.Equal(got, []string{"DC0_H0_VM0"}) {
				t.Errorf("the folder above the VM's is used by %v", got)
			}
			x.refused(backend.VolumeDeleteOp{Volume: x.volume("above")}, backend.ClassConflict, "DC0_H0_VM0 has files in it")
			untold(s, vm, home)
			words := "DC0_H0_VM0"
			for _, rel := range []string{"above", "above/DC0_H0_VM0", "empty"} {
				x.refused(backend.VolumeDeleteOp{Volume: x.volume(rel)}, backend.ClassConflict, words)
				x.refused(backend.VolumeMoveOp{Volume: x.volume(rel), Name: "moved"}, backend.ClassConflict, words)
			}
			x.refused(backend.VolumeDeleteOp{Volume: x.volume("some.vmdk")}, backend.ClassConflict, words)
			if home {
				if got := x.at("")["above"]; got.UsedKnown || !slices.Equal(got.UsedBy, []string{"DC0_H0_VM0"}) {
					t.Errorf("the folder above the VM's: %+v", got)
				}
				x.refused(backend.VolumeDeleteOp{Volume: x.volume("above/DC0_H0_VM0/DC0_H0_VM0.vmx")}, backend.ClassConflict, words)
				x.refused(backend.VolumeUploadOp{Volume: x.volume("above/DC0_H0_VM0/vmware.log"), File: file}, backend.ClassConflict, words)
			}
			mustDo(t, x.b, backend.VolumeDeleteOp{Volume: x.volume("image.iso")})
		})
	}
}

// moveHome moves the folder of a VM into another at the server, with all that names it.
func moveHome(t *testing.T, s *vcsim.Server, vm *simulator.VirtualMachine, into string) {
	t.Helper()
	there := func(p string) string { return strings.Replace(p, "] ", "] "+into, 1) }
	admin := dial(t, vsphere.Options{URL: s.URL()})
	pool := list(t, admin, backend.Query{Kind: backend.KindPool})[0].Ref()
	at := func(rel string) backend.Ref {
		return backend.Ref{Conn: conn, Kind: backend.KindVolume, ID: pool.ID + "/" + rel}
	}
	local := filepath.Join(t.TempDir(), "file")
	mustDo(t, admin, backend.FolderMakeOp{Pool: pool, Name: into + vm.Name})
	for _, f := range []string{vm.Name + ".vmx", "vmware.log"} {
		mustDo(t, admin, backend.VolumeDownloadOp{Volume: at(vm.Name + "/" + f), File: local, Overwrite: true})
		mustDo(t, admin, backend.VolumeImportOp{Pool: pool, Name: into + vm.Name + "/" + f, File: local})
	}
	ctx := &simulator.Context{Context: context.Background(), Map: s.Model().Map()}
	s.Model().Map().WithLock(ctx, vm.Self, func() {
		vm.Config.Files.VmPathName = there(vm.Config.Files.VmPathName)
		vm.Summary.Config.VmPathName = vm.Config.Files.VmPathName
		for i := range vm.LayoutEx.File {
			vm.LayoutEx.File[i].Name = there(vm.LayoutEx.File[i].Name)
		}
		vm.LayoutEx.Timestamp = time.Now()
	})
}

// flatOf is the backing of the first disk of a VM.
func flatOf(vm *simulator.VirtualMachine) *types.VirtualDiskFlatVer2BackingInfo {
	for _, d := range vm.Config.Hardware.Device {
		if disk, ok := d.(*types.VirtualDisk); ok {
			return disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
		}
	}
	return nil
}

// diskLabel is what the first disk of a VM is called.
func diskLabel(t *testing.T, b backend.Backend, vm backend.Ref) string {
	t.Helper()
	for _, d := range get(t, b, vm).VM.Disks {
		if strings.HasSuffix(d.Path, ".vmdk") {
			return d.Label
		}
	}
	t.Fatal("the VM has no disk")
	return ""
}

// TestDeletingAVMSparesDisksOfOthers: one that two VMs share is lost to neither, in
// whichever folder it lies.
func TestDeletingAVMSparesDisksOfOthers(t *testing.T) {
	for name, prepare := range map[string]func(a, b *simulator.VirtualMachine){
		"shared, in the folder of the other": func(a, b *simulator.VirtualMachine) { flatOf(b).FileName = flatOf(a).FileName },
		"the other one stands on it": func(a, b *simulator.VirtualMachine) {
			flatOf(a).Parent = &types.VirtualDiskFlatVer2BackingInfo{VirtualDeviceFileBackingInfo: types.VirtualDeviceFileBackingInfo{FileName: flatOf(b).FileName}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := sim(t, vcsim.Options{VMs: 2, Clusters: -1})
			b := dial(t, vsphere.Options{URL: s.URL()})
			one, two := machineNamed(t, s, "DC0_H0_VM0"), machineNamed(t, s, "DC0_H0_VM1")
			prepare(one, two)
			vm := titled[*backend.VM](t, b, backend.KindVM)["DC0_H0_VM1"]
			mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
			op := backend.VMUndefineOp{VM: vm.ID, Disks: []string{diskLabel(t, b, vm.ID)}}
			_, err := do(t, b, op)
			if backend.ClassOf(err) != backend.ClassConflict || err == nil || !strings.Contains(err.Error(), "used by DC0_H0_VM0") {
				t.Errorf("%v (%v)", err, backend.ClassOf(err))
			}
			untold(s, one, true)
			_, err = do(t, b, op)
			if backend.ClassOf(err) != backend.ClassConflict || err == nil || !strings.Contains(err.Error(), "does not tell which files these VMs use: DC0_H0_VM0") {
				t.Errorf("with the other one untold: %v (%v)", err, backend.ClassOf(err))
			}
			if titled[*backend.VM](t, b, backend.KindVM)["DC0_H0_VM1"] == nil {
				t.Error("it is gone")
			}
		})
	}
}

// TestFrozenDatastore: one whose storage hangs is told as such, in time, and the
// connection stays.
func TestFrozenDatastore(t *testing.T) {
	x, s := simFiles(t, vcsim.Options{VMs: 1, Clusters: -1})
	s.FreezeDatastore("LocalDS_0")
	frozen := func(what string, err error) {
		t.Helper()
		if backend.ClassOf(err) != backend.ClassBusy || err == nil || !strings.Contains(err.Error(), "the storage of the datastore LocalDS_0 does not answer") {
			t.Errorf("%s: %v (%v)", what, err, backend.ClassOf(err))
		}
	}
	frozen("by its own limit", vsphere.BrowseWithin(t.Context(), x.b, 200*time.Millisecond, x.pool))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	frozen("list", x.b.List(ctx, backend.Query{Kind: backend.KindVolume, Parent: x.pool}, func([]backend.Object) {}))
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := x.b.Do(ctx, backend.VolumeDeleteOp{Volume: x.volume("some")}, backend.Progress{})
	frozen("delete", err)
	searches := 0
	for _, r := range s.Model().Map().AllReference("Task") {
		task := r.(*simulator.Task)
		if !strings.HasSuffix(task.Info.DescriptionId, ".searchDatastore") {
			continue
		}
		searches++
		if task.Info.State == types.TaskInfoStateRunning {
			t.Errorf("a search was left running: %+v", task.Info)
		}
	}
	if searches != 3 {
		t.Errorf("%d searches", searches)
	}
	if got := list(t, x.b, backend.Query{Kind: backend.KindVM}); len(got) != 1 {
		t.Errorf("%d VMs", len(got))
	}
}
