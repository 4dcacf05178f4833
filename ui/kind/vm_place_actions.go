package kind

import (
	"hvdeck/backend"
	"hvdeck/keymap"
)

func vmMove() keymap.Action {
	a := onEach(vmAction("move", "Move: host, storage, folder…", "M", "Moves it within its vCenter, running (vMotion) or not.", backend.VerbVMRelocate,
		keymap.Disruptive, nil))
	a.Checked = true
	a.When = oneConnection
	a.Form = func(s keymap.Selection) []keymap.Field {
		return append(placeFields(s, "stays where it is"),
			keymap.Field{Name: "high", Label: "High priority", Hint: "a live move reserves CPU for itself", Type: keymap.ToggleField, Default: "yes"})
	}
	a.Does = func(s keymap.Selection, args keymap.Args) []string {
		words := placeWords(s, placeArg(s.First(), args))
		if len(words) == 0 {
			return []string{"nothing is moved: no place was chosen"}
		}
		return words
	}
	a.Loses = func(s keymap.Selection, _ keymap.Args) []string {
		for _, o := range s.Objects {
			if o.(*backend.VM).State.Running() {
				return []string{"What runs goes on while it moves, and stands still for a moment at the end."}
			}
		}
		return nil
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.VMRelocateOp{VM: o.Ref(), To: placeArg(o, args), HighPriority: args.On("high")}
	}
	return a
}

// oneConnection holds an action whose form offers places to the objects of the first
// one's connection: those of another are on a server of their own.
func oneConnection(s keymap.Selection, o backend.Object) string {
	if first := s.First(); first != nil && first.Ref().Conn != o.Ref().Conn {
		return "on another connection than " + first.Title() + "; move it by itself"
	}
	return ""
}
