package kind

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func snapshotAction(id, title, key, help string, needs backend.Verb, risk keymap.Risk, kinds ...backend.Kind) keymap.Action {
	return keymap.Action{
		ID: "snapshot." + id, Title: title, Help: help, Menu: keymap.MenuSnapshot, Key: key, Scope: keymap.Rows(backend.KindSnapshot),
		Group: "Snapshots", Kinds: kinds, Needs: needs, Arity: keymap.Many, Risk: risk,
	}
}

func snapshotActions() []keymap.Action {
	return []keymap.Action{
		snapshotCreate(), revertCurrent(), revertTo(), deleteOne(), deleteCurrent(), deleteTree(), forget(), editSnapshot(),
	}
}

// DefaultSnapshotName is offered where none is given.
func DefaultSnapshotName(now time.Time) string { return "snap-" + now.Format("20060102-150405") }

// checkSnapshotName is the contract's rule in a form's words.
func checkSnapshotName(name string) string {
	var e *backend.Error
	if errors.As(backend.CheckSnapshotName("name", "", name), &e) {
		return e.Message
	}
	return ""
}

func snapshotCreate() keymap.Action {
	a := snapshotAction("create", "Create snapshot…", "c", "Takes a snapshot of the VM.", backend.VerbSnapCreate, keymap.Safe, backend.KindVM, backend.KindSnapshot)
	a.Form = func(s keymap.Selection) []keymap.Field {
		caps := backend.Caps{}
		if o := s.First(); o != nil {
			caps = s.Caps(o.Ref().Conn)
		}
		return []keymap.Field{
			{Name: "name", Label: "Name", Default: DefaultSnapshotName(time.Now()), Suggested: true, Check: checkSnapshotName},
			{Name: "description", Label: "Description"},
			{Name: "memory", Label: "With memory", Hint: "keeps what runs; off: disks only, as after a power cut",
				Type: keymap.ToggleField, Default: yesIf(caps.Why(backend.VerbSnapMemory) == ""), Off: caps.Why(backend.VerbSnapMemory)},
			{Name: "quiesce", Label: "Quiesced", Hint: "the guest flushes its disks first; needs tools or the agent, and on libvirt External as well",
				Type: keymap.ToggleField, Default: "no", Off: caps.Why(backend.VerbSnapQuiesce)},
			{Name: "diskonly", Label: "External", Hint: "disk-only: disks go on in new overlay files, no memory",
				Type: keymap.ToggleField, Default: "no", Off: caps.Why(backend.VerbSnapDiskOnly)},
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.SnapshotCreateOp{
			VM: vmOf(o), Name: strings.TrimSpace(args["name"]), Description: args["description"],
			Memory: args["memory"] != "no" && !args.On("diskonly"), Quiesce: args.On("quiesce"), DiskOnly: args.On("diskonly"),
		}
	}
	return a
}

func yesIf(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// vmOf is the VM itself, or the VM of a snapshot.
func vmOf(o backend.Object) backend.Ref {
	if o.Ref().Kind == backend.KindSnapshot {
		return o.Owner()
	}
	return o.Ref()
}

func afterField(s keymap.Selection) keymap.Field {
	why := ""
	if o := s.First(); o != nil {
		why = s.Caps(o.Ref().Conn).Why(backend.VerbSnapRevertState)
	}
	return keymap.Field{
		Name: "after", Label: "Then", Type: keymap.ChoiceField, Default: "taken", Off: why,
		Choices: []keymap.FieldChoice{{Value: "taken", Label: "as it was taken"}, {Value: "run", Label: "run"}, {Value: "pause", Label: "pause"}},
	}
}

func revertHostField(s keymap.Selection) keymap.Field {
	f := hostField(s)
	f.Default = ""
	f.Choices = append([]keymap.FieldChoice{{Value: "", Label: "the server chooses"}}, f.Choices...)
	if o := s.First(); o != nil {
		f.Off = s.Caps(o.Ref().Conn).Why(backend.VerbSnapRevertHost)
		for _, other := range s.Objects {
			if other.Ref().Conn != o.Ref().Conn {
				f.Off = "they are on several connections"
			}
		}
	}
	return f
}

// safetyField offers a snapshot of the present before a revert throws it away.
func safetyField() keymap.Field {
	return keymap.Field{
		Name: "safety", Label: "Safety snapshot first", Type: keymap.ToggleField, Default: "no",
		Hint: "takes one of the present state; the revert follows only if it succeeds",
	}
}

func afterArg(args keymap.Args) backend.After {
	switch args["after"] {
	case "run":
		return backend.AfterRun
	case "pause":
		return backend.AfterPause
	default:
		return backend.AfterAsTaken
	}
}

func revertForm(s keymap.Selection) []keymap.Field {
	return []keymap.Field{afterField(s), revertHostField(s), safetyField()}
}

func revertOp(o backend.Object, snapshot backend.Ref, args keymap.Args) backend.Op {
	return backend.SnapshotRevertOp{VM: vmOf(o), Snapshot: snapshot, After: afterArg(args), Host: hostArg(o, args)}
}

func revertTo() keymap.Action {
	a := snapshotAction("revert", "Revert to this snapshot…", "r", "Goes back to the snapshot under the cursor.",
		backend.VerbSnapRevert, keymap.Disruptive, backend.KindSnapshot)
	a.Arity = keymap.One
	a.Form = revertForm
	a.When = func(_ keymap.Selection, o backend.Object) string { return snapshotOf(o).NoRevert }
	a.Loses = func(s keymap.Selection, args keymap.Args) []string { return revertLoses(s, args) }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return revertOp(o, o.Ref(), args)
	}
	return a
}

func revertCurrent() keymap.Action {
	a := snapshotAction("revert-current", "Revert to the current one…", "R", "Goes back to the snapshot that the VM descends from.",
		backend.VerbSnapRevert, keymap.Disruptive, backend.KindVM, backend.KindSnapshot)
	a.Form = revertForm
	a.When = func(s keymap.Selection, o backend.Object) string {
		if why := whenSnapshots(s, o); why != "" {
			return why
		}
		return currentOf(s, o).NoRevert
	}
	a.Resolve = currentOnes
	a.Loses = func(s keymap.Selection, args keymap.Args) []string { return revertLoses(s, args) }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		if o.Ref().Kind == backend.KindSnapshot {
			return revertOp(o, o.Ref(), args)
		}
		return revertOp(o, backend.Ref{}, args) // its tree was not listed: the server knows
	}
	return a
}

