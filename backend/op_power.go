package backend

// PowerOnOp starts a VM. Source: virDomainCreate; PowerOnVM_Task.
type PowerOnOp struct {
	VM Ref
	// Host to start on (vSphere); zero leaves the choice to the server.
	Host Ref
}

// PowerOffOp cuts the power. Source: virDomainDestroy; PowerOffVM_Task.
type PowerOffOp struct{ VM Ref }

// ResetOp presses the reset button. Source: virDomainReset; ResetVM_Task.
type ResetOp struct{ VM Ref }

// SuspendOp pauses (libvirt virDomainSuspend) or suspends (SuspendVM_Task) a VM.
type SuspendOp struct{ VM Ref }

// ResumeOp continues a paused or suspended VM. Source: virDomainResume,
// virDomainPMWakeup; PowerOnVM_Task.
type ResumeOp struct{ VM Ref }

// ShutdownOp asks the guest to shut down and returns when the request was
// accepted; the guest decides. Source: virDomainShutdown; ShutdownGuest.
type ShutdownOp struct{ VM Ref }

// RebootOp asks the guest to reboot. Source: virDomainReboot; RebootGuest.
type RebootOp struct{ VM Ref }

// StandbyOp asks the guest to sleep. Source: virDomainPMSuspendForDuration;
// StandbyGuest.
type StandbyOp struct{ VM Ref }

// AnswerOp answers a pending question. Source: AnswerVM.
type AnswerOp struct {
	VM       Ref
	Question string
	Choice   string
}

// Target implements Op.
func (o PowerOnOp) Target() Ref  { return o.VM }
func (o PowerOffOp) Target() Ref { return o.VM }
func (o ResetOp) Target() Ref    { return o.VM }
func (o SuspendOp) Target() Ref  { return o.VM }
func (o ResumeOp) Target() Ref   { return o.VM }
func (o ShutdownOp) Target() Ref { return o.VM }
func (o RebootOp) Target() Ref   { return o.VM }
func (o StandbyOp) Target() Ref  { return o.VM }
func (o AnswerOp) Target() Ref   { return o.VM }

// Verb implements Op.
func (o PowerOnOp) Verb() Verb {
	if o.Host.IsZero() {
		return VerbPowerOn
	}
	return VerbPowerOnHost
}
func (o PowerOffOp) Verb() Verb { return VerbPowerOff }
func (o ResetOp) Verb() Verb    { return VerbReset }
func (o SuspendOp) Verb() Verb  { return VerbSuspend }
func (o ResumeOp) Verb() Verb   { return VerbResume }
func (o ShutdownOp) Verb() Verb { return VerbShutdown }
func (o RebootOp) Verb() Verb   { return VerbReboot }
func (o StandbyOp) Verb() Verb  { return VerbStandby }
func (o AnswerOp) Verb() Verb   { return VerbAnswer }

// Title implements Op.
func (o PowerOnOp) Title() string  { return "power on" }
func (o PowerOffOp) Title() string { return "power off" }
func (o ResetOp) Title() string    { return "reset" }
func (o SuspendOp) Title() string  { return "suspend" }
func (o ResumeOp) Title() string   { return "resume" }
func (o ShutdownOp) Title() string { return "shut down guest" }
func (o RebootOp) Title() string   { return "reboot guest" }
func (o StandbyOp) Title() string  { return "standby guest" }
func (o AnswerOp) Title() string   { return "answer question" }

func powerOps() []Op {
	return []Op{PowerOnOp{}, PowerOffOp{}, ResetOp{}, SuspendOp{}, ResumeOp{}, ShutdownOp{}, RebootOp{}, StandbyOp{}, AnswerOp{}}
}
