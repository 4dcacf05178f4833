package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// vmLifeActions are a VM's life beside power: what it is called, made of and where.
func vmLifeActions() []keymap.Action {
	all := []keymap.Action{vmResources(), vmRename(), vmClone(), vmMove(), vmMigrate(), vmSave(), vmSaveRemove()}
	all = append(all, autostartActions(backend.KindVM, "a", "A", func(o backend.Object) bool { return o.(*backend.VM).Autostart })...)
	return append(all, vmSendKey(), vmScreenshot(), vmUndefine())
}

func vmAction(id, title, key, help string, needs backend.Verb, risk keymap.Risk, when func(*backend.VM) string) keymap.Action {
	a := manageAction(backend.KindVM, id, title, key, help, needs, risk)
	if when != nil {
		a.When = func(_ keymap.Selection, o backend.Object) string { return when(o.(*backend.VM)) }
	}
	return a
}

func firstVM(s keymap.Selection) *backend.VM {
	if vm, ok := s.First().(*backend.VM); ok {
		return vm
	}
	return &backend.VM{}
}

// vmDetail is what is known of the first VM's devices; never nil.
func vmDetail(s keymap.Selection) *backend.VMDetail {
	if s.First() == nil {
		return &backend.VMDetail{}
	}
	return detailOf(s, s.First())
}

// detailOf is what is known of a VM's devices; never nil.
func detailOf(s keymap.Selection, o backend.Object) *backend.VMDetail {
	if s.Detail == nil {
		return &backend.VMDetail{}
	}
	if d := s.Detail(o.Ref()); d != nil && d.VM != nil {
		return d.VM
	}
	return &backend.VMDetail{}
}

func whenOff(vm *backend.VM) string {
	if vm.State == backend.PowerOff || vm.State == backend.PowerCrashed || vm.State == backend.PowerUnknown {
		return ""
	}
	return "it is " + vm.State.String() + "; it has to be off"
}

// whenStill is for what libvirt does only to a VM that is off, and vSphere always.
func whenStill(s keymap.Selection, o backend.Object) string {
	if inInventory(s, o) {
		return ""
	}
	return whenOff(o.(*backend.VM))
}

func whenPersistent(vm *backend.VM) string {
	if vm.Persistent {
		return ""
	}
	return "it has no lasting definition"
}

func vmRename() keymap.Action {
	a := vmAction("rename", "Rename…", "r", "Gives the VM another name.", backend.VerbVMRename, keymap.Safe, nil)
	a.When = whenStill
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "name", Label: "New name", Default: firstVM(s).Name, Check: checkName}}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMRenameOp{VM: o.Ref(), Name: strings.TrimSpace(args["name"])}
	}
	return a
}

func vmMigrate() keymap.Action {
	a := vmAction("migrate", "Migrate…", "m", "Moves the running VM to the host of another connection.", backend.VerbVMMigrate, keymap.Disruptive, nil)
	a.When = func(s keymap.Selection, o backend.Object) string {
		if why := whenRunning(o.(*backend.VM)); why != "" {
			return why
		}
		if len(hostsElsewhere(s, o.Ref().Conn)) == 0 {
			return "no other connection can take it"
		}
		return ""
	}
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{
			{Name: "to", Label: "To", Type: keymap.ChoiceField, Choices: hostsElsewhere(s, firstVM(s).ID.Conn), Check: chosen("no other connection can take it")},
			{Name: "uri", Label: "URI", Hint: "how this host reaches that one's daemon; empty: as this console does"},
			{Name: "data", Label: "Data to", Hint: "tcp://10.0.0.2 or unix:///path; empty: the other host chooses"},
			{Name: "storage", Label: "Copy disks", Hint: "when the hosts share no storage; the files must exist there", Type: keymap.ToggleField, Default: "no"},
			{Name: "persist", Label: "Define it there", Type: keymap.ToggleField, Default: "yes"},
			{Name: "undefine", Label: "Undefine it here", Type: keymap.ToggleField, Default: "yes"},
			{Name: "converge", Label: "Auto-converge", Hint: "slow the guest down if it writes faster than the line", Type: keymap.ToggleField, Default: "no"},
			{Name: "unsafe", Label: "Unsafe", Hint: "go on where disk caching could corrupt data", Type: keymap.ToggleField, Default: "no"},
			{Name: "bandwidth", Label: "At most", Hint: "a second, such as 100 MiB; empty: no bound", Type: keymap.SizeField},
		}
	}
	a.Does = migrateDoes
	a.Loses = func(_ keymap.Selection, args keymap.Args) []string {
		lines := []string{"It runs on while it moves, and stands still for a moment at the end."}
		if args.On("unsafe") {
			lines = append(lines, "UNSAFE: with some disk caches this can corrupt its disks.")
		}
		return lines
	}
	a.Op = func(o backend.Object, s keymap.Selection, args keymap.Args) backend.Op {
		to := hostFrom(args["to"])
		uri := strings.TrimSpace(args["uri"])
		if uri == "" && s.About != nil {
			uri = s.About(to.Conn).URI
		}
		return backend.VMMigrateOp{
			VM: o.Ref(), To: to, URI: uri, DataURI: strings.TrimSpace(args["data"]), Live: true,
			Persist: args.On("persist"), Undefine: args.On("undefine"), CopyStorage: args.On("storage"),
			Unsafe: args.On("unsafe"), AutoConverge: args.On("converge"), Bandwidth: uint64(max(args.Int("bandwidth", 0), 0)),
		}
	}
	return a
}

