package kind

import (
	"path"
	"strings"
	"unicode"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// Files and folders of datastores are volumes, with paths in the place of names.

// relative is the path of a file below its datastore.
func relative(v *backend.Volume) string {
	if _, rel, ok := strings.Cut(v.Path, "] "); ok {
		return rel
	}
	return v.Name
}

// placeIn is where something new of this name goes: into a pool, or a folder of one.
func placeIn(o backend.Object, name string) (backend.Ref, string) {
	if v, ok := o.(*backend.Volume); ok {
		return v.Parent, path.Join(relative(v), name)
	}
	return o.Ref(), name
}

// whenRoom wants what others can be put into.
func whenRoom(_ keymap.Selection, o backend.Object) string {
	if v, ok := o.(*backend.Volume); ok && v.Type != "dir" {
		return "it is no folder"
	}
	return ""
}

func whenFile(_ keymap.Selection, o backend.Object) string {
	if v, ok := o.(*backend.Volume); ok && v.Type == "dir" {
		return "it is a folder"
	}
	return ""
}

// firstReason is the first reason that any of them has.
func firstReason(all ...func(keymap.Selection, backend.Object) string) func(keymap.Selection, backend.Object) string {
	return func(s keymap.Selection, o backend.Object) string {
		for _, when := range all {
			if why := when(s, o); why != "" {
				return why
			}
		}
		return ""
	}
}

// fileFields ask for a datastore and a path in it.
func fileFields(v *backend.Volume, name string, pools []backend.Object) []keymap.Field {
	return []keymap.Field{
		{Name: "name", Label: "Path", Hint: "below the datastore", Default: name, Check: checkFilePath},
		{Name: "pool", Label: "Datastore", Type: keymap.ChoiceField, Default: v.Parent.ID, Choices: objectChoices(pools)},
	}
}

// checkFilePath refuses what is no path below a datastore.
func checkFilePath(p string) string {
	p = strings.TrimSpace(p)
	switch {
	case p == "":
		return "a path is needed"
	case strings.HasPrefix(p, "/"):
		return "without a / in front: it begins at the datastore"
	case strings.ContainsFunc(p, unicode.IsControl):
		return "a path can't contain control characters"
	case path.Clean(p) != p || p == "." || p == ".." || strings.HasPrefix(p, "../"):
		return "a plain path, without . and .. and //"
	default:
		return ""
	}
}

func volumeMove() keymap.Action {
	a := volumeAction("move", "Move or rename…", "m", "Gives a file or folder another path or datastore.", backend.VerbVolumeMove, keymap.Disruptive)
	a.When = whenUnused
	a.Form = func(s keymap.Selection) []keymap.Field {
		v := firstVolume(s)
		return fileFields(v, relative(v), ofConn(s, backend.KindPool, poolUsable))
	}
	a.Does = func(s keymap.Selection, args keymap.Args) []string {
		pool := refArg(s.First(), backend.KindPool, args["pool"])
		return []string{"to [" + placeName(s, pool) + "] " + args["name"]}
	}
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string { return unknownUse(s) }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VolumeMoveOp{Volume: o.Ref(), Pool: refArg(o, backend.KindPool, args["pool"]), Name: strings.TrimSpace(args["name"])}
	}
	return a
}

func volumeFolder() keymap.Action {
	a := newAction(backend.KindVolume, backend.KindPool, "folder", "Folder…", "d", "Makes a folder in the datastore.", backend.VerbFolderMake)
	a.Kinds = append(a.Kinds, backend.KindVolume)
	a.When = whenRoom
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "name", Label: "Name", Hint: "with / for several at once", Check: checkFilePath}}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		pool, name := placeIn(o, strings.TrimSpace(args["name"]))
		return backend.FolderMakeOp{Pool: pool, Name: name}
	}
	return a
}

func volumeRegister() keymap.Action {
	a := volumeAction("register", "Register as a VM…", "g", "Makes a VM of a .vmx file.", backend.VerbVMRegister, keymap.Safe)
	a.When = func(_ keymap.Selection, o backend.Object) string {
		v, ok := o.(*backend.Volume)
		switch {
		case !ok || !strings.HasSuffix(strings.ToLower(v.Name), ".vmx") && !strings.HasSuffix(strings.ToLower(v.Name), ".vmtx"):
			return "it is no .vmx file"
		case len(v.UsedBy) > 0:
			return "it is that of " + strings.Join(v.UsedBy, ", ")
		default:
			return ""
		}
	}
	a.Form = func(s keymap.Selection) []keymap.Field {
		fields := []keymap.Field{{Name: "name", Label: "Name", Hint: "empty: as the file says", Check: optional(checkName)}}
		for _, f := range placeFields(s, "the server chooses") {
			if f.Name != "datastore" && f.Name != "provisioning" {
				fields = append(fields, f)
			}
		}
		return append(fields, keymap.Field{Name: "template", Label: "As a template", Type: keymap.ToggleField, Default: "no"})
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMRegisterOp{File: o.Ref(), Name: strings.TrimSpace(args["name"]), Template: args.On("template"), To: placeArg(o, args)}
	}
	return a
}
