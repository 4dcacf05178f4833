package vsphere

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// Operations on what VMs are: clone, rename, vCPUs and memory, unregister and delete.

func lifeVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbVMRename, backend.VerbVMClone, backend.VerbVMLinkedClone, backend.VerbVMResources,
		backend.VerbFor(backend.KindVM, backend.ActUndefine),
	}
}

func (a *action) lifeWork(op backend.Op) work {
	switch op := op.(type) {
	case backend.VMRenameOp:
		return bind(op, a.rename)
	case backend.VMCloneOp:
		return bind(op, a.clone)
	case backend.VMResourcesOp:
		return bind(op, a.resources)
	case backend.VMUndefineOp:
		return bind(op, a.undefine)
	default:
		return nil
	}
}

// checkVMName refuses what would be no name of a VM and of its folder. Inventory paths
// are made of names, so a slash is not taken although the API could escape it.
func (a *action) checkVMName(name string) error {
	switch n := utf8.RuneCountInString(name); {
	case strings.TrimSpace(name) == "":
		return a.refuse(backend.ClassInvalid, "the name is empty")
	case n > maxName:
		return a.refuse(backend.ClassInvalid, "the name has %d characters; %d are allowed", n, maxName)
	case strings.Contains(name, "/"):
		return a.refuse(backend.ClassInvalid, "the name %q has a slash in it", name)
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return a.refuse(backend.ClassInvalid, "the name %q has the control character %U in it", name, r)
		}
	}
	return nil
}

// rename changes the name in the inventory; the files keep theirs. Source: Rename_Task.
func (a *action) rename(ctx context.Context, op backend.VMRenameOp) (backend.Result, error) {
	if err := a.checkVMName(op.Name); err != nil {
		return backend.Result{}, err
	}
	_, err := a.task(ctx, startOf(a.c, methods.Rename_Task, &types.Rename_Task{This: a.c.moref(op.VM), NewName: escape(op.Name)}))
	return backend.Result{}, err
}
