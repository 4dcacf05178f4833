package kind

import (
	"fmt"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// powerAction is an action of the power menu.
func powerAction(id, title, key, help string, needs backend.Verb, risk keymap.Risk, when func(*backend.VM) string, op func(backend.Ref) backend.Op) keymap.Action {
	return keymap.Action{
		ID: "vm." + id, Title: title, Help: help, Menu: keymap.MenuPower, Key: key, Scope: keymap.Rows(backend.KindVM), Group: "Power",
		Kinds: []backend.Kind{backend.KindVM}, Needs: needs, Arity: keymap.Many, Risk: risk,
		When: func(_ keymap.Selection, o backend.Object) string { return when(o.(*backend.VM)) },
		Op:   func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op { return op(o.Ref()) },
	}
}

func vmActions() []keymap.Action {
	losesMemory := func(keymap.Selection, keymap.Args) []string {
		return []string{"What the guest has not written to disk is lost."}
	}
	off := powerAction("power-off", "Power off, hard", "f", "Cuts the power, as pulling the plug does.", backend.VerbPowerOff, keymap.Disruptive, whenAlive,
		func(r backend.Ref) backend.Op { return backend.PowerOffOp{VM: r} })
	reset := powerAction("reset", "Reset, hard", "x", "Presses the reset button.", backend.VerbReset, keymap.Disruptive, whenRunning,
		func(r backend.Ref) backend.Op { return backend.ResetOp{VM: r} })
	off.Loses, reset.Loses = losesMemory, losesMemory
	return []keymap.Action{
		powerAction("power-on", "Power on", "o", "Starts the VM.", backend.VerbPowerOn, keymap.Safe, whenStartable,
			func(r backend.Ref) backend.Op { return backend.PowerOnOp{VM: r} }),
		powerOnHost(),
		powerAction("shutdown", "Shut down guest", "d", "Asks the guest to shut down; the guest decides.", backend.VerbShutdown, keymap.Disruptive, whenRunning,
			func(r backend.Ref) backend.Op { return backend.ShutdownOp{VM: r} }),
		powerAction("reboot", "Reboot guest", "r", "Asks the guest to reboot; the guest decides.", backend.VerbReboot, keymap.Disruptive, whenRunning,
			func(r backend.Ref) backend.Op { return backend.RebootOp{VM: r} }),
		powerAction("standby", "Standby guest", "b", "Asks the guest to sleep.", backend.VerbStandby, keymap.Disruptive, whenRunning,
			func(r backend.Ref) backend.Op { return backend.StandbyOp{VM: r} }),
		powerAction("suspend", "Suspend", "s", "Stops the VM and keeps its memory.", backend.VerbSuspend, keymap.Disruptive, whenRunning,
			func(r backend.Ref) backend.Op { return backend.SuspendOp{VM: r} }),
		powerAction("resume", "Resume", "u", "Goes on after a suspend or pause.", backend.VerbResume, keymap.Safe, whenHeld,
			func(r backend.Ref) backend.Op { return backend.ResumeOp{VM: r} }),
		off, reset, answer(),
	}
}

func powerOnHost() keymap.Action {
	a := powerAction("power-on-host", "Power on, on a chosen host…", "h", "Starts the VM on a host that you choose.",
		backend.VerbPowerOnHost, keymap.Safe, whenStartable, nil)
	a.Arity, a.Checked = keymap.One, true
	a.Form = func(s keymap.Selection) []keymap.Field { return []keymap.Field{hostField(s)} }
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.PowerOnOp{VM: o.Ref(), Host: hostArg(o, args)}
	}
	return a
}

// hostField asks for a host of the same connection that can take a VM.
func hostField(s keymap.Selection) keymap.Field {
	f := keymap.Field{Name: "host", Label: "Host", Type: keymap.ChoiceField}
	vm, _ := s.First().(*backend.VM)
	for _, o := range ofConn(s, backend.KindHost, hostUsable) {
		h := o.(*backend.Host)
		if vm != nil && !sameCompute(s, vm, h) {
			continue
		}
		f.Choices = append(f.Choices, keymap.FieldChoice{Value: h.ID.ID, Label: hostLabel(s, h)})
		if vm != nil && h.ID == vm.Host {
			f.Default = h.ID.ID
		}
	}
	return f
}

// sameCompute reports whether a VM can run on a host without being moved to another cluster
// first: it is its own, or one of the same cluster.
func sameCompute(s keymap.Selection, vm *backend.VM, h *backend.Host) bool {
	own, ok := s.Lookup(vm.Host).(*backend.Host)
	return !ok || own.ID == h.ID || !own.ClusterRef.IsZero() && own.ClusterRef == h.ClusterRef
}

func hostArg(o backend.Object, args keymap.Args) backend.Ref {
	if args["host"] == "" {
		return backend.Ref{}
	}
	return backend.Ref{Conn: o.Ref().Conn, Kind: backend.KindHost, ID: args["host"]}
}

func answer() keymap.Action {
	a := powerAction("answer", "Answer its question…", "?", "Answers the question that blocks the VM.", backend.VerbAnswer, keymap.Safe, func(vm *backend.VM) string {
		if vm.Question == nil {
			return "it asks nothing"
		}
		return ""
	}, nil)
	a.Arity = keymap.One
	a.Form = func(s keymap.Selection) []keymap.Field {
		vm, ok := s.First().(*backend.VM)
		if !ok || vm.Question == nil {
			return nil
		}
		f := keymap.Field{Name: "choice", Label: "Answer", Hint: vm.Question.Text, Type: keymap.ChoiceField}
		for i, c := range vm.Question.Choices {
			f.Choices = append(f.Choices, keymap.FieldChoice{Value: c.Key, Label: c.Label})
			if i == vm.Question.Default {
				f.Default = c.Key
			}
		}
		// The answer belongs to the question that was shown, whatever it asks by then.
		return []keymap.Field{f, {Name: "question", Type: keymap.FixedField, Default: vm.Question.ID}}
	}
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.AnswerOp{VM: o.Ref(), Question: args["question"], Choice: args["choice"]}
	}
	return a
}

func whenStartable(vm *backend.VM) string {
	switch {
	case vm.Template:
		return "it is a template"
	case vm.State.Running():
		return "it is " + vm.State.String()
	default:
		return ""
	}
}

func whenRunning(vm *backend.VM) string {
	if vm.State == backend.PowerOn || vm.State == backend.PowerIdle || vm.State == backend.PowerUnknown {
		return ""
	}
	return "it is " + vm.State.String()
}

func whenAlive(vm *backend.VM) string {
	if vm.State.Running() || vm.State == backend.PowerSuspended || vm.State == backend.PowerCrashed || vm.State == backend.PowerUnknown {
		return ""
	}
	return "it is " + vm.State.String()
}

func whenHeld(vm *backend.VM) string {
	switch vm.State {
	case backend.PowerPaused, backend.PowerSuspended, backend.PowerSaved:
		return ""
	default:
		return fmt.Sprintf("it is %s", vm.State)
	}
}