// currentOnes puts the current snapshot in the place of its VM, where it is known.
func currentOnes(s keymap.Selection) keymap.Selection {
	objects := make([]backend.Object, 0, len(s.Objects))
	for _, o := range s.Objects {
		if cur := Current(s.Children(backend.KindSnapshot, vmOf(o))); cur != nil {
			o = cur
		}
		objects = append(objects, o)
	}
	s.Objects = objects
	return s
}

func whenSnapshots(_ keymap.Selection, o backend.Object) string {
	if vm, ok := o.(*backend.VM); ok && vm.Snapshots == 0 {
		return "it has no snapshots"
	}
	return ""
}

func revertLoses(s keymap.Selection, args keymap.Args) []string {
	out := revertAfter(s, args)
	if args.On("safety") {
		return append(out, "The present state is kept in a safety snapshot.")
	}
	o := s.First()
	if o == nil {
		return out
	}
	since := "its current snapshot"
	if cur := Current(s.Children(backend.KindSnapshot, vmOf(o))); cur != nil {
		since = fmt.Sprintf("%q", cur.Name)
		if !cur.Created.IsZero() {
			since += ", " + AgeShort(time.Since(cur.Created)) + " ago"
		}
	}
	return append(out, "What changed since "+since+" is lost: disks, and memory if it runs.")
}

// revertAfter says how the VM will be.
func revertAfter(s keymap.Selection, args keymap.Args) []string {
	var out []string
	snap, known := s.First().(*backend.Snapshot)
	switch {
	case args["after"] == "run":
		out = append(out, "Then it runs.")
	case args["after"] == "pause":
		out = append(out, "Then it is paused.")
	case known && len(s.Objects) == 1 && snap.State != backend.PowerUnknown:
		out = append(out, "Then it is "+snap.State.String()+", as when the snapshot was taken.")
	}
	if args["host"] != "" {
		for _, h := range s.All(backend.KindHost) {
			if h.Ref() == hostArg(s.First(), args) {
				out = append(out, "It is run on "+h.Title()+".")
			}
		}
	}
	return out
}

// snapshotOf is the snapshot itself; an empty one for what is none.
func snapshotOf(o backend.Object) *backend.Snapshot {
	if s, ok := o.(*backend.Snapshot); ok {
		return s
	}
	return &backend.Snapshot{}
}

// currentOf is the current snapshot of a VM, or of a snapshot's VM; an empty one where
// it is not known.
func currentOf(s keymap.Selection, o backend.Object) *backend.Snapshot {
	if cur := Current(s.Children(backend.KindSnapshot, vmOf(o))); cur != nil {
		return cur
	}
	return &backend.Snapshot{}
}

