package ui

import (
	"slices"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/ui/kind"
)

// maxDepth ends walks upwards: deeper than any inventory, and an end to a circle.
const maxDepth = 64

// invRow is a row of an inventory tree. It is not changed once it was built.
type invRow struct {
	ref  backend.Ref    // of a connection: no more than its name
	up   backend.Ref    // zero for a root
	obj  backend.Object // nil for a connection
	vms  int            // in it and below
	on   int            // of these, how many run
	near int            // VMs right under it
}

// title is the name on the row.
func (r *invRow) title() string {
	if r.obj == nil {
		return string(r.ref.Conn)
	}
	return r.obj.Title()
}

func (r *invRow) isVM() bool { return r.ref.Kind == backend.KindVM }

// invBuilder hangs objects under each other.
type invBuilder struct {
	byHosts bool // hosts, clusters and pools instead of folders
	rows    []*invRow
	by      map[backend.Ref]*invRow
	// through leads past what is not shown, such as the root pool of a cluster, to what
	// stands above.
	through map[backend.Ref]backend.Ref
	roots   map[backend.ConnID]backend.Ref
	flat    map[backend.ConnID]bool // without folders: VMs hang under their hosts
	centers map[string]backend.Ref  // datacenters by connection and name
}

// buildInventory makes the rows of a tree from the store, parents before children and
// siblings in order. It reads only the store, and runs off the event loop.
func buildInventory(st *store.Store, byHosts bool) []*invRow {
	b := &invBuilder{
		byHosts: byHosts, by: map[backend.Ref]*invRow{}, through: map[backend.Ref]backend.Ref{},
		roots: map[backend.ConnID]backend.Ref{}, flat: map[backend.ConnID]bool{}, centers: map[string]backend.Ref{},
	}
	folders, clusters, hosts := ordered(st, backend.KindFolder), ordered(st, backend.KindCluster), ordered(st, backend.KindHost)
	b.addConns(st.Conns(), folders, hosts)
	b.addFolders(folders)
	if byHosts {
		b.addClusters(clusters)
	}
	b.addHosts(hosts)
	if byHosts {
		b.addPools(ordered(st, backend.KindResourcePool))
	}
	b.addVMs(ordered(st, backend.KindVM))
	b.settle()
	return b.rows
}

func ordered(st *store.Store, k backend.Kind) []backend.Object {
	all := st.All(k)
	kind.Order(all, nil, false)
	return all
}

func (b *invBuilder) add(o backend.Object, up backend.Ref) {
	r := &invRow{ref: o.Ref(), up: up, obj: o}
	b.rows = append(b.rows, r)
	b.by[r.ref] = r
}

// addConns makes a root for each connection. A connection that is one host has that
// host for its root.
func (b *invBuilder) addConns(conns []store.ConnStatus, folders, hosts []backend.Object) {
	placed, only := map[backend.ConnID]bool{}, map[backend.ConnID]backend.Ref{}
	for _, o := range folders {
		placed[o.Ref().Conn] = true
	}
	for _, o := range hosts {
		r := o.Ref()
		if _, second := only[r.Conn]; second {
			only[r.Conn] = backend.Ref{}
			continue
		}
		only[r.Conn] = r
	}
	for _, c := range conns {
		b.flat[c.ID] = !placed[c.ID]
		if host := only[c.ID]; !placed[c.ID] && !host.IsZero() {
			b.roots[c.ID] = host
			continue
		}
		root := &invRow{ref: backend.Ref{Conn: c.ID}}
		b.roots[c.ID] = root.ref
		b.rows = append(b.rows, root)
		b.by[root.ref] = root
	}
}

// addFolders shows datacenters and the folders of this tree.
func (b *invBuilder) addFolders(folders []backend.Object) {
	wanted := "VMs"
	if b.byHosts {
		wanted = "hosts"
	}
	for _, o := range folders {
		f := o.(*backend.Folder)
		if f.Datacenter {
			b.centers[string(f.ID.Conn)+"/"+f.Name] = f.ID
		}
		if f.Datacenter || f.Holds == wanted || f.Holds == "datacenters" {
			b.add(f, f.Up)
			continue
		}
		b.through[f.ID] = f.Up
	}
}

