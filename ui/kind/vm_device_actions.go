package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func vmDeviceActions() []keymap.Action {
	return []keymap.Action{vmAttachDisk(), vmAttachNIC(), vmInsert(), vmEject(), vmDetach()}
}

func vmAttachDisk() keymap.Action {
	a := vmAction("attach-disk", "Attach disk…", "d", "Gives the VM a disk or a drive, at once and for the next start.", backend.VerbAttach, keymap.Safe, nil)
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "device", Label: "As", Type: keymap.ChoiceField, Default: "disk", Choices: choices("disk", "cdrom", "floppy")},
			{Name: "volume", Label: "Image", Hint: "volumes that nobody uses, of pools that were opened here, or a path", Type: keymap.ChoiceField,
				Choices: append([]keymap.FieldChoice{byPath()}, imageChoices(s, diskLike)...), Only: onlyIf("device", "disk")},
			{Name: "path", Label: "Path", Hint: "of the image or device at the host", Check: absolutePath, Only: onlyIf("volume", typedPath)},
			{Name: "medium", Label: "Medium", Hint: "those of pools that were opened here, or a path", Type: keymap.ChoiceField,
				Choices: append([]keymap.FieldChoice{none(), byPath()}, imageChoices(s, isoLike)...), Only: onlyIf("device", "cdrom", "floppy")},
			{Name: "path", Label: "Path", Hint: "at the host", Check: absolutePath, Only: onlyIf("medium", typedPath)},
			{Name: "bus", Label: "Bus", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{{Value: "", Label: "the best that fits"}},
				choices("virtio", "scsi", "sata", "usb", "ide")...)},
			{Name: "format", Label: "Format", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{{Value: "", Label: "as the volume is"}},
				choices("qcow2", "raw")...), Only: onlyIf("device", "disk")},
			{Name: "readonly", Label: "Read-only", Type: keymap.ToggleField, Default: "no", Only: onlyIf("device", "disk")},
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMAttachDiskOp{
			VM: o.Ref(), Path: imagePath(args, "volume", "path") + imagePath(args, "medium", "path"), Device: orWord(args["device"], "disk"), Bus: args["bus"],
			Format: args["format"], ReadOnly: args.On("readonly"),
		}
	}
	return a
}

func vmAttachNIC() keymap.Action {
	a := vmAction("attach-nic", "Attach NIC…", "n", "Gives the VM a network interface, at once and for the next start.", backend.VerbAttach, keymap.Safe, nil)
	a.Form = func(s keymap.Selection) []keymap.Field {
		nets := ofConn(s, backend.KindNetwork, nil)
		names := make([]string, len(nets))
		for i, n := range nets {
			names[i] = n.Title()
		}
		return []keymap.Field{
			{Name: "network", Label: "Network", Type: keymap.ChoiceField, Default: "default", Choices: choices(names...), Check: chosen("there is no network")},
			{Name: "model", Label: "Model", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{{Value: "", Label: "the best that fits"}},
				choices("virtio", "e1000e", "rtl8139")...)},
			{Name: "mac", Label: "MAC", Hint: "of QEMU's range; another may be typed", Default: backend.NewMAC(qemuVendor()), Check: optional(checkMAC)},
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMAttachNICOp{VM: o.Ref(), Network: args["network"], Model: args["model"], MAC: strings.TrimSpace(args["mac"])}
	}
	return a
}

// qemuVendor is the range of MAC addresses that QEMU and libvirt take theirs from.
func qemuVendor() [3]byte { return [3]byte{0x52, 0x54, 0x00} }

// drives are the drives of the VM whose medium can be changed.
func drives(s keymap.Selection, full bool) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, d := range vmDetail(s).Disks {
		if (d.Device == "cdrom" || d.Device == "floppy") && (!full || d.Path != "") {
			out = append(out, keymap.FieldChoice{Value: d.Label, Label: joined(", ", d.Label+" "+d.Device, orWord(d.Path, "empty"))})
		}
	}
	return out
}

func forceField() keymap.Field {
	return keymap.Field{Name: "force", Label: "Force", Hint: "also where the guest has locked the drive", Type: keymap.ToggleField, Default: "no"}
}

func vmInsert() keymap.Action {
	a := vmAction("insert", "Insert medium…", "i", "Puts an ISO into a drive.", backend.VerbMedia, keymap.Safe, nil)
	a.Detailed = true
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "drive", Label: "Drive", Type: keymap.ChoiceField, Choices: drives(s, false), Check: chosen("it has no drive, or its devices are not known yet")},
			{Name: "medium", Label: "Medium", Hint: "ISOs of pools that were opened here, or a path", Type: keymap.ChoiceField,
				Choices: append(imageChoices(s, isoLike), byPath())},
			{Name: "path", Label: "Path", Hint: "of the ISO at the host", Check: absolutePath, Only: onlyIf("medium", typedPath)},
			forceField(),
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMMediaOp{VM: o.Ref(), Drive: args["drive"], Path: imagePath(args, "medium", "path"), Force: args.On("force")}
	}
	return a
}

func vmEject() keymap.Action {
	a := vmAction("eject", "Eject medium…", "o", "Takes the medium out of a drive.", backend.VerbMedia, keymap.Disruptive, nil)
	a.Detailed = true
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "drive", Label: "Drive", Type: keymap.ChoiceField, Choices: drives(s, true), Check: chosen("no drive has a medium, or its devices are not known yet")},
			forceField(),
		}
	}
	a.Does = func(s keymap.Selection, args keymap.Args) []string {
		for _, c := range drives(s, true) {
			if c.Value == args["drive"] {
				return []string{"takes out " + c.Label}
			}
		}
		return nil
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMMediaOp{VM: o.Ref(), Drive: args["drive"], Force: args.On("force")}
	}
	return a
}

func vmDetach() keymap.Action {
	a := vmAction("detach", "Detach a device…", "D", "Takes a disk or NIC away, at once and from the definition; a disk's content stays.",
		backend.VerbAttach, keymap.Disruptive, nil)
	a.Detailed = true
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "device", Label: "Device", Type: keymap.ChoiceField, Choices: devices(s),
			Check: chosen("it has no device, or they are not known yet")}}
	}
	a.Loses = func(s keymap.Selection, args keymap.Args) []string {
		for _, c := range devices(s) {
			if c.Value == args["device"] {
				return []string{c.Label + " is taken away; what is on a disk stays."}
			}
		}
		return nil
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMDetachOp{VM: o.Ref(), Device: args["device"]}
	}
	return a
}

// devices are the disks and NICs of the VM, as VMDetachOp names them.
func devices(s keymap.Selection) []keymap.FieldChoice {
	var out []keymap.FieldChoice
	for _, d := range vmDetail(s).Disks {
		out = append(out, keymap.FieldChoice{Value: d.Label, Label: joined(", ", d.Label+" "+d.Device, d.Path)})
	}
	for _, n := range vmDetail(s).NICs {
		out = append(out, keymap.FieldChoice{Value: n.MAC, Label: joined(", ", "NIC "+n.MAC, n.Network)})
	}
	return out
}

func checkMAC(v string) string {
	parts := strings.Split(strings.TrimSpace(v), ":")
	ok := len(parts) == 6
	for _, p := range parts {
		ok = ok && len(p) == 2 && strings.Trim(p, "0123456789abcdefABCDEF") == ""
	}
	if !ok {
		return "six bytes in hexadecimal: 52:54:00:12:34:56"
	}
	return ""
}
