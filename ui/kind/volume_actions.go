package kind

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func volumeActions() []keymap.Action {
	return []keymap.Action{
		volumeClone(), volumeMove(), volumeResize(), volumeWipe(), volumeUpload(), volumeDownload(), volumeDelete(), volumeRegister(),
		volumeNew(), volumeImport(), volumeFolder(),
	}
}

func volumeAction(id, title, key, help string, needs backend.Verb, risk keymap.Risk) keymap.Action {
	return manageAction(backend.KindVolume, id, title, key, help, needs, risk)
}

// whenUnused refuses what would take a disk from under a VM or another volume.
func whenUnused(_ keymap.Selection, o backend.Object) string {
	v, ok := o.(*backend.Volume)
	switch {
	case !ok:
		return ""
	case len(v.UsedBy) > 0:
		return "used by " + strings.Join(v.UsedBy, ", ")
	case len(v.Under) > 0:
		return "these stand on it: " + strings.Join(v.Under, ", ")
	default:
		return ""
	}
}

func volumeDelete() keymap.Action {
	a := onEach(volumeAction("delete", "Delete", "d", "Deletes the volume with all that is in it.", backend.VerbVolumeDelete, keymap.Irreversible))
	a.When = whenUnused
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string {
		return append([]string{goes(s)}, unknownUse(s)...)
	}
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.VolumeDeleteOp{Volume: o.Ref()}
	}
	return a
}

// goes says what a deletion takes.
func goes(s keymap.Selection) string {
	for _, o := range s.Objects {
		if v, ok := o.(*backend.Volume); ok && v.Type == "dir" {
			return "A folder goes with EVERY file and folder in it."
		}
	}
	return "The volume goes with all that is in it."
}

// unknownUse warns while nobody knows yet whether a VM uses a volume.
func unknownUse(s keymap.Selection) []string {
	for _, o := range s.Objects {
		if v, ok := o.(*backend.Volume); ok && !v.UsedKnown {
			return []string{"It is not known yet whether a VM uses it; that is looked at first."}
		}
	}
	return nil
}

func volumeClone() keymap.Action {
	a := volumeAction("clone", "Clone…", "c", "Copies the volume.", backend.VerbVolumeClone, keymap.Safe)
	a.Form = func(s keymap.Selection) []keymap.Field {
		v, pools := firstVolume(s), ofConn(s, backend.KindPool, poolUsable)
		if s.Caps(v.ID.Conn).Files {
			return fileFields(v, cloneName(relative(v)), pools)
		}
		return []keymap.Field{
			{Name: "name", Label: "Name", Default: cloneName(v.Name), Suggested: true, Check: checkName},
			{Name: "pool", Label: "Pool", Type: keymap.ChoiceField, Default: v.Parent.ID, Choices: objectChoices(pools)},
			{Name: "format", Label: "Format", Type: keymap.ChoiceField, Choices: append([]keymap.FieldChoice{{Value: "", Label: "as the original"}},
				choices("qcow2", "raw")...)},
			{Name: "metadata", Label: "Preallocate metadata", Hint: "qcow2: a little quicker later", Type: keymap.ToggleField, Default: "no"},
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VolumeCloneOp{
			Volume: o.Ref(), Pool: refArg(o, backend.KindPool, args["pool"]), Name: strings.TrimSpace(args["name"]),
			Format: args["format"], Metadata: args.On("metadata"),
		}
	}
	return a
}

// cloneName puts "-clone" before the ending.
func cloneName(name string) string {
	ext := filepath.Ext(name)
	return strings.TrimSuffix(name, ext) + "-clone" + ext
}

func poolUsable(o backend.Object) bool {
	p, ok := o.(*backend.Pool)
	return ok && p.State == backend.PoolRunning
}

func firstVolume(s keymap.Selection) *backend.Volume {
	if v, ok := s.First().(*backend.Volume); ok {
		return v
	}
	return &backend.Volume{}
}

func volumeResize() keymap.Action {
	a := volumeAction("resize", "Resize…", "z", "Changes the capacity.", backend.VerbVolumeResize, keymap.Disruptive)
	a.Form = func(s keymap.Selection) []keymap.Field {
		v := firstVolume(s)
		return []keymap.Field{
			{Name: "capacity", Label: "Size", Type: keymap.SizeField, Default: strconv.FormatUint(v.Capacity, 10), Required: true, Min: 1,
				Hint: "now " + Bytes(float64(v.Capacity)) + "; smaller cuts off what is beyond"},
			{Name: "allocate", Label: "Allocate", Hint: "take the new room at once", Type: keymap.ToggleField, Default: "no"},
		}
	}
	a.RiskOf = func(s keymap.Selection, args keymap.Args) keymap.Risk {
		if shrinks(s, args) {
			return keymap.Irreversible
		}
		return keymap.Safe
	}
	a.Loses = func(s keymap.Selection, args keymap.Args) []string {
		if !shrinks(s, args) {
			return nil
		}
		return []string{fmt.Sprintf("It SHRINKS from %s to %s: what is beyond is lost, and a file system that reaches there breaks.",
			Bytes(float64(firstVolume(s).Capacity)), Bytes(float64(args.Int("capacity", 0))))}
	}
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		return backend.VolumeResizeOp{Volume: o.Ref(), Capacity: uint64(max(args.Int("capacity", 0), 0)), Allocate: args.On("allocate"), Shrink: shrinks(s, args)}
	}
	return a
}

