package vcsim

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// exporter adds the calls that begin a lease to the object that they are made to.
type exporter struct {
	Self types.ManagedObjectReference
	srv  *Server
}

// Reference implements mo.Reference.
func (e *exporter) Reference() types.ManagedObjectReference { return e.Self }

func (s *Server) exportReceiver(call *simulator.Method) mo.Reference {
	switch call.Name {
	case "ImportVApp", "ExportVm", "ExportVApp":
	default:
		return nil
	}
	if s.model.Map().Get(call.This) == nil {
		return nil
	}
	s.saw(call.Name)
	return &exporter{Self: call.This, srv: s}
}

// ImportVApp makes the VM or vApp of a specification, and a lease to upload its disks.
func (e *exporter) ImportVApp(ctx *simulator.Context, req *types.ImportVApp) soap.HasFault {
	refuse := func(text, property string) soap.HasFault {
		return &methods.ImportVAppBody{Fault_: simulator.Fault(text, &types.InvalidArgument{InvalidProperty: property})}
	}
	if e.Self.Type == "VirtualApp" && req.Folder != nil {
		return refuse("a vApp's children are in no folder", "folder")
	}
	folder := req.Folder
	if folder == nil && e.Self.Type != "VirtualApp" {
		folder = vmFolder(ctx.Map, e.Self)
	}
	if e.Self.Type != "VirtualApp" {
		if folder == nil {
			return refuse("", "folder")
		}
		if _, ok := ctx.Map.Get(*folder).(*simulator.Folder); !ok {
			return &methods.ImportVAppBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: *folder})}
		}
	}
	var begin func() (begun, *types.LocalizedMethodFault)
	at := landing{pool: e.Self, folder: folder, host: req.Host}
	switch spec := req.Spec.(type) {
	case *types.VirtualMachineImportSpec:
		begin = func() (begun, *types.LocalizedMethodFault) { return e.srv.importVM(spec, at) }
	case *types.VirtualAppImportSpec:
		begin = func() (begun, *types.LocalizedMethodFault) { return e.srv.importVApp(spec, at) }
	default:
		return refuse(fmt.Sprintf("%T is not supported", spec), "spec")
	}
	l := e.srv.newLease(true, begin)
	return &methods.ImportVAppBody{Res: &types.ImportVAppResponse{Returnval: l.Self}}
}

// vmFolder is the folder of VMs of the datacenter that an object is in.
func vmFolder(reg *simulator.Registry, ref types.ManagedObjectReference) *types.ManagedObjectReference {
	for {
		e, ok := reg.Get(ref).(mo.Entity)
		if !ok {
			return nil
		}
		if dc, ok := e.(*simulator.Datacenter); ok {
			return &dc.VmFolder
		}
		if e.Entity().Parent == nil {
			return nil
		}
		ref = *e.Entity().Parent
	}
}

// landing is where an import goes.
type landing struct {
	pool   types.ManagedObjectReference
	folder *types.ManagedObjectReference // nil in a vApp
	host   *types.ManagedObjectReference
}

// callTime bounds the simulator's own calls to itself.
const callTime = 30 * time.Second

func (s *Server) importVM(spec *types.VirtualMachineImportSpec, at landing) (begun, *types.LocalizedMethodFault) {
	if fault := notConfigurable(spec); fault != nil {
		return begun{}, fault
	}
	vm, fault := s.createVM(spec.ConfigSpec, at)
	if fault != nil {
		return begun{}, fault
	}
	b := begun{entity: vm}
	s.addFiles(&b, vm, "", spec.ConfigSpec.Name)
	return b, nil
}

// notConfigurable is the fault for a value of a property that is fixed.
func notConfigurable(spec *types.VirtualMachineImportSpec) *types.LocalizedMethodFault {
	vapp, ok := spec.ConfigSpec.VAppConfig.(*types.VmConfigSpec)
	if !ok {
		return nil
	}
	for _, p := range vapp.Property {
		i := p.Info
		if i == nil || i.UserConfigurable != nil && *i.UserConfigurable || i.Value == "" || i.Value == i.DefaultValue {
			continue
		}
		f := &types.NotUserConfigurableProperty{VAppPropertyFault: types.VAppPropertyFault{
			Id: i.Id, Category: i.Category, Label: i.Label, Type: i.Type, Value: i.Value}}
		return localized(f, fmt.Sprintf("Property %s is not user configurable.", i.Id))
	}
	return nil
}

