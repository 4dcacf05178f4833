package vcsim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// item adds one item of the virtual hardware.
func (b *builder) item(c *types.VirtualMachineConfigSpec, item ovf.ResourceAllocationSettingData, vm, path string) {
	if item.ResourceType == nil {
		b.errors = append(b.errors, *missing("ResourceType"))
		return
	}
	quantity := uint64(0)
	if item.VirtualQuantity != nil {
		quantity = uint64(*item.VirtualQuantity)
	}
	var err error
	switch *item.ResourceType {
	case ovf.Processor:
		c.NumCPUs = int32(quantity)
	case ovf.Memory:
		c.MemoryMB = int64(units(quantity, str(item.AllocationUnits)) >> 20)
		if item.AllocationUnits == nil {
			c.MemoryMB = int64(quantity)
		}
	case ovf.IdeController, ovf.ParallelScsiHba, ovf.OtherStorage:
		err = b.controller(item)
	case ovf.EthernetAdapter:
		err = b.nic(item)
	case ovf.CdDrive, ovf.DvdDrive:
		err = b.cdrom(item, vm, path)
	case ovf.DiskDrive:
		err = b.disk(item, vm, path)
	case ovf.Other, ovf.FloppyDrive, ovf.UsbController, ovf.Graphics, ovf.SerialPort, ovf.ParallelPort:
		// devices that change nothing here
	default:
		err = fmt.Errorf("unsupported resource type %d", *item.ResourceType)
	}
	if err != nil {
		b.unsupported(item, err)
	}
}

// unsupported is an error, or a warning where the item may be left out.
func (b *builder) unsupported(item ovf.ResourceAllocationSettingData, err error) {
	f := *localized(&types.OvfUnsupportedType{
		Name: item.ElementName, InstanceId: item.InstanceID, DeviceType: int32(*item.ResourceType),
	}, fmt.Sprintf("Unsupported hardware %q: %v", item.ElementName, err))
	if item.Required != nil && !*item.Required {
		b.warnings = append(b.warnings, f)
		return
	}
	b.errors = append(b.errors, f)
}

func (b *builder) controller(item ovf.ResourceAllocationSettingData) error {
	kind := strings.ToLower(str(item.ResourceSubType))
	var d types.BaseVirtualDevice
	var err error
	switch {
	case *item.ResourceType == ovf.IdeController:
		d, err = b.devices.CreateIDEController()
	case *item.ResourceType == ovf.ParallelScsiHba:
		if kind == "lsilogicsas" || kind == "virtualscsi" || kind == "buslogic" || kind == "lsilogic" {
			d, err = b.devices.CreateSCSIController(strings.Replace(kind, "virtualscsi", "pvscsi", 1))
			break
		}
		d, err = b.devices.CreateSCSIController("lsilogic")
	case strings.Contains(kind, "nvme"):
		d, err = b.devices.CreateNVMEController()
	default:
		d, err = b.devices.CreateSATAController()
	}
	if err != nil {
		return err
	}
	b.devices = append(b.devices, d)
	b.parents[item.InstanceID] = d
	return nil
}

// nic adds a network adapter on the mapped network, else on the first there is.
func (b *builder) nic(item ovf.ResourceAllocationSettingData) error {
	var ref types.ManagedObjectReference
	if len(b.networks) > 0 {
		ref = b.networks[0]
	}
	if len(item.Connection) > 0 {
		for _, n := range b.params.NetworkMapping {
			if n.Name == item.Connection[0] {
				ref = n.Network
			}
		}
	}
	backing := b.backing(ref)
	if backing == nil && b.ds != nil {
		b.errors = append(b.errors, *localized(&types.OvfNoHostNic{}, "There is no network for the adapter "+item.ElementName+"."))
		return nil
	}
	kind := strings.ToLower(str(item.ResourceSubType))
	d, err := b.devices.CreateEthernetCard(kind, backing)
	if err != nil {
		return err
	}
	b.devices = append(b.devices, d)
	return nil
}

func (b *builder) backing(ref types.ManagedObjectReference) types.BaseVirtualDeviceBackingInfo {
	reg := b.srv.model.Map()
	switch n := reg.Get(ref).(type) {
	case *mo.Network:
		return &types.VirtualEthernetCardNetworkBackingInfo{
			Network: &ref, VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: n.Name}}
	case *simulator.DistributedVirtualPortgroup:
		uuid := ""
		if n.Config.DistributedVirtualSwitch != nil {
			if dvs, ok := reg.Get(*n.Config.DistributedVirtualSwitch).(*simulator.DistributedVirtualSwitch); ok {
				uuid = dvs.Uuid
			}
		}
		return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
			Port: types.DistributedVirtualSwitchPortConnection{PortgroupKey: n.Key, SwitchUuid: uuid}}
	default:
		return nil
	}
}