func shrinks(s keymap.Selection, args keymap.Args) bool {
	want := args.Int("capacity", 0)
	return want > 0 && uint64(want) < firstVolume(s).Capacity
}

func volumeWipe() keymap.Action {
	a := volumeAction("wipe", "Wipe…", "w", "Overwrites the volume so that nothing can be read from it.", backend.VerbVolumeWipe, keymap.Irreversible)
	a.When = whenUnused
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "algorithm", Label: "Pattern", Type: keymap.ChoiceField, Default: "zero", Choices: choices(backend.WipeAlgorithms()...),
			Hint: "all but zero and trim need the program scrub at the host"}}
	}
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string {
		return append([]string{"Everything in the volume is overwritten."}, unknownUse(s)...)
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VolumeWipeOp{Volume: o.Ref(), Algorithm: args["algorithm"]}
	}
	return a
}

func volumeUpload() keymap.Action {
	a := volumeAction("upload", "Upload into it…", "U", "Overwrites the volume with a file of this machine.", backend.VerbVolumeUpload, keymap.Irreversible)
	a.When = firstReason(whenFile, whenUnused)
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "file", Label: "File", Hint: "of this machine", Type: keymap.PathField, Required: true}, checksumField()}
	}
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string {
		return append([]string{"What is in the volume is overwritten."}, unknownUse(s)...)
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VolumeUploadOp{Volume: o.Ref(), File: args["file"], NoChecksum: args["checksum"] == "no"}
	}
	return a
}

func volumeDownload() keymap.Action {
	a := volumeAction("download", "Download…", "D", "Copies the volume into a file of this machine.", backend.VerbVolumeDownload, keymap.Safe)
	a.When = whenFile
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "file", Label: "File", Hint: "of this machine; whole, or not there", Type: keymap.PathField, Required: true,
				Default: here(fileName(firstVolume(s).Name))},
			{Name: "overwrite", Label: "Replace", Hint: "a file that exists", Type: keymap.ToggleField, Default: "no"},
			checksumField(),
		}
	}
	a.RiskOf = func(_ keymap.Selection, args keymap.Args) keymap.Risk {
		if args.On("overwrite") {
			return keymap.Disruptive
		}
		return keymap.Safe
	}
	a.Loses = func(_ keymap.Selection, args keymap.Args) []string {
		if args.On("overwrite") {
			return []string{"The file " + args["file"] + " of this machine is replaced."}
		}
		return nil
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VolumeDownloadOp{Volume: o.Ref(), File: args["file"], Overwrite: args.On("overwrite"), NoChecksum: args["checksum"] == "no"}
	}
	return a
}

