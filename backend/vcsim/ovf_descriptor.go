package vcsim

import (
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// scribe writes a descriptor.
type scribe struct {
	srv      *Server
	params   types.OvfCreateDescriptorParams
	files    strings.Builder
	disks    strings.Builder
	systems  strings.Builder
	networks []string
	count    int
	images   bool
	warnings []types.LocalizedMethodFault
}

// CreateDescriptor writes the descriptor of a VM or vApp. Without files it is a dry run
// with the default names.
func (m *ovfManager) CreateDescriptor(ctx *simulator.Context, req *types.CreateDescriptor) soap.HasFault {
	s := &scribe{srv: m.srv, params: req.Cdp}
	var text string
	switch o := ctx.Map.Get(req.Obj).(type) {
	case *simulator.VirtualMachine:
		s.system(o, "")
		text = s.text(s.systems.String())
	case *simulator.VirtualApp:
		for i, ref := range m.srv.members(o) {
			if vm, ok := ctx.Map.Get(ref).(*simulator.VirtualMachine); ok {
				s.system(vm, fmt.Sprintf("vm%d-", i))
			}
		}
		name := orElse(req.Cdp.Name, o.Name)
		text = s.text(fmt.Sprintf("  <VirtualSystemCollection ovf:id=%s>\n    <Info>A collection of virtual machines</Info>\n"+
			"    <Name>%s</Name>\n%s  </VirtualSystemCollection>\n", quoted(name), html.EscapeString(name), s.systems.String()))
	case nil:
		return &methods.CreateDescriptorBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Obj})}
	default:
		return &methods.CreateDescriptorBody{Fault_: simulator.Fault("", &types.InvalidArgument{InvalidProperty: "obj"})}
	}
	return &methods.CreateDescriptorBody{Res: &types.CreateDescriptorResponse{Returnval: types.OvfCreateDescriptorResult{
		OvfDescriptor: text, Warning: s.warnings, IncludeImageFiles: &s.images,
	}}}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func quoted(s string) string { return `"` + html.EscapeString(s) + `"` }

// text puts the parts together.
func (s *scribe) text(content string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common"` +
		` xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"` +
		` xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"` +
		` xmlns:vmw="http://www.vmware.com/schema/ovf"` +
		` xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"` +
		` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
`)
	fmt.Fprintf(&b, "  <References>\n%s  </References>\n", s.files.String())
	fmt.Fprintf(&b, "  <DiskSection>\n    <Info>Virtual disk information</Info>\n%s  </DiskSection>\n", s.disks.String())
	b.WriteString("  <NetworkSection>\n    <Info>The list of logical networks</Info>\n")
	for _, n := range s.networks {
		fmt.Fprintf(&b, "    <Network ovf:name=%s>\n      <Description>The %s network</Description>\n    </Network>\n", quoted(n), html.EscapeString(n))
	}
	b.WriteString("  </NetworkSection>\n")
	b.WriteString(content)
	b.WriteString("</Envelope>\n")
	return b.String()
}

// system writes one VM.
func (s *scribe) system(vm *simulator.VirtualMachine, prefix string) {
	name := vm.Name
	if prefix == "" {
		name = orElse(s.params.Name, name)
	}
	w := &s.systems
	fmt.Fprintf(w, "  <VirtualSystem ovf:id=%s>\n    <Info>A virtual machine</Info>\n    <Name>%s</Name>\n", quoted(name), html.EscapeString(name))
	if note := orElse(s.params.Description, vm.Config.Annotation); note != "" {
		fmt.Fprintf(w, "    <AnnotationSection>\n      <Info>A human-readable annotation</Info>\n      <Annotation>%s</Annotation>\n    </AnnotationSection>\n",
			html.EscapeString(note))
	}
	fmt.Fprintf(w, "    <OperatingSystemSection ovf:id=\"1\" vmw:osType=%s>\n      <Info>The kind of guest</Info>\n    </OperatingSystemSection>\n",
		quoted(vm.Config.GuestId))
	fmt.Fprintf(w, "    <VirtualHardwareSection>\n      <Info>Virtual hardware requirements</Info>\n      <System>\n"+
		"        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>\n        <vssd:InstanceID>0</vssd:InstanceID>\n"+
		"        <vssd:VirtualSystemIdentifier>%s</vssd:VirtualSystemIdentifier>\n        <vssd:VirtualSystemType>%s</vssd:VirtualSystemType>\n      </System>\n",
		html.EscapeString(name), html.EscapeString(vm.Config.Version))
	s.rasd(item{id: 1, kind: 3, name: fmt.Sprintf("%d virtual CPU(s)", vm.Config.Hardware.NumCPU),
		more: fmt.Sprintf("<rasd:VirtualQuantity>%d</rasd:VirtualQuantity>", vm.Config.Hardware.NumCPU), units: "hertz * 10^6"})
	s.rasd(item{id: 2, kind: 4, name: fmt.Sprintf("%dMB of memory", vm.Config.Hardware.MemoryMB),
		more: fmt.Sprintf("<rasd:VirtualQuantity>%d</rasd:VirtualQuantity>", vm.Config.Hardware.MemoryMB), units: "byte * 2^20"})
	s.devices(vm, prefix)
	w.WriteString("    </VirtualHardwareSection>\n  </VirtualSystem>\n")
}

