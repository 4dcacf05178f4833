package backend

import "context"

// Finding is what a server says about an operation before it is carried out: with
// SeverityError it would refuse it.
type Finding struct {
	Severity Severity
	Text     string `clean:"text"`
	Object   Ref    // what it is about; may be zero
}

// Checker is implemented by backends that can ask the server about an operation without
// carrying it out; it changes nothing. Operations that can't be asked about give none.
// Sources: VirtualMachineProvisioningChecker.CheckRelocate_Task, CheckClone_Task,
// VirtualMachineCompatibilityChecker.CheckPowerOn_Task,
// OvfManager.CreateImportSpec, ValidateHost, CreateDescriptor.
type Checker interface {
	Check(ctx context.Context, op Op) ([]Finding, error)
}