func deleteOne() keymap.Action {
	a := snapshotAction("delete", "Delete this snapshot…", "d", "Deletes the snapshot; its children stay and move up.",
		backend.VerbSnapDelete, keymap.Disruptive, backend.KindSnapshot)
	a.When = func(_ keymap.Selection, o backend.Object) string { return snapshotOf(o).NoDelete }
	a.Loses = func(keymap.Selection, keymap.Args) []string {
		return []string{"There is no way back to these points in time. The VM's present state stays."}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.SnapshotDeleteOp{VM: o.Owner(), Snapshot: o.Ref()}
	}
	return a
}

func deleteCurrent() keymap.Action {
	a := deleteOne()
	a.ID, a.Key, a.Title = "snapshot.delete-current", "D", "Delete the current one…"
	a.Help = "Deletes the snapshot that the VM descends from."
	a.Kinds = []backend.Kind{backend.KindVM, backend.KindSnapshot}
	a.Resolve = currentOnes
	a.When = func(s keymap.Selection, o backend.Object) string {
		if why := whenSnapshots(s, o); why != "" {
			return why
		}
		if Current(s.Children(backend.KindSnapshot, vmOf(o))) == nil {
			return "its current snapshot is not known yet"
		}
		return currentOf(s, o).NoDelete
	}
	return a
}

func deleteTree() keymap.Action {
	a := snapshotAction("delete-tree", "Delete with all below…", "t", "Deletes the snapshot and everything below it.",
		backend.VerbSnapDelete, keymap.Irreversible, backend.KindSnapshot)
	a.When = func(_ keymap.Selection, o backend.Object) string { return snapshotOf(o).NoDeleteTree }
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string {
		var out []string
		for _, o := range s.Objects {
			out = append(out, below(s.Children(backend.KindSnapshot, o.Owner()), o.(*backend.Snapshot))...)
		}
		return out
	}
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.SnapshotDeleteOp{VM: o.Owner(), Snapshot: o.Ref(), Children: true}
	}
	return a
}

// below names every snapshot that goes with one.
func below(tree []backend.Object, top *backend.Snapshot) []string {
	_, all := Descendants(tree, top.ID)
	if all == 0 {
		return []string{top.Path + " has nothing below it."}
	}
	out := []string{fmt.Sprintf("With %s goes what is below it, %s:", top.Path, plural(all, "snapshot"))}
	for _, o := range tree {
		if s := o.(*backend.Snapshot); s.ID != top.ID && strings.HasPrefix(s.Path, top.Path+"/") {
			out = append(out, "  "+s.Path)
		}
	}
	sort.Strings(out[1:])
	return out
}

func forget() keymap.Action {
	a := snapshotAction("forget", "Forget, keep the disks…", "m", "Deletes only what libvirt knows of the snapshot.",
		backend.VerbSnapMetadata, keymap.Disruptive, backend.KindSnapshot)
	a.When = func(s keymap.Selection, o backend.Object) string {
		if n, _ := Descendants(s.Children(backend.KindSnapshot, o.Owner()), o.Ref()); n > 0 {
			return "it has children"
		}
		return ""
	}
	a.Loses = func(keymap.Selection, keymap.Args) []string {
		return []string{"The disks keep its data, but no tool will offer to go back to it."}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.SnapshotDeleteOp{VM: o.Owner(), Snapshot: o.Ref(), MetadataOnly: true}
	}
	return a
}

func editSnapshot() keymap.Action {
	a := snapshotAction("edit", "Rename, redescribe…", "e", "Changes the name or the description.", backend.VerbSnapEdit, keymap.Safe, backend.KindSnapshot)
	a.Arity = keymap.One
	a.Form = func(s keymap.Selection) []keymap.Field {
		x, ok := s.First().(*backend.Snapshot)
		if !ok {
			return nil
		}
		return []keymap.Field{
			{Name: "name", Label: "Name", Default: x.Name, Check: checkSnapshotName, Off: s.Caps(x.ID.Conn).Why(backend.VerbSnapRename)},
			{Name: "description", Label: "Description", Default: oneLine(x.Description)},
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		op := backend.SnapshotEditOp{VM: o.Owner(), Snapshot: o.Ref(), Description: args["description"]}
		op.KeepDescription = op.Description == oneLine(o.(*backend.Snapshot).Description)
		if name := args["name"]; name != o.Title() {
			op.Name = name
		}
		return op
	}
	return a
}

// oneLine is a description as a form's single line has it.
func oneLine(text string) string { return strings.ReplaceAll(text, "\n", " ") }