// item is one piece of virtual hardware; its elements are in the order of the schema.
type item struct {
	id, kind           int
	name, units        string
	address, sub, more string
	host, parent, link string
}

func (s *scribe) rasd(i item) {
	w := &s.systems
	element := func(name, value string) {
		if value != "" {
			fmt.Fprintf(w, "        <rasd:%s>%s</rasd:%s>\n", name, html.EscapeString(value), name)
		}
	}
	w.WriteString("      <Item>\n")
	element("AddressOnParent", i.address)
	element("AllocationUnits", i.units)
	if i.link != "" {
		element("AutomaticAllocation", "true")
	}
	element("Connection", i.link)
	element("ElementName", i.name)
	element("HostResource", i.host)
	element("InstanceID", fmt.Sprint(i.id))
	element("Parent", i.parent)
	element("ResourceSubType", i.sub)
	element("ResourceType", fmt.Sprint(i.kind))
	if i.more != "" {
		fmt.Fprintf(w, "        %s\n", i.more)
	}
	w.WriteString("      </Item>\n")
}

func (s *scribe) devices(vm *simulator.VirtualMachine, prefix string) {
	list := object.VirtualDeviceList(vm.Config.Hardware.Device)
	id := 3
	ids := map[int32]string{}
	for _, d := range list {
		if i, ok := controllerItem(d); ok {
			i.id = id
			ids[d.GetVirtualDevice().Key] = fmt.Sprint(id)
			id++
			s.rasd(i)
		}
	}
	b := begun{}
	s.srv.addFiles(&b, vm.Self, prefix, "")
	for _, d := range list {
		switch d := d.(type) {
		case *types.VirtualDisk:
			s.disk(d, &b, item{id: id, kind: 17, name: list.Name(d), parent: ids[d.ControllerKey], address: unit(d.UnitNumber)})
		case *types.VirtualCdrom:
			s.cdrom(d, &b, item{id: id, kind: 15, name: list.Name(d), parent: ids[d.ControllerKey], address: unit(d.UnitNumber)})
		case types.BaseVirtualEthernetCard:
			s.nic(d, item{id: id, kind: 10, name: list.Name(d.(types.BaseVirtualDevice)), address: "7"})
		default:
			continue
		}
		id++
	}
}

func unit(n *int32) string {
	if n == nil {
		return "0"
	}
	return fmt.Sprint(*n)
}

func controllerItem(d types.BaseVirtualDevice) (item, bool) {
	switch d.(type) {
	case *types.VirtualIDEController:
		return item{kind: 5, name: "IDE Controller"}, true
	case *types.ParaVirtualSCSIController:
		return item{kind: 6, name: "SCSI Controller", sub: "VirtualSCSI"}, true
	case *types.VirtualLsiLogicSASController:
		return item{kind: 6, name: "SCSI Controller", sub: "lsilogicsas"}, true
	case types.BaseVirtualSCSIController:
		return item{kind: 6, name: "SCSI Controller", sub: "lsilogic"}, true
	case *types.VirtualNVMEController:
		return item{kind: 20, name: "NVMe Controller", sub: "vmware.nvme.controller"}, true
	case types.BaseVirtualSATAController:
		return item{kind: 20, name: "SATA Controller", sub: "vmware.sata.ahci"}, true
	default:
		return item{}, false
	}
}

