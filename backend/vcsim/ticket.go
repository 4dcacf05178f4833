package vcsim

import (
	"slices"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// AcquireTicket gives a ticket for the display of a running VM at its host.
func (m *machine) AcquireTicket(ctx *simulator.Context, req *types.AcquireTicket) soap.HasFault {
	known := (types.VirtualMachineTicketType)("").Values()
	if !slices.Contains(known, types.VirtualMachineTicketType(req.TicketType)) {
		return &methods.AcquireTicketBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "ticketType"})}
	}
	if m.vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn {
		return &methods.AcquireTicketBody{Fault_: simulator.Fault("", m.invalidPower(types.VirtualMachinePowerStatePoweredOn))}
	}
	if fault := usable(ctx.Map, *m.vm.Runtime.Host); fault != nil {
		return &methods.AcquireTicketBody{Fault_: simulator.Fault("", fault)}
	}
	return &methods.AcquireTicketBody{Res: &types.AcquireTicketResponse{Returnval: types.VirtualMachineTicket{
		Ticket: uuid.NewString(), CfgFile: m.vm.Config.Files.VmPathName,
		Host: hostArgument(ctx.Map, *m.vm.Runtime.Host).Name, Port: 443,
	}}}
}