func (s *Server) importVApp(spec *types.VirtualAppImportSpec, at landing) (begun, *types.LocalizedMethodFault) {
	ctx, cancel := context.WithTimeout(s.ctx, callTime)
	defer cancel()
	res, err := methods.CreateVApp(ctx, s.model.Service, &types.CreateVApp{
		This: at.pool, Name: spec.Name, ResSpec: types.DefaultResourceConfigSpec(), VmFolder: at.folder,
	})
	if err != nil {
		return begun{}, faultOf(err)
	}
	b := begun{entity: res.Returnval}
	for i, child := range spec.Child {
		vm, ok := child.(*types.VirtualMachineImportSpec)
		if !ok {
			continue
		}
		in := at
		in.pool, in.folder = res.Returnval, nil
		ref, fault := s.createVM(vm.ConfigSpec, in)
		if fault != nil {
			s.remove(b.entity)
			return begun{}, fault
		}
		s.addFiles(&b, ref, fmt.Sprintf("vm%d-", i), spec.Name+"/"+vm.ConfigSpec.Name)
	}
	return b, nil
}

// createVM runs the simulator's own task.
func (s *Server) createVM(config types.VirtualMachineConfigSpec, at landing) (types.ManagedObjectReference, *types.LocalizedMethodFault) {
	ctx, cancel := context.WithTimeout(s.ctx, callTime)
	defer cancel()
	if at.folder == nil {
		res, err := methods.CreateChildVM_Task(ctx, s.model.Service, &types.CreateChildVM_Task{This: at.pool, Config: config, Host: at.host})
		if err != nil {
			return types.ManagedObjectReference{}, faultOf(err)
		}
		return s.outcome(res.Returnval)
	}
	res, err := methods.CreateVM_Task(ctx, s.model.Service, &types.CreateVM_Task{This: *at.folder, Config: config, Pool: at.pool, Host: at.host})
	if err != nil {
		return types.ManagedObjectReference{}, faultOf(err)
	}
	return s.outcome(res.Returnval)
}

func faultOf(err error) *types.LocalizedMethodFault {
	if soap.IsSoapFault(err) {
		if f, ok := soap.ToSoapFault(err).VimFault().(types.BaseMethodFault); ok {
			return localized(f, soap.ToSoapFault(err).String)
		}
	}
	return localized(&types.SystemError{Reason: err.Error()}, err.Error())
}

// outcome waits for a task of the simulator.
func (s *Server) outcome(ref types.ManagedObjectReference) (types.ManagedObjectReference, *types.LocalizedMethodFault) {
	t, ok := s.model.Map().Get(ref).(*simulator.Task)
	if !ok {
		return types.ManagedObjectReference{}, faultOf(errors.New("the task is gone"))
	}
	t.Wait()
	if t.Info.Error != nil {
		return types.ManagedObjectReference{}, t.Info.Error
	}
	made, _ := t.Info.Result.(types.ManagedObjectReference)
	return made, nil
}

// remove destroys a VM, or a vApp with all in it.
func (s *Server) remove(ref types.ManagedObjectReference) {
	if app, ok := s.model.Map().Get(ref).(*simulator.VirtualApp); ok {
		for _, vm := range s.members(app) {
			s.destroy(vm)
		}
	}
	s.destroy(ref)
}

func (s *Server) destroy(ref types.ManagedObjectReference) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), callTime)
	defer cancel()
	if res, err := methods.Destroy_Task(ctx, s.model.Service, &types.Destroy_Task{This: ref}); err == nil {
		_, _ = s.outcome(res.Returnval)
		s.settleFiles()
	}
}

// settleFiles waits for the files that the simulator deletes behind a task's back: it reads
// datastores then that the next task changes.
func (s *Server) settleFiles() {
	for _, o := range s.model.Map().AllReference("Task") {
		if t, ok := o.(*simulator.Task); ok && strings.HasSuffix(strings.ToLower(t.Info.DescriptionId), "deletedatastorefile") {
			t.Wait()
		}
	}
}

// members are the VMs of a vApp.
func (s *Server) members(app *simulator.VirtualApp) []types.ManagedObjectReference {
	var all []types.ManagedObjectReference
	for _, e := range s.model.Map().All("VirtualMachine") {
		vm, ok := e.(*simulator.VirtualMachine)
		if ok && vm.ResourcePool != nil && *vm.ResourcePool == app.Self {
			all = append(all, vm.Self)
		}
	}
	return all
}
