package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// listSnapshots lists the tree of one VM in one call, parents before children.
func (c *Conn) listSnapshots(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	if q.Parent.Kind != backend.KindVM {
		return backend.Refuse(backend.ClassInvalid, "list snapshots", "", "snapshots are listed of one VM")
	}
	got, err := c.retrieveOne(ctx, "list snapshots of", c.moref(q.Parent), "snapshot", "layoutEx")
	if err != nil {
		return err
	}
	info, ok := got["snapshot"].(types.VirtualMachineSnapshotInfo)
	if !ok {
		return nil
	}
	t := treeReader{c: c, vm: q.Parent, sizes: snapshotSizes(as[types.VirtualMachineFileLayoutEx](got["layoutEx"]))}
	if info.CurrentSnapshot != nil {
		t.current = info.CurrentSnapshot.Value
	}
	t.read(info.RootSnapshotList, backend.Ref{})
	backend.SetPaths(t.all)
	if page := pick(t.all, q.Refs); len(page) > 0 {
		emit(page)
	}
	return nil
}

// pick narrows the list to the refs, if there are any.
func pick(all []*backend.Snapshot, refs []backend.Ref) []backend.Object {
	want := make(map[backend.Ref]bool, len(refs))
	for _, r := range refs {
		want[r] = true
	}
	page := make([]backend.Object, 0, len(all))
	for _, s := range all {
		if len(refs) == 0 || want[s.ID] {
			page = append(page, s)
		}
	}
	return page
}

// treeReader flattens a snapshot tree.
type treeReader struct {
	c       *Conn
	vm      backend.Ref
	current string
	sizes   map[string]uint64
	all     []*backend.Snapshot
}

func (t *treeReader) read(list []types.VirtualMachineSnapshotTree, up backend.Ref) {
	for _, n := range list {
		s := &backend.Snapshot{
			Meta: backend.Meta{ID: t.c.ref(backend.KindSnapshot, n.Snapshot.Value), Name: unescape(n.Name), Parent: t.vm},
			Up:   up, Description: n.Description, Created: t.c.ours(n.CreateTime), State: powerState(n.State),
			Quiesced: n.Quiesced, Current: n.Snapshot.Value == t.current,
			Storage: backend.StorageExternal, Size: t.sizes[n.Snapshot.Value],
		}
		t.all = append(t.all, s)
		t.read(n.ChildSnapshotList, s.ID)
	}
}

// snapshotSizes adds up the files that each snapshot alone has: its data, its
// memory and the last delta of each disk.
func snapshotSizes(l types.VirtualMachineFileLayoutEx) map[string]uint64 {
	files := make(map[int32]int64, len(l.File))
	for _, f := range l.File {
		files[f.Key] = f.Size
	}
	sizes := make(map[string]uint64, len(l.Snapshot))
	for _, s := range l.Snapshot {
		total := files[s.DataKey]
		if s.MemoryKey > 0 {
			total += files[s.MemoryKey]
		}
		for _, d := range s.Disk {
			if len(d.Chain) == 0 {
				continue
			}
			for _, k := range d.Chain[len(d.Chain)-1].FileKey {
				total += files[k]
			}
		}
		sizes[s.Key.Value] = uint64(max(total, 0))
	}
	return sizes
}
