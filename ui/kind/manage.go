package kind

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// manageAction is an action of the manage menu of one kind.
func manageAction(k backend.Kind, id, title, key, help string, needs backend.Verb, risk keymap.Risk) keymap.Action {
	return keymap.Action{
		ID: strings.ToLower(k.String()) + "." + id, Title: title, Help: help, Menu: keymap.MenuManage, Key: key,
		Scope: keymap.Rows(k), Group: groupOf(k), Kinds: []backend.Kind{k}, Needs: needs, Arity: keymap.One, Risk: risk,
	}
}

// newAction makes an object of a kind under another.
func newAction(makes, under backend.Kind, id, title, key, help string, needs backend.Verb) keymap.Action {
	a := manageAction(makes, id, title, key, help, needs, keymap.Safe)
	a.Menu, a.Makes, a.Kinds = keymap.MenuNew, makes, []backend.Kind{under}
	return a
}

func groupOf(k backend.Kind) string {
	switch k {
	case backend.KindHost:
		return "Hosts"
	case backend.KindVM:
		return "VMs"
	case backend.KindPool, backend.KindVolume:
		return "Storage"
	default:
		return "Networks, interfaces, secrets"
	}
}

// onEach lets an action run on every marked object.
func onEach(a keymap.Action) keymap.Action {
	a.Arity = keymap.Many
	return a
}

// startAction, stopAction, autostartActions and undefineAction are those that several
// kinds have alike. active says whether the object is active now.
func startAction(k backend.Kind, active func(backend.Object) bool) keymap.Action {
	a := onEach(manageAction(k, "start", "Start", "s", "Makes it active.", backend.VerbFor(k, backend.ActStart), keymap.Safe))
	a.When = whenActive(active, false)
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.StartOp{Object: o.Ref()}
	}
	return a
}

func stopAction(k backend.Kind, active func(backend.Object) bool, loses string) keymap.Action {
	a := onEach(manageAction(k, "stop", "Stop", "x", "Makes it inactive; its definition stays.", backend.VerbFor(k, backend.ActStop), keymap.Disruptive))
	a.When = whenActive(active, true)
	a.Loses = says(loses)
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.StopOp{Object: o.Ref()}
	}
	return a
}

func autostartActions(k backend.Kind, on, off string, is func(backend.Object) bool) []keymap.Action {
	one := func(id, title, key string, want bool) keymap.Action {
		help := "Starts it with its host."
		if !want {
			help = "No longer starts it with its host."
		}
		a := onEach(manageAction(k, id, title, key, help, backend.VerbFor(k, backend.ActAutostart), keymap.Safe))
		a.When = func(_ keymap.Selection, o backend.Object) string {
			if is(o) == want {
				return "it is so already"
			}
			return ""
		}
		a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
			return backend.AutostartOp{Object: o.Ref(), On: want}
		}
		return a
	}
	return []keymap.Action{one("autostart-on", "Autostart on", on, true), one("autostart-off", "Autostart off", off, false)}
}

func undefineAction(k backend.Kind, risk keymap.Risk, loses string) keymap.Action {
	a := onEach(manageAction(k, "undefine", "Undefine", "u", "Removes the definition.", backend.VerbFor(k, backend.ActUndefine), risk))
	a.Loses = says(loses)
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.UndefineOp{Object: o.Ref()}
	}
	return a
}

func whenActive(active func(backend.Object) bool, want bool) func(keymap.Selection, backend.Object) string {
	return func(_ keymap.Selection, o backend.Object) string {
		if active(o) == want {
			return ""
		}
		return "it is " + activity(!want)
	}
}

func says(lines ...string) func(keymap.Selection, keymap.Args) []string {
	return func(keymap.Selection, keymap.Args) []string { return lines }
}

// checkName refuses a name that no server takes for the kinds whose name is a file's
// or a path's part.
func checkName(name string) string {
	switch {
	case strings.TrimSpace(name) == "":
		return "a name is needed"
	case strings.Contains(name, "/"):
		return "a name can't contain '/'"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "a name can't contain control characters"
	case name == ".", name == "..":
		return "this is not a name"
	default:
		return ""
	}
}

// optional lets a field stay empty and checks it otherwise.
func optional(check func(string) string) func(string) string {
	return func(v string) string {
		if strings.TrimSpace(v) == "" {
			return ""
		}
		return check(v)
	}
}

// absolutePath wants a path of the host, which starts at its root.
func absolutePath(v string) string {
	switch {
	case !strings.HasPrefix(v, "/"):
		return "a path at the host, beginning with /"
	case strings.ContainsFunc(v, unicode.IsControl):
		return "a path can't contain control characters"
	default:
		return ""
	}
}

// onlyIf shows a field while an earlier choice has one of these values.
func onlyIf(name string, values ...string) func(keymap.Args) bool {
	return func(a keymap.Args) bool { return slices.Contains(values, a[name]) }
}

// choices of a form: the same word is the value and the label.
func choices(values ...string) []keymap.FieldChoice {
	out := make([]keymap.FieldChoice, len(values))
	for i, v := range values {
		out[i] = keymap.FieldChoice{Value: v, Label: v}
	}
	return out
}

// ofConn lists the objects of a kind that belong to the connection of the selection.
func ofConn(s keymap.Selection, k backend.Kind, keep func(backend.Object) bool) []backend.Object {
	first := s.First()
	if first == nil {
		return nil
	}
	var out []backend.Object
	for _, o := range s.All(k) {
		if o.Ref().Conn == first.Ref().Conn && (keep == nil || keep(o)) {
			out = append(out, o)
		}
	}
	Order(out, nil, false)
	return out
}

// objectChoices offers objects by name; their ids are the values.
func objectChoices(objects []backend.Object) []keymap.FieldChoice {
	out := make([]keymap.FieldChoice, len(objects))
	for i, o := range objects {
		out[i] = keymap.FieldChoice{Value: o.Ref().ID, Label: o.Title()}
	}
	return out
}

// preferred is the id of the object of that name, else of the first.
func preferred(objects []backend.Object, name string) string {
	for _, o := range objects {
		if o.Title() == name {
			return o.Ref().ID
		}
	}
	if len(objects) > 0 {
		return objects[0].Ref().ID
	}
	return ""
}

// refArg is the object of a kind whose id was chosen; zero when none was.
func refArg(under backend.Object, k backend.Kind, id string) backend.Ref {
	if id == "" {
		return backend.Ref{}
	}
	return backend.Ref{Conn: under.Ref().Conn, Kind: k, ID: id}
}

func none() keymap.FieldChoice { return keymap.FieldChoice{Value: "", Label: "none"} }

// here is a file in the folder that the program was started in, spelled out.
func here(name string) string {
	if path, err := filepath.Abs(name); err == nil {
		return path
	}
	return name
}
