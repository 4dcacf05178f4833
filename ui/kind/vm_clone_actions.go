package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// diskField asks what happens to one disk.
func diskField(d backend.Disk) string { return "disk." + d.Label }

func vmClone() keymap.Action {
	a := vmAction("clone", "Clone…", "c", "Makes a copy with its own UUID, MAC addresses and disks.", backend.VerbVMClone, keymap.Safe, nil)
	a.When = whenStill
	a.Detailed, a.Checked = true, true
	a.Form = func(s keymap.Selection) []keymap.Field {
		if inInventory(s, s.First()) {
			return cloneInInventory(s)
		}
		return cloneOfDisks(s)
	}
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		if inInventory(s, s.First()) {
			return cloneInInventoryOp(o, args)
		}
		return cloneOfDisksOp(o, s, args)
	}
	return a
}

// cloneOfDisks asks for a clone of a libvirt domain, disk by disk.
func cloneOfDisks(s keymap.Selection) []keymap.Field {
	fields := []keymap.Field{{Name: "name", Label: "Name", Default: firstVM(s).Name + "-clone", Suggested: true, Check: checkName}}
	for _, d := range vmDetail(s).Disks {
		if d.Path != "" {
			fields = append(fields, cloneField(d))
		}
	}
	return fields
}

func cloneOfDisksOp(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
	fates := map[string]backend.DiskFate{"copy": backend.DiskCopied, "share": backend.DiskShared, "leave": backend.DiskLeftOut}
	op := backend.VMCloneOp{VM: o.Ref(), Name: strings.TrimSpace(args["name"])}
	for _, d := range vmDetail(s).Disks {
		if fate, asked := fates[args[diskField(d)]]; asked {
			op.Disks = append(op.Disks, backend.CloneDisk{Target: d.Label, Fate: fate})
		}
	}
	return op
}

func cloneField(d backend.Disk) keymap.Field {
	f := keymap.Field{
		Name: diskField(d), Label: d.Label, Hint: d.Path, Type: keymap.ChoiceField, Default: "copy",
		Choices: []keymap.FieldChoice{{Value: "copy", Label: "copy"}, {Value: "leave", Label: "leave out"}},
	}
	if d.ReadOnly || d.Device != "disk" { // two VMs that write to one disk destroy it
		f.Default = "share"
		f.Choices = append(f.Choices, keymap.FieldChoice{Value: "share", Label: "share: both use it"})
	}
	return f
}

// cloneInInventory asks for a clone of a vSphere VM.
func cloneInInventory(s keymap.Selection) []keymap.Field {
	vm := firstVM(s)
	fields := []keymap.Field{
		{Name: "name", Label: "Name", Default: vm.Name + "-clone", Suggested: true, Check: checkName},
		{Name: "snapshot", Label: "Of", Type: keymap.ChoiceField, Choices: snapshotChoices(s, vm)},
		{Name: "linked", Label: "Linked", Hint: "stands on the disks of the snapshot: quick and small, and bound to it", Type: keymap.ToggleField, Default: "no",
			Only: isGiven("snapshot")},
	}
	fields = append(fields, placeFields(s, "the same as the original")...)
	return append(fields,
		keymap.Field{Name: "template", Label: "As a template", Type: keymap.ToggleField, Default: "no"},
		keymap.Field{Name: "start", Label: "Power on", Type: keymap.ToggleField, Default: "no", Only: onlyIf("template", "no")})
}

func snapshotChoices(s keymap.Selection, vm *backend.VM) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, o := range s.Children(backend.KindSnapshot, vm.ID) {
		out = append(out, keymap.FieldChoice{Value: o.Ref().ID, Label: "snapshot " + o.(*backend.Snapshot).Path})
	}
	return append([]keymap.FieldChoice{{Value: "", Label: "its present state"}}, sortedChoices(out)...)
}

func cloneInInventoryOp(o backend.Object, args keymap.Args) backend.Op {
	return backend.VMCloneOp{
		VM: o.Ref(), Name: strings.TrimSpace(args["name"]), To: placeArg(o, args), Snapshot: refArg(o, backend.KindSnapshot, args["snapshot"]),
		Linked: args["snapshot"] != "" && args.On("linked"), Template: args.On("template"), PowerOn: !args.On("template") && args.On("start"),
	}
}
