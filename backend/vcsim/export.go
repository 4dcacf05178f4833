package vcsim

import (
	"fmt"
	"path"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// addFiles adds the disks and images of a VM to a lease. The prefix keeps the names of
// several VMs apart; importPath names it in an import specification.
func (s *Server) addFiles(b *begun, ref types.ManagedObjectReference, prefix, importPath string) {
	vm, ok := s.model.Map().Get(ref).(*simulator.VirtualMachine)
	if !ok {
		return
	}
	base, print := s.baseURL()
	count := map[string]int{}
	for _, d := range vm.Config.Hardware.Device {
		f, kind, name := fileOfDevice(d)
		if f == nil {
			continue
		}
		n := count[kind]
		count[kind]++
		f.keep = fmt.Sprintf("%s/%s-%d", ref.Value, kind, n)
		f.url = types.HttpNfcLeaseDeviceUrl{
			Key: fmt.Sprintf("/%s/%s:%d", ref.Value, kindName(kind), n), SslThumbprint: print, Disk: types.NewBool(kind == "disk"),
			TargetId: prefix + name,
		}
		if importPath != "" {
			f.url.ImportKey = fmt.Sprintf("/%s/%s-%d", importPath, kind, n)
		}
		if kind != "disk" {
			f.url.FileSize = s.diskSize()
		}
		f.url.Url = base + nfcPath
		b.capacity += f.capacity >> 10
		b.files = append(b.files, f)
	}
}

func kindName(kind string) string {
	if kind == "disk" {
		return "VirtualLsiLogicController0"
	}
	return "VirtualIDEController0"
}

// fileOfDevice is a file of a device that is moved; nil for other devices.
func fileOfDevice(d types.BaseVirtualDevice) (f *leaseFile, kind, name string) {
	backing, ok := d.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo)
	if !ok {
		return nil, "", ""
	}
	var at object.DatastorePath
	at.FromString(backing.GetVirtualDeviceFileBackingInfo().FileName)
	name = path.Base(at.Path)
	switch d := d.(type) {
	case *types.VirtualDisk:
		return &leaseFile{capacity: d.CapacityInKB << 10}, "disk", name
	case *types.VirtualCdrom:
		if at.Path == "" {
			return nil, "", ""
		}
		return &leaseFile{}, "cdrom", name
	default:
		return nil, "", ""
	}
}

// ExportVm makes a lease to download the disks of a VM that is off.
func (e *exporter) ExportVm(ctx *simulator.Context, _ *types.ExportVm) soap.HasFault {
	vm, ok := ctx.Map.Get(e.Self).(*simulator.VirtualMachine)
	if !ok {
		return &methods.ExportVmBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: e.Self})}
	}
	if fault := exportable(vm); fault != nil {
		return &methods.ExportVmBody{Fault_: fault}
	}
	l := e.srv.newLease(false, func() (begun, *types.LocalizedMethodFault) {
		b := begun{entity: vm.Self}
		e.srv.addFiles(&b, vm.Self, "", "")
		return b, nil
	})
	return &methods.ExportVmBody{Res: &types.ExportVmResponse{Returnval: l.Self}}
}

// exportable is the fault for a VM that can't be exported now.
func exportable(vm *simulator.VirtualMachine) *soap.Fault {
	if s := vm.Runtime.PowerState; s != types.VirtualMachinePowerStatePoweredOff {
		return simulator.Fault("", &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: s})
	}
	return nil
}

// ExportVApp makes a lease to download the disks of all VMs of a vApp.
func (e *exporter) ExportVApp(ctx *simulator.Context, _ *types.ExportVApp) soap.HasFault {
	app, ok := ctx.Map.Get(e.Self).(*simulator.VirtualApp)
	if !ok {
		return &methods.ExportVAppBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: e.Self})}
	}
	vms := e.srv.members(app)
	for _, ref := range vms {
		if vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine); ok {
			if fault := exportable(vm); fault != nil {
				return &methods.ExportVAppBody{Fault_: fault}
			}
		}
	}
	l := e.srv.newLease(false, func() (begun, *types.LocalizedMethodFault) {
		b := begun{entity: e.Self}
		for i, vm := range vms {
			e.srv.addFiles(&b, vm, fmt.Sprintf("vm%d-", i), "")
		}
		return b, nil
	})
	return &methods.ExportVAppBody{Res: &types.ExportVAppResponse{Returnval: l.Self}}
}
