package backendtest

import (
	"slices"

	"hvdeck/backend"
)

func listCases() []testCase {
	all := []testCase{
		{name: "list/refs", run: listRefs},
		{name: "list/unknown-parent", run: listUnknownParent},
		{name: "list/snapshots-of-vm", run: listSnapshotsOfVM},
		{name: "list/volumes-of-pool", run: listVolumesOfPool},
		{name: "list/belongs-to-receiver", run: listBelongs},
	}
	for _, k := range []struct {
		name string
		kind backend.Kind
	}{
		{"list/folders", backend.KindFolder}, {"list/clusters", backend.KindCluster}, {"list/resource-pools", backend.KindResourcePool},
	} {
		all = append(all, testCase{name: k.name, run: func(r *run) { r.checkWhereKnown(k.kind) }})
	}
	for _, k := range []struct {
		name string
		kind backend.Kind
	}{
		{"list/hosts", backend.KindHost}, {"list/vms", backend.KindVM},
		{"list/pools", backend.KindPool}, {"list/networks", backend.KindNetwork},
		{"list/interfaces", backend.KindInterface}, {"list/devices", backend.KindNodeDevice},
	} {
		all = append(all, testCase{name: k.name, run: func(r *run) { r.checkList(k.kind, backend.Ref{}) }})
	}
	return all
}

// checkList lists a kind and holds every object to what the contract says of refs.
func (r *run) checkList(kind backend.Kind, parent backend.Ref) []backend.Object {
	all := r.list(backend.Query{Kind: kind, Parent: parent})
	if len(all) == 0 && parent.IsZero() {
		r.errorf("the list of %ss is empty", kind)
	}
	seen := map[backend.Ref]bool{}
	for _, o := range all {
		ref := o.Ref()
		if ref.Conn != r.b.ID() || ref.Kind != kind || ref.ID == "" {
			r.errorf("%s %q has the reference %v", kind, o.Title(), ref)
		}
		if seen[ref] {
			r.errorf("%s %q is listed twice", kind, o.Title())
		}
		seen[ref] = true
		if o.Title() == "" {
			r.errorf("%s %v has no name", kind, ref)
		}
		if o.Owner() != parent {
			r.errorf("%s %q belongs to %v, want %v", kind, o.Title(), o.Owner(), parent)
		}
	}
	return all
}

// checkWhereKnown lists a kind that only some endpoints have; the others know of none.
func (r *run) checkWhereKnown(kind backend.Kind) {
	if slices.Contains(r.b.Caps().Kinds, kind) {
		r.checkPlaces(r.checkList(kind, backend.Ref{}))
		return
	}
	if all, err := r.tryList(r.b, backend.Query{Kind: kind}); err == nil && len(all) != 0 {
		r.errorf("%d %ss at an endpoint that says that it has none", len(all), kind)
	}
}

// checkPlaces asserts that what these objects are in is listed, too, and that nothing is
// in itself.
func (r *run) checkPlaces(all []backend.Object) {
	known := map[backend.Ref]backend.Ref{}
	for _, kind := range []backend.Kind{backend.KindFolder, backend.KindCluster, backend.KindHost, backend.KindResourcePool} {
		if !slices.Contains(r.b.Caps().Kinds, kind) {
			continue
		}
		for _, o := range r.list(backend.Query{Kind: kind}) {
			known[o.Ref()] = above(o)
		}
	}
	for _, o := range all {
		at := o.Ref()
		for range len(known) + 1 {
			up, ok := known[at]
			if !ok {
				r.errorf("%s %q is in %v, which is not listed", at.Kind, o.Title(), at)
				break
			}
			if at = up; at.IsZero() {
				break
			}
		}
		if !at.IsZero() {
			r.errorf("%s %q: the places that it is in have no end", o.Ref().Kind, o.Title())
		}
	}
}

// above is what an object is in, in the tree of an inventory.
func above(o backend.Object) backend.Ref {
	switch o := o.(type) {
	case *backend.Folder:
		return o.Up
	case *backend.Cluster:
		return o.FolderRef
	case *backend.ResourcePool:
		return o.Up
	case *backend.Host:
		if !o.ClusterRef.IsZero() {
			return o.ClusterRef
		}
		return o.FolderRef
	default:
		return backend.Ref{}
	}
}

func listRefs(r *run) {
	want := r.vm(r.Running).ID
	all := r.list(backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{want, r.unknown(backend.KindVM)}})
	if len(all) != 1 || all[0].Ref() != want {
		r.errorf("a list narrowed to one VM and one that does not exist holds %d", len(all))
	}
}

func listUnknownParent(r *run) {
	_, err := r.tryList(r.b, backend.Query{Kind: backend.KindSnapshot, Parent: r.unknown(backend.KindVM)})
	r.class("list snapshots of an unknown VM", err, backend.ClassNotFound)
}

func listSnapshotsOfVM(r *run) {
	vm := r.ensureOff(r.Off)
	r.create(vm, "one")
	if all := r.checkList(backend.KindSnapshot, vm); len(all) != 1 {
		r.errorf("%d snapshots, want 1", len(all))
	}
	if n := r.again(vm).Snapshots; n == 0 {
		r.errorf("the VM says that it has no snapshots")
	}
	r.clear(vm)
	if all := r.checkList(backend.KindSnapshot, vm); len(all) != 0 {
		r.errorf("%d snapshots, want none", len(all))
	}
}

func listVolumesOfPool(r *run) {
	listed := false
	for _, o := range r.list(backend.Query{Kind: backend.KindPool}) {
		p, ok := o.(*backend.Pool)
		if !ok || p.State != backend.PoolRunning {
			continue
		}
		listed = true
		r.checkList(backend.KindVolume, p.ID)
	}
	if !listed {
		r.errorf("there is no running pool to list volumes of")
	}
}

// listBelongs writes into what was listed: the next list must not show it.
func listBelongs(r *run) {
	name := r.vm(r.Running).Name
	for range 2 {
		for _, o := range r.list(backend.Query{Kind: backend.KindVM}) {
			vm, ok := o.(*backend.VM)
			if !ok {
				r.fatalf("a list of VMs holds a %T", o)
			}
			for _, f := range vm.Extra {
				if f.Value == "overwritten" {
					r.fatalf("two lists share their fields")
				}
			}
			for i := range vm.Extra {
				vm.Extra[i].Value = "overwritten"
			}
			vm.Name = "overwritten"
		}
	}
	r.vm(name)
}