// reference finds the file of a HostResource such as "ovf:/file/file1".
func (b *builder) reference(id string) *ovf.File {
	i := slices.IndexFunc(b.env.References, func(f ovf.File) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return &b.env.References[i]
}

func last(resource string) string { return resource[strings.LastIndexByte(resource, '/')+1:] }

func (b *builder) cdrom(item ovf.ResourceAllocationSettingData, vm, path string) error {
	ide, err := b.devices.FindIDEController("")
	if err != nil {
		d, err := b.devices.CreateIDEController()
		if err != nil {
			return err
		}
		b.devices = append(b.devices, d)
		ide = d.(*types.VirtualIDEController)
	}
	d, err := b.devices.CreateCdrom(ide)
	if err != nil {
		return err
	}
	if len(item.HostResource) > 0 && strings.Contains(item.HostResource[0], "/file/") && b.ds != nil {
		f := b.reference(last(item.HostResource[0]))
		if f == nil {
			return fmt.Errorf("it names the file %q, which is not in the References", item.HostResource[0])
		}
		image := object.DatastorePath{Datastore: b.ds.Name, Path: fmt.Sprintf("%s/_deviceImage-%d.iso", vm, b.images)}
		b.devices.InsertIso(d, image.String())
		b.upload(*f, fmt.Sprintf("/%s/cdrom-%d", path, b.images), int32(*item.ResourceType), true)
		b.images++
	}
	b.devices = append(b.devices, d)
	return nil
}

func (b *builder) disk(item ovf.ResourceAllocationSettingData, vm, path string) error {
	parent, ok := b.parents[str(item.Parent)].(types.BaseVirtualController)
	if !ok {
		return fmt.Errorf("its controller %q is missing or not supported", str(item.Parent))
	}
	if len(item.HostResource) == 0 || b.env.Disk == nil {
		return fmt.Errorf("it names no disk")
	}
	i := slices.IndexFunc(b.env.Disk.Disks, func(d ovf.VirtualDiskDesc) bool { return d.DiskID == last(item.HostResource[0]) })
	if i < 0 {
		return fmt.Errorf("it names the disk %q, which is not in the DiskSection", item.HostResource[0])
	}
	desc := b.env.Disk.Disks[i]
	capacity, err := strconv.ParseUint(strings.TrimSpace(desc.Capacity), 10, 64)
	if err != nil {
		return fmt.Errorf("its capacity %q is not a number", desc.Capacity)
	}
	var ds types.ManagedObjectReference
	file := object.DatastorePath{Path: fmt.Sprintf("%s/disk-%d.vmdk", vm, b.disks)}
	if b.ds != nil {
		ds, file.Datastore = b.ds.Self, b.ds.Name
	}
	d := b.devices.CreateDisk(parent, ds, file.String())
	thin := !slices.Contains([]string{"thick", "eagerZeroedThick", "flat", "monolithicFlat"}, b.params.DiskProvisioning)
	backing := d.Backing.(*types.VirtualDiskFlatVer2BackingInfo)
	backing.ThinProvisioned = &thin
	backing.EagerlyScrub = types.NewBool(b.params.DiskProvisioning == "eagerZeroedThick")
	d.DeviceInfo = &types.Description{Label: item.ElementName}
	d.CapacityInKB = int64(units(capacity, str(desc.CapacityAllocationUnits)) >> 10)
	d.CapacityInBytes = d.CapacityInKB << 10
	if ref := str(desc.FileRef); ref != "" {
		f := b.reference(ref)
		if f == nil {
			return fmt.Errorf("its file %q is not in the References", ref)
		}
		b.upload(*f, fmt.Sprintf("/%s/disk-%d", path, b.disks), int32(ovf.DiskDrive), false)
	}
	b.disks++
	b.devices = append(b.devices, d)
	return nil
}

func (b *builder) upload(f ovf.File, device string, kind int32, create bool) {
	item := types.OvfFileItem{DeviceId: device, Path: f.Href, CompressionMethod: str(f.Compression), Size: int64(f.Size), CimType: kind, Create: create}
	if f.ChunkSize != nil {
		item.ChunkSize = int64(*f.ChunkSize)
	}
	b.items = append(b.items, item)
}