func (b *invBuilder) addClusters(clusters []backend.Object) {
	for _, o := range clusters {
		b.add(o, o.(*backend.Cluster).FolderRef)
	}
}

// addHosts shows hosts; among the folders only those of connections that have none.
func (b *invBuilder) addHosts(hosts []backend.Object) {
	for _, o := range hosts {
		h := o.(*backend.Host)
		switch {
		case !b.byHosts && !b.flat[h.ID.Conn]:
		case !h.ClusterRef.IsZero():
			b.add(h, h.ClusterRef)
		default:
			b.add(h, h.FolderRef)
		}
	}
}

// addPools passes by the root pool that each cluster and host has.
func (b *invBuilder) addPools(pools []backend.Object) {
	for _, o := range pools {
		p := o.(*backend.ResourcePool)
		if p.Path == "" {
			b.through[p.ID] = p.Up
			continue
		}
		b.add(p, p.Up)
	}
}

func (b *invBuilder) addVMs(vms []backend.Object) {
	for _, o := range vms {
		b.add(o, b.aboveVM(o.(*backend.VM)))
	}
}

func (b *invBuilder) aboveVM(vm *backend.VM) backend.Ref {
	switch {
	case b.flat[vm.ID.Conn]:
		return vm.Host
	case !b.byHosts && !vm.FolderRef.IsZero():
		return vm.FolderRef
	case !b.byHosts: // the VMs of a vApp are in no folder
		return b.centers[string(vm.ID.Conn)+"/"+vm.Datacenter]
	case !vm.PoolRef.IsZero():
		return vm.PoolRef
	default: // templates are in no pool
		return vm.Host
	}
}

// settle finds what each row really hangs under, and counts the VMs.
func (b *invBuilder) settle() {
	for _, r := range b.rows {
		if root := b.roots[r.ref.Conn]; r.ref != root {
			r.up = b.shown(r.up, root)
		} else {
			r.up = backend.Ref{}
		}
	}
	for _, r := range b.rows {
		if r.isVM() {
			b.count(r)
		}
	}
}

// shown is the row at or above ref; the root where there is none.
func (b *invBuilder) shown(ref, root backend.Ref) backend.Ref {
	for range maxDepth {
		if _, ok := b.by[ref]; ok {
			return ref
		}
		up, ok := b.through[ref]
		if !ok {
			break
		}
		ref = up
	}
	return root
}

// count adds a VM to all that it is in, and to its host where that stands beside.
func (b *invBuilder) count(r *invRow) {
	vm := r.obj.(*backend.VM)
	running := 0
	if vm.State.Running() {
		running = 1
	}
	if p := b.by[r.up]; p != nil {
		p.near++
	}
	onHost := false
	at := r.up
	for range maxDepth {
		p := b.by[at]
		if p == nil {
			break
		}
		onHost = onHost || p.ref == vm.Host
		p.vms, p.on = p.vms+1, p.on+running
		at = p.up
	}
	if host := b.by[vm.Host]; host != nil && !onHost {
		host.vms, host.on = host.vms+1, host.on+running
	}
}

// matching keeps the rows that match a filter, and all above them; hits are those that
// match themselves.
func matching(rows []*invRow, specs *kind.Registry, f kind.Filter) (kept []*invRow, hits map[backend.Ref]bool) {
	hits = map[backend.Ref]bool{}
	by := make(map[backend.Ref]*invRow, len(rows))
	for _, r := range rows {
		by[r.ref] = r
	}
	keep := map[backend.Ref]bool{}
	for _, r := range rows {
		if r.obj == nil || !f.Match(specs.Of(r.ref.Kind), r.obj) {
			continue
		}
		hits[r.ref] = true
		for at, n := r, 0; at != nil && n < maxDepth && !keep[at.ref]; at, n = by[at.up], n+1 {
			keep[at.ref] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(rows), func(r *invRow) bool { return !keep[r.ref] }), hits
}
