package backendtest

import "hvdeck/backend"

func powerCases() []testCase {
	return []testCase{
		{name: "power/on", ops: []backend.Op{backend.PowerOnOp{}}, run: powerOn},
		{name: "power/on-host", ops: []backend.Op{backend.PowerOnOp{}}, run: powerOnHost},
		{name: "power/off", ops: []backend.Op{backend.PowerOffOp{}}, run: powerOff},
		{name: "power/reset", ops: []backend.Op{backend.ResetOp{}}, run: powerReset},
		{name: "power/suspend", ops: []backend.Op{backend.SuspendOp{}}, run: powerSuspend},
		{name: "power/resume", ops: []backend.Op{backend.ResumeOp{}}, run: powerResume},
		{name: "ops/unknown-vm", ops: backend.Ops(), run: opsOnUnknown},
	}
}

func guestCases() []testCase {
	return []testCase{
		{name: "guest/shutdown", ops: []backend.Op{backend.ShutdownOp{}}, run: guestShutdown},
		{name: "guest/reboot", ops: []backend.Op{backend.RebootOp{}}, run: guestReboot},
		{name: "guest/standby", ops: []backend.Op{backend.StandbyOp{}}, run: guestStandby},
		{name: "vm/answer", ops: []backend.Op{backend.AnswerOp{}}, run: vmAnswer},
	}
}

func powerOn(r *run) {
	vm := r.ensureOff(r.Off)
	r.do(backend.PowerOnOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	r.refused(backend.PowerOnOp{VM: vm}, backend.ClassConflict)
	r.awaitState(vm, "still running", isOn)
}

func powerOnHost(r *run) {
	r.needs(backend.VerbPowerOnHost)
	vm := r.ensureOff(r.Off)
	r.do(backend.PowerOnOp{VM: vm, Host: r.again(vm).Host})
	r.awaitState(vm, "running", isOn)
}

func powerOff(r *run) {
	vm := r.ensureOn(r.Running)
	r.do(backend.PowerOffOp{VM: vm})
	r.awaitState(vm, "off", isOff)
	r.refused(backend.PowerOffOp{VM: vm}, backend.ClassConflict)
}

func powerReset(r *run) {
	r.needs(backend.VerbReset)
	vm := r.ensureOn(r.Running)
	r.do(backend.ResetOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	vm = r.ensureOff(r.Off)
	r.refused(backend.ResetOp{VM: vm}, backend.ClassConflict)
	r.awaitState(vm, "still off", isOff)
}

func powerSuspend(r *run) {
	r.needs(backend.VerbSuspend)
	vm := r.ensureOn(r.Running)
	r.do(backend.SuspendOp{VM: vm})
	r.awaitState(vm, "paused or suspended", isHeld)
	vm = r.ensureOff(r.Off)
	r.refused(backend.SuspendOp{VM: vm}, backend.ClassConflict)
}

// powerResume also holds that a VM which is off is not started by a resume.
func powerResume(r *run) {
	r.needs(backend.VerbResume)
	vm := r.ensureOn(r.Running)
	r.do(backend.SuspendOp{VM: vm})
	r.awaitState(vm, "paused or suspended", isHeld)
	r.do(backend.ResumeOp{VM: vm})
	r.awaitState(vm, "running", isOn)
	vm = r.ensureOff(r.Off)
	r.refused(backend.ResumeOp{VM: vm}, backend.ClassConflict)
	r.awaitState(vm, "still off", isOff)
}

// guestShutdown asserts only that the request is accepted: the guest decides.
func guestShutdown(r *run) {
	r.needs(backend.VerbShutdown)
	vm := r.ensureOff(r.Off)
	r.refused(backend.ShutdownOp{VM: vm}, backend.ClassConflict)
	vm = r.ensureOn(r.Running)
	r.do(backend.ShutdownOp{VM: vm})
	r.cut(vm)
}

func guestReboot(r *run) {
	r.needs(backend.VerbReboot)
	vm := r.ensureOff(r.Off)
	r.refused(backend.RebootOp{VM: vm}, backend.ClassConflict)
	vm = r.ensureOn(r.Running)
	r.do(backend.RebootOp{VM: vm})
	r.cut(vm)
}

func guestStandby(r *run) {
	r.needs(backend.VerbStandby)
	vm := r.ensureOff(r.Off)
	r.refused(backend.StandbyOp{VM: vm}, backend.ClassConflict)
	r.do(backend.StandbyOp{VM: r.ensureOn(r.Running)})
}

// vmAnswer answers what is not asked; the answer to a real question is a matter of
// the drivers that have them.
func vmAnswer(r *run) {
	r.needs(backend.VerbAnswer)
	vm := r.ensureOn(r.Running)
	r.refused(backend.AnswerOp{VM: vm, Question: "0", Choice: "0"},
		backend.ClassConflict, backend.ClassNotFound, backend.ClassInvalid)
}
