package libvirt

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

const bareGuest = `<domain type='qemu'><name>%s</name><memory unit='MiB'>32</memory><vcpu>1</vcpu><os><type arch='x86_64' machine='q35'>hvm</type></os>
<features><acpi/></features><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>
</devices></domain>`

// snapRig is a libvirtd for trees of snapshots.
type snapRig struct {
	l *lab.Libvirtd
	b backend.Backend
}

// tree makes a VM with snapshots as virsh takes them, one on the other: "s…" internal,
// "x…" external.
func (r *snapRig) tree(t *testing.T, vm string, running bool, snapshots ...string) backend.Ref {
	t.Helper()
	disk := filepath.Join(r.l.Dir(), "images", vm+".qcow2")
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", disk, "4M")
	r.l.Define("qemu", fmt.Sprintf(bareGuest, vm, disk))
	if running {
		r.l.Virsh("start", vm)
	}
	for _, s := range snapshots {
		args := []string{"snapshot-create-as", vm, s}
		if s[0] == 'x' {
			args = append(args, "--disk-only")
		}
		r.l.Virsh(args...)
	}
	return vmNamed(t, r.b, vm).ID
}

func (r *snapRig) snapshots(t *testing.T, vm backend.Ref) map[string]*backend.Snapshot {
	t.Helper()
	all := make(map[string]*backend.Snapshot)
	for _, s := range list[*backend.Snapshot](t, r.b, backend.Query{Kind: backend.KindSnapshot, Parent: vm}) {
		all[s.Name] = s
	}
	return all
}

// TestSnapshotLimits: what the server would refuse is known and told beforehand, and
// what is not marked works; virsh sees no half-deleted tree.
func TestSnapshotLimits(t *testing.T) {
	r := &snapRig{l: lab.StartLibvirtd(t)}
	r.b = dial(t, r.l.URI("qemu"), false)
	t.Run("mixed, running", r.mixedRunning)
	t.Run("mixed, off", r.mixedOff)
	t.Run("external", r.externalChain)
	t.Run("internal", r.internalTree)
	t.Run("undefine with a tree", r.undefineTree)
}

func (r *snapRig) mixedRunning(t *testing.T) {
	vm := r.tree(t, "mixed", true, "s1", "x1", "x2")
	before := r.l.Virsh("snapshot-list", "mixed", "--tree")
	s := r.snapshots(t, vm)
	want := map[string][3]string{ // delete, delete with all below, revert
		"s1": {"below an overlay", "below an overlay", ""},
		"x1": {"stands on an internal one", "stands on an internal one", "9.9 can"},
		"x2": {"", "", "9.9 can"},
	}
	for name, w := range want {
		for i, why := range []string{s[name].NoDelete, s[name].NoDeleteTree, s[name].NoRevert} {
			if (why == "") != (w[i] == "") || !strings.Contains(why, w[i]) {
				t.Errorf("%s: %d: %q, want %q", name, i, why, w[i])
			}
		}
	}
	if s["s1"].Storage != backend.StorageInternal || s["x1"].Storage != backend.StorageExternal {
		t.Errorf("%v %v", s["s1"].Storage, s["x1"].Storage)
	}
	refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["s1"].ID}, backend.ClassUnsupported, "snapshot s1: it is inside the image of vda")
	e := refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["x1"].ID}, backend.ClassUnsupported, "snapshot x1: libvirt can't delete an external snapshot that stands")
	if e.Remedy == "" {
		t.Errorf("%#v", e)
	}
	refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["s1"].ID, Children: true}, backend.ClassUnsupported, "snapshot s1")
	refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["s1"].ID, Children: true, MetadataOnly: true}, backend.ClassInvalid, "one by one")
	refusal(t, r.b, backend.SnapshotRevertOp{VM: vm, Snapshot: s["x2"].ID}, backend.ClassUnsupported, "can't revert to an external snapshot")
	if got := r.l.Virsh("snapshot-list", "mixed", "--tree"); got != before {
		t.Errorf("the tree was\n%s\nand is\n%s", before, got)
	}
	// The chain is told from the running VM.
	d, err := r.b.Get(t.Context(), vm)
	if err != nil || len(d.VM.Disks) != 1 || len(d.VM.Disks[0].Backing) != 2 {
		t.Errorf("%+v %v", d.VM.Disks, err)
	}
	mustDo(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["x2"].ID})
	mustDo(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["x1"].ID, MetadataOnly: true})
	if got := strings.Fields(r.l.Virsh("snapshot-list", "mixed", "--name")); len(got) != 1 || got[0] != "s1" {
		t.Errorf("%q", got)
	}
}

// mixedOff: the server takes the internal one away while the VM is off.
func (r *snapRig) mixedOff(t *testing.T) {
	vm := r.tree(t, "off", false, "s1", "x1")
	s := r.snapshots(t, vm)
	if s["s1"].NoDelete != "" || !strings.Contains(s["s1"].NoDeleteTree, "x1") || s["x1"].NoDelete == "" {
		t.Errorf("%+v %+v", s["s1"], s["x1"])
	}
	refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["s1"].ID, Children: true}, backend.ClassUnsupported, "together with what they hang under: x1")
	refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["x1"].ID}, backend.ClassUnsupported, "stands on an internal one")
	mustDo(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["s1"].ID})
	if got := run(t, "qemu-img", "snapshot", "-U", "-l", filepath.Join(r.l.Dir(), "images", "off.qcow2")); strings.Contains(got, "s1") {
		t.Errorf("still in the image: %s", got)
	}
}

func (r *snapRig) externalChain(t *testing.T) {
	vm := r.tree(t, "chain", true, "x1", "x2", "x3")
	s := r.snapshots(t, vm)
	for name := range s {
		if s[name].NoDelete != "" {
			t.Errorf("%s: %q", name, s[name].NoDelete)
		}
	}
	if !strings.Contains(s["x1"].NoDeleteTree, "x2") || s["x3"].NoDeleteTree != "" {
		t.Errorf("%q %q", s["x1"].NoDeleteTree, s["x3"].NoDeleteTree)
	}
	refusal(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["x1"].ID, Children: true}, backend.ClassUnsupported, "external snapshots together")
	for _, name := range []string{"x2", "x1", "x3"} {
		mustDo(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s[name].ID})
	}
	if got := strings.TrimSpace(r.l.Virsh("snapshot-list", "chain", "--name")); got != "" {
		t.Errorf("%q", got)
	}
}

func (r *snapRig) internalTree(t *testing.T) {
	vm := r.tree(t, "inner", false, "s1", "s2", "s3")
	s := r.snapshots(t, vm)
	for name := range s {
		if s[name].NoDelete+s[name].NoDeleteTree+s[name].NoRevert != "" {
			t.Errorf("%+v", s[name])
		}
	}
	mustDo(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: s["s2"].ID, Children: true})
	if got := strings.Fields(r.l.Virsh("snapshot-list", "inner", "--name")); len(got) != 1 || got[0] != "s1" {
		t.Errorf("%q", got)
	}
}

// undefineTree: all metadata goes with the definition, on a tree like the one whose
// metadata crashed the daemon when it was deleted with its children.
func (r *snapRig) undefineTree(t *testing.T) {
	vm := r.tree(t, "large", false, "s1", "s2", "x1", "x2", "x3", "x4")
	refusal(t, r.b, backend.VMUndefineOp{VM: vm}, backend.ClassConflict, "6 snapshots")
	mustDo(t, r.b, backend.VMUndefineOp{VM: vm, Snapshots: true})
	if got := r.l.Virsh("list", "--all", "--name"); strings.Contains(got, "large") {
		t.Error(got)
	}
}