func volumeNew() keymap.Action {
	a := newAction(backend.KindVolume, backend.KindPool, "new", "Volume…", "n", "Makes a volume.", backend.VerbFor(backend.KindVolume, backend.ActDefine))
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "name", Label: "Name", Check: checkName},
			{Name: "format", Label: "Format", Type: keymap.ChoiceField, Default: "qcow2", Choices: choices("qcow2", "raw")},
			{Name: "capacity", Label: "Size", Type: keymap.SizeField, Default: "20 GiB", Required: true, Min: 1},
			{Name: "allocation", Label: "Allocate now", Hint: "0 grows as needed", Type: keymap.SizeField, Default: "0", Only: onlyIf("format", "raw")},
			{Name: "metadata", Label: "Preallocate metadata", Type: keymap.ToggleField, Default: "no", Only: onlyIf("format", "qcow2")},
			{Name: "backing", Label: "On top of", Hint: "a volume that stays as it is; changes go to the new one", Type: keymap.ChoiceField,
				Choices: append([]keymap.FieldChoice{none()}, backingChoices(s)...), Only: onlyIf("format", "qcow2")},
		}
	}
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		op := backend.VolumeCreateOp{
			Pool: o.Ref(), Name: strings.TrimSpace(args["name"]), Format: args["format"], Metadata: args.On("metadata"),
			Capacity: uint64(max(args.Int("capacity", 0), 0)), Allocation: uint64(max(args.Int("allocation", 0), 0)),
		}
		if v := volumeByID(s, o.Ref(), args["backing"]); v != nil {
			op.Backing, op.BackingFormat = v.Path, v.Format
		}
		return op
	}
	return a
}

// backingChoices are the volumes of the pool that others can stand on.
func backingChoices(s keymap.Selection) []keymap.FieldChoice {
	if s.First() == nil {
		return nil
	}
	var fit []backend.Object
	for _, o := range s.Children(backend.KindVolume, s.First().Ref()) {
		if v, ok := o.(*backend.Volume); ok && (v.Format == "qcow2" || v.Format == "raw") {
			fit = append(fit, o)
		}
	}
	Order(fit, nil, false)
	return objectChoices(fit)
}

func volumeByID(s keymap.Selection, pool backend.Ref, id string) *backend.Volume {
	for _, o := range s.Children(backend.KindVolume, pool) {
		if v, ok := o.(*backend.Volume); ok && v.ID.ID == id {
			return v
		}
	}
	return nil
}

func volumeImport() keymap.Action {
	a := newAction(backend.KindVolume, backend.KindPool, "import", "Volume from a file…", "i", "Uploads a file of this machine as a new volume.",
		backend.VerbVolumeUpload)
	a.Kinds = append(a.Kinds, backend.KindVolume) // a folder of a datastore
	a.When = whenRoom
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "file", Label: "File", Hint: "of this machine: a disk image or an ISO", Type: keymap.PathField, Required: true},
			{Name: "name", Label: "Name", Hint: "empty takes the name of the file", Check: optional(checkName)},
			checksumField(),
		}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		name := strings.TrimSpace(args["name"])
		if name == "" {
			name = filepath.Base(args["file"])
		}
		pool, name := placeIn(o, name)
		return backend.VolumeImportOp{Pool: pool, Name: name, File: args["file"], NoChecksum: args["checksum"] == "no"}
	}
	return a
}

// checksumField asks whether what is moved is summed up.
func checksumField() keymap.Field {
	return keymap.Field{
		Name: "checksum", Label: "SHA-256", Hint: "of what is moved; costs a little where the line is very fast",
		Type: keymap.ToggleField, Default: "yes",
	}
}