func (s *scribe) disk(d *types.VirtualDisk, b *begun, i item) {
	id := fmt.Sprintf("vmdisk%d", s.count+1)
	i.host = "ovf:/disk/" + id
	ref, populated, capacity := "", int64(0), d.CapacityInKB<<10
	if f := s.file(d, b); f != nil {
		ref = fmt.Sprintf(" ovf:fileRef=%s", quoted(f.id))
		populated, capacity = f.PopulatedSize, max(f.Capacity, capacity)
	}
	more := ""
	if populated > 0 {
		more = fmt.Sprintf(` ovf:populatedSize="%d"`, populated)
	}
	fmt.Fprintf(&s.disks, "    <Disk ovf:capacity=\"%d\" ovf:capacityAllocationUnits=\"byte\" ovf:diskId=%s%s%s"+
		" ovf:format=\"http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized\"/>\n", capacity, quoted(id), ref, more)
	s.rasd(i)
}

type described struct {
	types.OvfFile
	id string
}

// file writes the reference of a device's file: of those that the client has, or in a dry
// run with the default name; nil where the client has it not.
func (s *scribe) file(d types.BaseVirtualDevice, b *begun) *described {
	one, _, _ := fileOfDevice(d)
	if one == nil || len(b.files) == 0 {
		return nil
	}
	f := b.files[0]
	b.files = b.files[1:]
	got := described{OvfFile: types.OvfFile{Path: f.url.TargetId, Size: s.srv.diskSize()}}
	if len(s.params.OvfFiles) > 0 {
		at := slices.IndexFunc(s.params.OvfFiles, func(o types.OvfFile) bool { return o.DeviceId == f.url.Key })
		if at < 0 {
			return nil
		}
		got.OvfFile = s.params.OvfFiles[at]
	}
	s.count++
	got.id = fmt.Sprintf("file%d", s.count)
	more := ""
	if got.CompressionMethod != "" {
		more += fmt.Sprintf(" ovf:compression=%s", quoted(got.CompressionMethod))
	}
	if got.ChunkSize > 0 {
		more += fmt.Sprintf(` ovf:chunkSize="%d"`, got.ChunkSize)
	}
	fmt.Fprintf(&s.files, "    <File ovf:href=%s ovf:id=%s ovf:size=\"%d\"%s/>\n", quoted(got.Path), quoted(got.id), got.Size, more)
	return &got
}

func (s *scribe) cdrom(d *types.VirtualCdrom, b *begun, i item) {
	if one, _, _ := fileOfDevice(d); one == nil {
		s.rasd(i)
		return
	}
	s.images = true
	if s.params.IncludeImageFiles == nil || !*s.params.IncludeImageFiles {
		if len(b.files) > 0 {
			b.files = b.files[1:]
		}
		s.warnings = append(s.warnings, *localized(&types.OvfUnsupportedDeviceExport{}, fmt.Sprintf("The image of %s is not exported.", i.name)))
		s.rasd(i)
		return
	}
	if f := s.file(d, b); f != nil {
		i.host = "ovf:/file/" + f.id
	}
	s.rasd(i)
}

func (s *scribe) nic(d types.BaseVirtualEthernetCard, i item) {
	card := d.GetVirtualEthernetCard()
	i.link = s.network(card.Backing)
	if !slices.Contains(s.networks, i.link) {
		s.networks = append(s.networks, i.link)
	}
	i.sub = map[string]string{"VirtualE1000": "E1000", "VirtualE1000e": "E1000e", "VirtualVmxnet3": "VmxNet3"}[fmt.Sprintf("%T", d)[len("*types."):]]
	i.sub = orElse(i.sub, "E1000")
	s.rasd(i)
}

func (s *scribe) network(backing types.BaseVirtualDeviceBackingInfo) string {
	switch b := backing.(type) {
	case *types.VirtualEthernetCardNetworkBackingInfo:
		return orElse(b.DeviceName, "VM Network")
	case *types.VirtualEthernetCardDistributedVirtualPortBackingInfo:
		for _, e := range s.srv.model.Map().All("DistributedVirtualPortgroup") {
			if pg, ok := e.(*simulator.DistributedVirtualPortgroup); ok && pg.Key == b.Port.PortgroupKey {
				return pg.Name
			}
		}
	}
	return "VM Network"
}
