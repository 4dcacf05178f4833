package vsphere

import (
	"context"
	"unicode/utf8"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

func snapshotVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbSnapCreate, backend.VerbSnapMemory, backend.VerbSnapQuiesce, backend.VerbSnapRevert,
		backend.VerbSnapRevertHost, backend.VerbSnapDelete, backend.VerbSnapEdit, backend.VerbSnapRename,
	}
}

func (a *action) snapshotWork(op backend.Op) work {
	switch op := op.(type) {
	case backend.SnapshotCreateOp:
		return bind(op, a.createSnapshot)
	case backend.SnapshotRevertOp:
		return bind(op, a.revert)
	case backend.SnapshotDeleteOp:
		return bind(op, a.deleteSnapshot)
	case backend.SnapshotEditOp:
		return bind(op, a.editSnapshot)
	default:
		return nil
	}
}

func snapshotRef(r backend.Ref) moref {
	return moref{Type: "VirtualMachineSnapshot", Value: r.ID}
}

// maxName is what the API allows for the name of a snapshot, in characters.
const maxName = 80

// checkName adds to the contract's rule what only vSphere refuses.
func (a *action) checkName(name string) error {
	if err := backend.CheckSnapshotName(a.doing, a.object, name); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(name); n > maxName {
		return backend.Refuse(backend.ClassInvalid, a.doing, a.object, "the name has %d characters; %d are allowed", n, maxName)
	}
	return nil
}

// checkText refuses what XML can't carry and the encoder would silently replace.
func (a *action) checkText(text string) error {
	for _, r := range text {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == utf8.RuneError {
			return backend.Refuse(backend.ClassInvalid, a.doing, a.object, "the control character %U can't be sent to the server", r)
		}
	}
	return nil
}

func (a *action) checkBoth(name, description string) error {
	if err := a.checkName(name); err != nil {
		return err
	}
	return a.checkText(description)
}

func (a *action) createSnapshot(ctx context.Context, op backend.SnapshotCreateOp) (backend.Result, error) {
	if err := a.checkBoth(op.Name, op.Description); err != nil {
		return backend.Result{}, err
	}
	made, err := a.task(ctx, startOf(a.c, methods.CreateSnapshot_Task, &types.CreateSnapshot_Task{
		This: a.c.moref(op.VM), Name: op.Name, Description: op.Description, Memory: op.Memory, Quiesce: op.Quiesce,
	}))
	if err != nil {
		return backend.Result{}, err
	}
	if moid := moidOf(made); moid != "" {
		return backend.Result{Created: a.c.ref(backend.KindSnapshot, moid)}, nil
	}
	return backend.Result{}, nil
}

func (a *action) revert(ctx context.Context, op backend.SnapshotRevertOp) (backend.Result, error) {
	var host *moref
	if !op.Host.IsZero() {
		ref := a.c.moref(op.Host)
		host = &ref
	}
	if op.Host != (backend.Ref{}) && op.After != backend.AfterAsTaken {
		return backend.Result{}, backend.Refuse(backend.ClassUnsupported, a.doing, a.object, "%s", a.c.caps.Why(backend.VerbSnapRevertState))
	}
	start := startOf(a.c, methods.RevertToSnapshot_Task, &types.RevertToSnapshot_Task{This: snapshotRef(op.Snapshot), Host: host})
	if op.Snapshot.IsZero() {
		start = startOf(a.c, methods.RevertToCurrentSnapshot_Task, &types.RevertToCurrentSnapshot_Task{This: a.c.moref(op.VM), Host: host})
	}
	_, err := a.task(ctx, start)
	return backend.Result{}, err
}

func (a *action) deleteSnapshot(ctx context.Context, op backend.SnapshotDeleteOp) (backend.Result, error) {
	if op.Snapshot.IsZero() {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, a.doing, a.object, "no snapshot was named")
	}
	consolidate := true
	_, err := a.task(ctx, startOf(a.c, methods.RemoveSnapshot_Task, &types.RemoveSnapshot_Task{
		This: snapshotRef(op.Snapshot), RemoveChildren: op.Children, Consolidate: &consolidate,
	}))
	return backend.Result{}, err
}

// editSnapshot leaves out what stays: RenameSnapshot keeps what is not given.
func (a *action) editSnapshot(ctx context.Context, op backend.SnapshotEditOp) (backend.Result, error) {
	if op.KeepDescription {
		op.Description = ""
	}
	if op.Name != "" {
		if err := a.checkName(op.Name); err != nil {
			return backend.Result{}, err
		}
	}
	if err := a.checkText(op.Description); err != nil {
		return backend.Result{}, err
	}
	err := a.call(ctx, func(ctx context.Context) error {
		_, err := methods.RenameSnapshot(ctx, a.c.vc, &types.RenameSnapshot{
			This: snapshotRef(op.Snapshot), Name: op.Name, Description: op.Description,
		})
		return err
	})
	return backend.Result{}, err
}
