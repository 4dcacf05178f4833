package libvirt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
)

// TestVolumesUnderOverlays: a volume that a VM stands on is never called an orphan, and
// never destroyed, whatever the pool knows of the overlays that virsh put on it.
func TestVolumesUnderOverlays(t *testing.T) {
	r := newDefineRig(t)
	for _, tc := range overlayCases() {
		t.Run(tc.name, func(t *testing.T) { r.underOverlays(t, tc) })
	}
	t.Run("undefine", r.undefineOverlay)
	t.Run("disk gone", r.diskGone)
}

// overlayCase is what virsh does to a VM with the disk NAME.qcow2, and the
// volumes that it then stands on.
type overlayCase struct {
	name string
	does [][]string
	on   []string
}

func overlayCases() []overlayCase {
	first := []string{"snapshot-create-as", "VM", "ext1", "--disk-only"}
	second := []string{"snapshot-create-as", "VM", "ext2", "--disk-only"}
	refresh := []string{"pool-refresh", "images"}
	start, off := []string{"start", "VM", "--paused"}, []string{"destroy", "VM"}
	forget := func(name string) []string { return []string{"snapshot-delete", "VM", name, "--metadata"} }
	base, both := []string{"VM.qcow2"}, []string{"VM.qcow2", "VM.ext1"}
	return []overlayCase{
		{"running", [][]string{start, first}, base},
		{"two, running", [][]string{start, first, refresh, second}, both},
		{"two, off and forgotten", [][]string{start, first, refresh, second, off, forget("ext2"), forget("ext1")}, both},
		{"made while off", [][]string{first}, base},
		{"made while off, forgotten", [][]string{first, forget("ext1")}, base},
		{"two made while off", [][]string{first, refresh, second}, both},
		{"two made while off, first forgotten", [][]string{first, second, forget("ext1")}, base},
		{"two made while off, forgotten", [][]string{first, refresh, second, forget("ext1"), forget("ext2")}, both},
		{"two made while off, none known, forgotten", [][]string{first, second, forget("ext1"), forget("ext2")}, base},
	}
}

const overlaidGuest = `<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><os><type arch='x86_64'>hvm</type></os><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda' bus='virtio'/></disk></devices></domain>`

// overlaid makes a VM with a disk in the pool, and gives the way to end it.
func (r *defineRig) overlaid(t *testing.T, name string) (end func()) {
	t.Helper()
	r.l.Virsh("vol-create-as", "images", name+".qcow2", "16M", "--format", "qcow2")
	r.l.Define("qemu", fmt.Sprintf(overlaidGuest, name, filepath.Join(r.l.Dir(), "images", name+".qcow2")))
	return func() {
		_, _ = r.l.TryVirsh("destroy", name)
		_, _ = r.l.TryVirsh("undefine", name, "--snapshots-metadata")
	}
}

func (r *defineRig) underOverlays(t *testing.T, tc overlayCase) {
	vm := strings.NewReplacer(" ", "-", ",", "").Replace(tc.name)
	defer r.overlaid(t, vm)()
	for _, command := range tc.does {
		r.l.Virsh(named(command, vm)...)
	}
	on := named(tc.on, vm)
	b := dial(t, r.l.URI("qemu"), false)
	c, _ := backend.As[*client](b)
	orphan := func() bool {
		return slices.ContainsFunc(on, func(name string) bool {
			v := volumeNamed(t, b, r.pool, name)
			return v.UsedKnown && !slices.Contains(v.UsedBy, vm)
		})
	}
	eventually(t, 10*time.Second, "all VMs are known", func() bool { return orphan() || c.diskUsers.all() })
	if orphan() {
		t.Errorf("one of %q is an orphan", on)
	}
	for _, name := range on {
		r.kept(t, b, vm, name)
	}
	if orphan() {
		t.Errorf("then, one of %q is an orphan", on)
	}
}

// named puts a VM's name in for VM.
func named(words []string, vm string) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, strings.ReplaceAll(w, "VM", vm))
	}
	return out
}

// kept: nothing destroys what a VM stands on.
func (r *defineRig) kept(t *testing.T, b backend.Backend, vm, volume string) {
	t.Helper()
	v := volumeNamed(t, b, r.pool, volume).ID
	path := filepath.Join(r.l.Dir(), "images", volume)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []backend.Op{
		backend.VolumeDeleteOp{Volume: v}, backend.VolumeWipeOp{Volume: v, Algorithm: "zero"},
		backend.VolumeUploadOp{Volume: v, File: writeFile(t, "other", "other")},
		backend.VolumeResizeOp{Volume: v, Capacity: 8 << 20, Shrink: true},
	} {
		refused(t, b, op, backend.ClassConflict, vm)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("%s is not what it was: %v", volume, err)
	}
}

// undefineOverlay: an overlay that no pool knew yet goes with its VM, and only it.
func (r *defineRig) undefineOverlay(t *testing.T) {
	defer r.overlaid(t, "whole")()
	r.l.Virsh("snapshot-create-as", "whole", "ext1", "--disk-only")
	b := dial(t, r.l.URI("qemu"), false)
	mustDo(t, b, backend.VMUndefineOp{VM: vmNamed(t, b, "whole").ID, Snapshots: true, Disks: []string{"vda"}})
	if _, err := os.Stat(filepath.Join(r.l.Dir(), "images/whole.ext1")); err == nil {
		t.Error("the overlay is still there")
	}
	v := volumeNamed(t, b, r.pool, "whole.qcow2")
	mustDo(t, b, backend.VolumeDeleteOp{Volume: v.ID})
}

// diskGone: what a disk stood on that is nowhere to be found can't be known.
func (r *defineRig) diskGone(t *testing.T) {
	r.l.Virsh("vol-create-as", "images", "other.qcow2", "16M", "--format", "qcow2")
	r.l.Define("qemu", fmt.Sprintf(overlaidGuest, "lost", filepath.Join(r.l.Dir(), "images", "lost.qcow2")))
	b := dial(t, r.l.URI("qemu"), false)
	v := volumeNamed(t, b, r.pool, "other.qcow2")
	refused(t, b, backend.VolumeDeleteOp{Volume: v.ID}, backend.ClassConflict,
		"what lost stands on is not known: its disk", "lost.qcow2 is no known volume", "look at the storage again")
	if volumeNamed(t, b, r.pool, "other.qcow2").UsedKnown {
		t.Error("who uses it is called known")
	}
	r.l.Virsh("undefine", "lost")
	eventually(t, 20*time.Second, "it may be deleted", func() bool {
		_, err := do(t, b, backend.VolumeDeleteOp{Volume: v.ID})
		return err == nil
	})
}
