package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func vmNew() keymap.Action {
	a := newAction(backend.KindVM, backend.KindHost, "new", "VM…", "n", "Defines a plain VM: disk, ISO, network.", backend.VerbVMNew)
	a.Form = vmNewFields
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMNewOp{
			Host: o.Ref(), Name: strings.TrimSpace(args["name"]), VCPUs: int(args.Int("vcpus", 0)), Memory: uint64(max(args.Int("memory", 0), 0)),
			Pool: refArg(o, backend.KindPool, args["pool"]), DiskSize: uint64(max(args.Int("size", 0), 0)), DiskFormat: args["format"],
			Disk: refArg(o, backend.KindVolume, args["volume"]), ISO: imagePath(args, "medium", "iso"),
			Network: refArg(o, backend.KindNetwork, args["network"]), UEFI: args["firmware"] == "uefi",
			Start: args.On("start"), Autostart: args.On("autostart"),
		}
	}
	return a
}

func vmNewFields(s keymap.Selection) []keymap.Field {
	pools := ofConn(s, backend.KindPool, poolUsable)
	nets := ofConn(s, backend.KindNetwork, nil)
	volumes := ofConn(s, backend.KindVolume, diskLike)
	return []keymap.Field{
		{Name: "name", Label: "Name", Check: checkName},
		{Name: "vcpus", Label: "vCPUs", Type: keymap.NumberField, Default: "2", Required: true, Min: 1, Max: 4096},
		{Name: "memory", Label: "Memory", Type: keymap.SizeField, Default: "2 GiB", Required: true, Min: 1 << 20},
		{Name: "disk", Label: "Disk", Type: keymap.ChoiceField, Default: "new", Choices: []keymap.FieldChoice{
			{Value: "new", Label: "a new one"}, {Value: "existing", Label: "a volume that exists"}, {Value: "none", Label: "none"},
		}},
		{Name: "pool", Label: "Pool", Type: keymap.ChoiceField, Default: preferred(pools, "default"), Choices: objectChoices(pools),
			Check: chosen("no pool runs: start one, or choose no disk"), Only: onlyIf("disk", "new")},
		{Name: "size", Label: "Disk size", Type: keymap.SizeField, Default: "20 GiB", Required: true, Min: 1 << 20, Only: onlyIf("disk", "new")},
		{Name: "format", Label: "Disk format", Type: keymap.ChoiceField, Default: "qcow2", Choices: choices("qcow2", "raw"), Only: onlyIf("disk", "new")},
		{Name: "volume", Label: "Volume", Hint: "of the pools that were opened here", Type: keymap.ChoiceField, Choices: objectChoices(volumes),
			Check: chosen("no volume is known: open its pool first"), Only: onlyIf("disk", "existing")},
		{Name: "medium", Label: "ISO", Hint: "to install from; those of pools that were opened here, or a path", Type: keymap.ChoiceField,
			Choices: append([]keymap.FieldChoice{none(), byPath()}, imageChoices(s, isoLike)...)},
		{Name: "iso", Label: "ISO path", Hint: "at the host", Check: absolutePath, Only: onlyIf("medium", typedPath)},
		{Name: "network", Label: "Network", Type: keymap.ChoiceField, Default: preferred(nets, "default"), Choices: append(objectChoices(nets), none())},
		{Name: "firmware", Label: "Firmware", Type: keymap.ChoiceField, Default: "bios", Choices: []keymap.FieldChoice{{Value: "bios", Label: "BIOS"},
			{Value: "uefi", Label: "UEFI"}}},
		{Name: "autostart", Label: "Autostart", Type: keymap.ToggleField, Default: "no"},
		{Name: "start", Label: "Start now", Type: keymap.ToggleField, Default: "no"},
	}
}

// diskLike are volumes that nobody uses and that are no media.
func diskLike(o backend.Object) bool {
	v, ok := o.(*backend.Volume)
	return ok && len(v.UsedBy) == 0 && v.Format != "iso" && v.Type != "dir"
}

// isoLike are volumes that are media.
func isoLike(o backend.Object) bool {
	v, ok := o.(*backend.Volume)
	return ok && v.Path != "" && (v.Format == "iso" || strings.HasSuffix(strings.ToLower(v.Name), ".iso"))
}

// typedPath is the choice of a path that is typed, instead of a volume that is known.
const typedPath = "\x00path"

func byPath() keymap.FieldChoice { return keymap.FieldChoice{Value: typedPath, Label: "a path…"} }

// imageChoices offers volumes that are known by their paths.
func imageChoices(s keymap.Selection, keep func(backend.Object) bool) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, o := range ofConn(s, backend.KindVolume, keep) {
		out = append(out, keymap.FieldChoice{Value: o.(*backend.Volume).Path, Label: o.(*backend.Volume).Path})
	}
	return out
}

// imagePath is the path that was chosen or typed.
func imagePath(args keymap.Args, choice, typed string) string {
	if v := args[choice]; v != typedPath {
		return v
	}
	return strings.TrimSpace(args[typed])
}
