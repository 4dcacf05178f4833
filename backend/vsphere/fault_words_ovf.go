package vsphere

import (
	"fmt"

	"github.com/vmware/govmomi/vim25/types"
)

// ovfWords are of faults about an OVF as a whole.
func ovfWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.OvfUnsupportedType:
		return fmt.Sprintf("the server has no such hardware: %s (item %s, resource type %d)", orDefault(f.Name, "unnamed"), f.InstanceId, f.DeviceType)
	case *types.OvfMissingHardware:
		return fmt.Sprintf("the hardware of %s is missing (resource type %d)", orDefault(f.Name, "a system"), f.ResourceType)
	case *types.OvfNoHostNic:
		return "the host has no network for it"
	case *types.OvfNetworkMappingNotSupported:
		return "the host does not map networks"
	case *types.OvfUnsupportedDiskProvisioning:
		return with(fmt.Sprintf("disks can't be provisioned as %q", f.DiskProvisioning), f.SupportedDiskProvisioning)
	case *types.OvfHostValueNotParsed:
		return fmt.Sprintf("the server can't read its own value %q of %s", f.Value, f.Property)
	case *types.OvfDiskMappingNotFound:
		return fmt.Sprintf("the disk %s of %s has no counterpart", f.DiskName, f.VmName)
	case *types.OvfExportFailed:
		return "the export failed"
	case *types.OvfImportFailed:
		return "the import failed"
	default:
		return ""
	}
}

// ovfPartWords are of faults about a part of a descriptor, with its line.
func ovfPartWords(f types.BaseMethodFault) string {
	switch f := f.(type) {
	case *types.OvfMissingElement:
		return at("the element "+f.Name+" is missing", f.LineNumber)
	case *types.OvfUnexpectedElement:
		return at("the element "+f.Name+" is not expected", f.LineNumber)
	case *types.OvfMissingAttribute:
		return at("the attribute "+f.AttributeName+" of "+f.ElementName+" is missing", f.LineNumber)
	case *types.OvfInvalidValue:
		return at(fmt.Sprintf("%s of %s has the invalid value %q", f.AttributeName, f.ElementName, f.Value), f.LineNumber)
	case *types.OvfUnsupportedSection:
		return at(with("the section "+f.Name+" is not supported", f.Info), f.LineNumber)
	case *types.OvfUnsupportedElement:
		return at("the element "+f.Name+" is not supported", f.LineNumber)
	case *types.OvfUnsupportedAttribute:
		return at("the attribute "+f.AttributeName+" of "+f.ElementName+" is not supported", f.LineNumber)
	case *types.OvfProperty:
		return at(fmt.Sprintf("the value %q is no %s", f.Value, f.Type), f.LineNumber)
	case *types.OvfAttribute:
		return at("the attribute "+f.AttributeName+" of "+f.ElementName+" is wrong", f.LineNumber)
	case *types.OvfElement:
		return at("the element "+f.Name+" is wrong", f.LineNumber)
	case *types.OvfUnsupportedPackage:
		return at("the server does not support the package", f.LineNumber)
	case *types.OvfInvalidPackage:
		return at("the package is invalid", f.LineNumber)
	default:
		return ""
	}
}

// at adds the line of a descriptor, where one is told.
func at(words string, line int32) string {
	if line <= 0 {
		return words
	}
	return fmt.Sprintf("%s (line %d)", words, line)
}
