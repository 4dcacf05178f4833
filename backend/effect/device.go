package effect

import (
	"strings"

	"hvdeck/backend"
)

// device is what a VM has plugged in. What waits for its next start does not show.
func device(op backend.Op, was Known) (Trace, bool) {
	switch op := op.(type) {
	case backend.VMAttachDiskOp:
		return attached(was, op.VM, func(d *backend.Detail) int {
			return countOf(d.VM.Disks, func(x backend.Disk) bool {
				return x.Path == op.Path && (op.Device == "" || x.Device == op.Device)
			})
		})
	case backend.VMAttachNICOp:
		return attached(was, op.VM, func(d *backend.Detail) int {
			return countOf(d.VM.NICs, func(x backend.NIC) bool {
				return x.Network == op.Network && (op.MAC == "" || strings.EqualFold(x.MAC, op.MAC))
			})
		})
	case backend.VMDetachOp:
		return redetailed(was, op.VM, func(d *backend.Detail) bool { return d.VM != nil && !hasDevice(d.VM, op.Device) })
	case backend.VMMediaOp:
		return redetailed(was, op.VM, func(d *backend.Detail) bool {
			drive := diskOf(d, op.Drive)
			return drive != nil && drive.Path == op.Path
		})
	default:
		return Trace{}, false
	}
}

// attached: the VM has one more of these devices than before.
func attached(was Known, vm backend.Ref, count func(*backend.Detail) int) (Trace, bool) {
	before := was.Detail(vm)
	if before == nil || before.VM == nil {
		return hidden("what it had before is not known; look at its devices before you attach it again")
	}
	had := count(before)
	return redetailed(was, vm, func(d *backend.Detail) bool { return d.VM != nil && count(d) == had+1 })
}

func countOf[T any](all []T, fits func(T) bool) int {
	n := 0
	for _, x := range all {
		if fits(x) {
			n++
		}
	}
	return n
}

// diskOf is a VM's disk of this label; nil when it has none.
func diskOf(d *backend.Detail, label string) *backend.Disk {
	if d == nil || d.VM == nil {
		return nil
	}
	for i := range d.VM.Disks {
		if d.VM.Disks[i].Label == label {
			return &d.VM.Disks[i]
		}
	}
	return nil
}

// hasDevice looks for a disk by its label or a NIC by its address.
func hasDevice(vm *backend.VMDetail, name string) bool {
	return countOf(vm.Disks, func(x backend.Disk) bool { return x.Label == name }) > 0 ||
		countOf(vm.NICs, func(x backend.NIC) bool { return strings.EqualFold(x.MAC, name) }) > 0
}
