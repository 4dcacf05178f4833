package kind

import (
	"fmt"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func vmUndefine() keymap.Action {
	a := onEach(vmAction("undefine", "Undefine, unregister…", "u", "Removes the definition, and what is ticked.",
		backend.VerbFor(backend.KindVM, backend.ActUndefine), keymap.Irreversible, nil))
	a.When = func(s keymap.Selection, o backend.Object) string {
		if inInventory(s, o) {
			return whenOff(o.(*backend.VM))
		}
		return whenPersistent(o.(*backend.VM))
	}
	a.Detailed = true
	a.Form = undefineForm
	a.Loses = undefineLoses
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		op := backend.VMUndefineOp{VM: o.Ref(), ManagedSave: args.On("save"), Snapshots: args.On("snapshots"), NVRAM: args.On("nvram"), TPM: args.On("tpm")}
		for _, d := range deletable(s) {
			if args.On("files") || args.On(diskField(d)) {
				op.Disks = append(op.Disks, d.Label)
			}
		}
		return op
	}
	return a
}

func undefineForm(s keymap.Selection) []keymap.Field {
	if inInventory(s, s.First()) {
		return []keymap.Field{{Name: "files", Label: "Delete its files", Hint: fmt.Sprintf("all of them, with %s; else it is only unregistered",
			plural(len(deletable(s)), "disk")), Type: keymap.ToggleField, Default: "no", Off: whyNoFiles(s)}}
	}
	fields := []keymap.Field{
		{Name: "save", Label: "Saved state", Hint: "delete the saved memory", Type: keymap.ToggleField, Default: "no"},
		{Name: "snapshots", Label: "Snapshots", Hint: "forget its snapshots and checkpoints", Type: keymap.ToggleField, Default: "no"},
		{Name: "nvram", Label: "UEFI variables", Hint: "delete them", Type: keymap.ToggleField, Default: "no"},
		{Name: "tpm", Label: "TPM state", Hint: "delete it", Type: keymap.ToggleField, Default: "no"},
	}
	for _, d := range deletable(s) {
		fields = append(fields, keymap.Field{Name: diskField(d), Label: "Delete " + d.Label, Hint: d.Path, Type: keymap.ToggleField, Default: "no"})
	}
	return fields
}

// whyNoFiles: files are deleted of one VM at a time, whose disks have been shown.
func whyNoFiles(s keymap.Selection) string {
	if len(s.Objects) != 1 {
		return "files are deleted of one VM at a time"
	}
	return ""
}

// deletable are the disks of the VM that could be deleted with it: not its media.
func deletable(s keymap.Selection) []backend.Disk {
	if len(s.Objects) != 1 {
		return nil
	}
	var out []backend.Disk
	for _, d := range vmDetail(s).Disks {
		if d.Path != "" && !d.ReadOnly && d.Device != "cdrom" && d.Device != "floppy" {
			out = append(out, d)
		}
	}
	return out
}

func undefineLoses(s keymap.Selection, args keymap.Args) []string {
	here, there := splitInventory(s)
	if len(there.Objects) == 0 {
		return unregisterLoses(here, args)
	}
	var lines []string
	if len(here.Objects) > 0 {
		lines = unregisterLoses(here, args)
	}
	s = there
	lines = append(lines, "The definition goes.")
	for _, o := range s.Objects {
		if vm, ok := o.(*backend.VM); ok && vm.State.Running() {
			lines = append(lines, vm.Name+" runs on, and is gone when it stops.")
		}
	}
	kept := "Its disks stay."
	for _, d := range deletable(s) {
		if args.On(diskField(d)) {
			lines = append(lines, fmt.Sprintf("DELETED with all that is in it: %s, %s", d.Label, d.Path))
			kept = "Its other disks stay."
		}
	}
	if args.On("snapshots") {
		lines = append(lines, "Its snapshots are forgotten; internal ones stay in the disks.")
	}
	return append(lines, kept)
}

// unregisterLoses is for vSphere, which deletes all files of a VM or none.
func unregisterLoses(s keymap.Selection, args keymap.Args) []string {
	if !args.On("files") {
		lines := []string{"It leaves the inventory, with its permissions, tags and alarms. Its files stay where they are."}
		if len(s.Objects) > 1 {
			lines = append(lines, "To delete files as well, take one VM at a time.")
		}
		return lines
	}
	lines := []string{"DELETED: the VM with its snapshots and every file in its folder that belongs to it."}
	for _, d := range deletable(s) {
		lines = append(lines, fmt.Sprintf("DELETED with all that is in it: %s, %s", d.Label, d.Path))
	}
	return lines
}

// splitInventory parts what is in an inventory of places from what is not.
func splitInventory(s keymap.Selection) (in, out keymap.Selection) {
	in, out = s, s
	in.Objects, out.Objects = nil, nil
	for _, o := range s.Objects {
		if inInventory(s, o) {
			in.Objects = append(in.Objects, o)
		} else {
			out.Objects = append(out.Objects, o)
		}
	}
	return in, out
}
