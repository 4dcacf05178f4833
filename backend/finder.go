package backend

import "context"

// FindBy is how an object is looked for.
type FindBy uint8

// The ways to look for a VM. A path is of the .vmx file, "[datastore] folder/vm.vmx"; an
// inventory path "/datacenter/vm/folder/name".
const (
	FindByName FindBy = iota
	FindByPath
	FindByInventory
	FindByUUID // BIOS or instance
	FindByIP
	FindByDNS
)

// Finder is implemented by backends that look VMs up at the server. Sources:
// SearchIndex.FindByDatastorePath, FindByInventoryPath, FindByUuid, FindByIp,
// FindByDnsName.
type Finder interface {
	// Find gives the VMs that match; none is no error. With a datacenter's name only
	// those in it.
	Find(ctx context.Context, by FindBy, text, datacenter string) ([]Ref, error)
}
