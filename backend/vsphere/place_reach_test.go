package vsphere_test

import (
	"slices"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// refusedHere asserts that an operation and its check are refused before anything is
// asked of the server, in these words.
func refusedHere(t *testing.T, b backend.Backend, op backend.Op, words ...string) {
	t.Helper()
	c, ok := backend.As[backend.Checker](b)
	if !ok {
		t.Fatal("the driver has no Checker")
	}
	_, checked := c.Check(t.Context(), op)
	_, done := do(t, b, op)
	for what, err := range map[string]error{"check": checked, "do": done} {
		if backend.ClassOf(err) != backend.ClassConflict || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(err.Error(), w) }) {
			t.Errorf("%s: %v, want %q", what, err, words)
		}
	}
}

// moidAt is what govc finds below a path.
func moidAt(v *lab.Vcsim, kind backend.Kind, root, sort, name string) backend.Ref {
	_, id, _ := strings.Cut(strings.TrimSpace(v.Govc("find", "-i", root, "-type", sort, "-name", name)), ":")
	return backend.Ref{Conn: conn, Kind: kind, ID: id}
}

// TestPlacesOfTwoDatacenters: what can't be together is refused beforehand, what goes to
// another datacenter comes into its folder of VMs, and the server lives on.
func TestPlacesOfTwoDatacenters(t *testing.T) {
	v := lab.StartVcsim(t, "-demo", "-task-time", "50ms")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm := named(t, b, backend.KindVM, "build-7").(*backend.VM)
	cluster, archive := named(t, b, backend.KindCluster, "dub2-prod").Ref(), named(t, b, backend.KindPool, "dub2-archive").Ref()
	pool := moidAt(v, backend.KindResourcePool, "/dub2/host/dub2-prod", "p", "Resources")
	far := backend.Placement{Cluster: cluster, ResourcePool: pool, Datastore: archive, Provisioning: "thin"}
	made := mustDo(t, b, backend.SnapshotCreateOp{VM: vm.ID, Name: "base"}).Created

	refusedHere(t, b, backend.VMCloneOp{VM: vm.ID, Name: "far", Snapshot: made, Linked: true, To: far}, "linked clone", "fra1-ssd", "dub2-prod", "does not reach")
	home := far
	home.Folder = vm.FolderRef
	refusedHere(t, b, backend.VMCloneOp{VM: vm.ID, Name: "far", To: home}, "cluster dub2-prod", "dub2", "folder Build", "fra1")
	refusedHere(t, b, backend.VMCloneOp{VM: vm.ID, Name: "far", To: backend.Placement{Cluster: cluster}}, "cluster dub2-prod", "the VM's datastore fra1-ssd")
	refusedHere(t, b, backend.VMCloneOp{VM: vm.ID, Name: "far", To: backend.Placement{Datastore: archive}}, "the VM's host esx-", "datastore dub2-archive")
	refusedHere(t, b, backend.VMRelocateOp{VM: vm.ID, To: home}, "cluster dub2-prod", "folder Build")
	refusedHere(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Folder: moidAt(v, backend.KindFolder, "/dub2/vm", "f", "Build")}}, "the VM's host esx-", "folder Build in dub2")

	check(t, b, backend.VMCloneOp{VM: vm.ID, Name: "far", To: far}, "", backend.SeverityInfo)
	mustDo(t, b, backend.VMCloneOp{VM: vm.ID, Name: "far", To: far})
	if got := v.Govc("ls", "/dub2/vm"); !strings.Contains(got, "/dub2/vm/far") {
		t.Errorf("the clone is not in the folder of its datacenter: %s", got)
	}
	near := backend.VMCloneOp{VM: vm.ID, Name: "near", Snapshot: made, Linked: true, To: backend.Placement{Datastore: named(t, b, backend.KindPool, "fra1-archive").Ref()}}
	check(t, b, near, "", backend.SeverityInfo)
	mustDo(t, b, near)
	if got := v.Govc("object.collect", "-s", "/fra1/vm/Build/near", "config.files.vmPathName"); !strings.HasPrefix(got, "[fra1-archive]") {
		t.Errorf("the linked clone is at %s", got)
	}
	mustDo(t, b, backend.VMRelocateOp{VM: vm.ID, To: far})
	if got := v.Govc("ls", "/dub2/vm", "/fra1/vm/Build"); !strings.Contains(got, "/dub2/vm/build-7") || strings.Contains(got, "/fra1/vm/Build/build-7") {
		t.Errorf("the VM was moved to %s", got)
	}
}

// TestAFolderOfTheOtherDatacenterIsTaken: it is part of the move, not a step after it.
func TestAFolderOfTheOtherDatacenterIsTaken(t *testing.T) {
	v := lab.StartVcsim(t, "-demo", "-task-time", "50ms")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm := named(t, b, backend.KindVM, "build-7").(*backend.VM)
	to := backend.Placement{
		Cluster: named(t, b, backend.KindCluster, "dub2-prod").Ref(), Datastore: named(t, b, backend.KindPool, "dub2-archive").Ref(),
		Folder: moidAt(v, backend.KindFolder, "/dub2/vm", "f", "Build"),
	}
	mustDo(t, b, backend.VMRelocateOp{VM: vm.ID, To: to})
	if got := v.Govc("find", "/dub2/vm/Build", "-type", "m"); !strings.Contains(got, "/dub2/vm/Build/build-7") {
		t.Errorf("it is not there: %s", got)
	}
}