// migrateDoes says where it goes, and what becomes of its definitions.
func migrateDoes(s keymap.Selection, args keymap.Args) []string {
	to := hostFrom(args["to"])
	name := to.ID
	if h := s.Lookup(to); h != nil {
		name = h.Title()
	}
	out := []string{"to " + name + " on " + string(to.Conn)}
	switch {
	case args.On("persist") && args.On("undefine"):
		out = append(out, "it is defined there, and no longer here")
	case args.On("persist"):
		out = append(out, "it is defined there, and stays defined here")
	case args.On("undefine"):
		out = append(out, "it is NOT defined there and no longer defined here: it is gone when it stops")
	default:
		out = append(out, "it is not defined there: it is gone from there when it stops")
	}
	if args.On("storage") {
		out = append(out, "its disks are copied")
	}
	return out
}

// hostsElsewhere are the hosts of other connections that take a migration. The value
// holds the connection and the id, as an id alone may occur in several.
func hostsElsewhere(s keymap.Selection, here backend.ConnID) []keymap.FieldChoice {
	hosts := s.All(backend.KindHost)
	Order(hosts, nil, false)
	var out []keymap.FieldChoice
	for _, h := range hosts {
		r := h.Ref()
		if r.Conn != here && s.Caps(r.Conn).Why(backend.VerbVMMigrate) == "" {
			out = append(out, keymap.FieldChoice{Value: string(r.Conn) + "\n" + r.ID, Label: h.Title() + " (" + string(r.Conn) + ")"})
		}
	}
	return out
}

func hostFrom(value string) backend.Ref {
	conn, id, ok := strings.Cut(value, "\n")
	if !ok {
		return backend.Ref{}
	}
	return backend.Ref{Conn: backend.ConnID(conn), Kind: backend.KindHost, ID: id}
}

// chosen refuses an empty choice.
func chosen(why string) func(string) string {
	return func(v string) string {
		if v == "" {
			return why
		}
		return ""
	}
}

func vmSave() keymap.Action {
	a := onEach(vmAction("save", "Save to disk", "s", "Writes its memory to disk and stops it; the next start goes on from there.",
		backend.VerbManagedSave, keymap.Disruptive, whenRunning))
	a.Loses = says("The guest stands still until it is started again; its clients are cut off.")
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.VMManagedSaveOp{VM: o.Ref()}
	}
	return a
}

func vmSaveRemove() keymap.Action {
	a := onEach(vmAction("save-remove", "Discard saved state", "S", "The next start boots afresh.", backend.VerbManagedSave, keymap.Irreversible,
		func(vm *backend.VM) string {
			if vm.State != backend.PowerSaved {
				return "it has no saved state"
			}
			return ""
		}))
	a.Loses = says("The saved memory is deleted: what the guest had not written to disk is lost.")
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.VMManagedSaveRemoveOp{VM: o.Ref()}
	}
	return a
}

func vmSendKey() keymap.Action {
	a := onEach(vmAction("send-key", "Send keys…", "k", "Presses a key combination in the guest.", backend.VerbSendKey, keymap.Disruptive, whenRunning))
	a.Form = func(keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "keys", Label: "Keys", Default: "ctrl+alt+delete", Suggested: true, Required: true,
			Hint: "with + between them: ctrl+alt+f2, alt+sysrq+s, enter"}}
	}
	a.Does = func(_ keymap.Selection, args keymap.Args) []string { return []string{"presses " + args["keys"]} }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMSendKeyOp{VM: o.Ref(), Keys: strings.TrimSpace(args["keys"])}
	}
	return a
}

func vmScreenshot() keymap.Action {
	a := vmAction("screenshot", "Screenshot…", "p", "Saves the guest's display as a PNG.", backend.VerbScreenshot, keymap.Safe, nil)
	a.When = func(s keymap.Selection, o backend.Object) string {
		if why := whenRunning(o.(*backend.VM)); why != "" {
			return why
		}
		if detailOf(s, o).Headless {
			return "it has no display"
		}
		return ""
	}
	a.Form = func(s keymap.Selection) []keymap.Field {
		return []keymap.Field{{Name: "file", Label: "File", Hint: "of this machine; must not exist", Type: keymap.PathField, Required: true,
			Default: here(fileName(firstVM(s).Name) + ".png")}}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMScreenshotOp{VM: o.Ref(), File: args["file"]}
	}
	return a
}

// fileName makes a name of what a server calls something: never a path.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '/' || r < ' ' {
			return '-'
		}
		return r
	}, name)
	return strings.TrimLeft(clean, ".")
}
