package effect

import (
	"context"
	"slices"

	"hvdeck/backend"
)

// power is what becomes of a VM's power state.
func power(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.PowerOnOp:
		return becomes(was, op.VM, func(vm *backend.VM) bool {
			return runs(vm) && (op.Host.IsZero() || vm.Host == op.Host)
		})
	case backend.ResumeOp:
		return becomes(was, op.VM, runs)
	case backend.PowerOffOp:
		return goesOff(was, op.VM)
	case backend.ShutdownOp:
		return asked(goesOff(was, op.VM))
	case backend.SuspendOp:
		return becomes(was, op.VM, inState(backend.PowerPaused, backend.PowerSuspended))
	case backend.StandbyOp:
		return asked(becomes(was, op.VM, inState(backend.PowerSuspended)))
	case backend.ResetOp:
		return hidden("a reset leaves nothing to see at the server: look at the guest's console before you do it again")
	case backend.RebootOp:
		return hidden("a reboot leaves nothing to see at the server, and the guest decides: look at its console before you ask again")
	case backend.AnswerOp:
		return becomes(was, op.VM, func(vm *backend.VM) bool { return vm.Question == nil || vm.Question.ID != op.Question })
	default:
		return Trace{}, false
	}
}

// asked is for what the guest decides.
func asked(t Trace, mine bool) (Trace, bool) {
	t.look = "the guest decides: look at its state before you ask again"
	return t, mine
}

func inState(want ...backend.PowerState) func(*backend.VM) bool {
	return func(vm *backend.VM) bool { return slices.Contains(want, vm.State) }
}

func runs(vm *backend.VM) bool { return inState(backend.PowerOn, backend.PowerIdle)(vm) }
func isOff(vm *backend.VM) bool {
	return vm.State == backend.PowerOff
}

// goesOff: a VM without a lasting definition vanishes when it goes off.
func goesOff(was Known, r backend.Ref) (Trace, bool) {
	vm, known := was.Object(r).(*backend.VM)
	t, mine := becomes(was, r, isOff)
	if t.Hidden() || !known || vm.Persistent {
		return t, mine
	}
	stays := t.shows
	return when(func(ctx context.Context, s *server) bool { return stays(ctx, s) || s.gone(ctx, r) })
}
