package vcsim

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

type tree = []types.VirtualMachineSnapshotTree

// cloneInfo copies a snapshot tree, so that readers of the old one never see a
// half-made change; nil gives an empty one.
func cloneInfo(info *types.VirtualMachineSnapshotInfo) *types.VirtualMachineSnapshotInfo {
	if info == nil {
		return &types.VirtualMachineSnapshotInfo{}
	}
	c := &types.VirtualMachineSnapshotInfo{RootSnapshotList: cloneTree(info.RootSnapshotList)}
	if info.CurrentSnapshot != nil {
		cur := *info.CurrentSnapshot
		c.CurrentSnapshot = &cur
	}
	return c
}

func cloneTree(t tree) tree {
	c := make(tree, len(t))
	for i, n := range t {
		n.ChildSnapshotList = cloneTree(n.ChildSnapshotList)
		c[i] = n
	}
	return c
}

func find(t tree, ref types.ManagedObjectReference) *types.VirtualMachineSnapshotTree {
	for i := range t {
		if t[i].Snapshot == ref {
			return &t[i]
		}
		if n := find(t[i].ChildSnapshotList, ref); n != nil {
			return n
		}
	}
	return nil
}

// ancestors are the nodes above ref, the root first.
func ancestors(t tree, ref types.ManagedObjectReference) []types.ManagedObjectReference {
	for i := range t {
		if find(t[i].ChildSnapshotList, ref) == nil {
			continue
		}
		return append([]types.ManagedObjectReference{t[i].Snapshot}, ancestors(t[i].ChildSnapshotList, ref)...)
	}
	return nil
}

func all(t tree) []types.ManagedObjectReference {
	var refs []types.ManagedObjectReference
	for _, n := range t {
		refs = append(refs, n.Snapshot)
		refs = append(refs, all(n.ChildSnapshotList)...)
	}
	return refs
}

// without is the tree less ref; its children take its place unless they go too.
func without(t tree, ref types.ManagedObjectReference, children bool) tree {
	var left tree
	for _, n := range t {
		if n.Snapshot != ref {
			n.ChildSnapshotList = without(n.ChildSnapshotList, ref, children)
			left = append(left, n)
			continue
		}
		if !children {
			left = append(left, n.ChildSnapshotList...)
		}
	}
	return left
}

func nextNumber(t tree) int32 {
	var top int32
	for _, n := range t {
		top = max(top, n.Id, nextNumber(n.ChildSnapshotList))
	}
	return top
}

// dirOf is the folder of a datastore path, with its slash.
func dirOf(path string) string {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i+1]
	}
	return path
}
