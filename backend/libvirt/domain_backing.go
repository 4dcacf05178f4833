package libvirt

import (
	"context"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// maxChain bounds a backing chain; a broken one may go round in circles.
const maxChain = 200

// addBacking fills in the chains below disks. A running VM's XML has them; for others
// the volumes of the active pools tell. Sources: virDomainGetXMLDesc,
// virStorageVolGetXMLDesc.
func (c *client) addBacking(ctx context.Context, x *libvirtxml.Domain, vm *backend.VMDetail) {
	for i, d := range disksOf(x) {
		if i >= len(vm.Disks) || d.BackingStore != nil || d.Device == "cdrom" || d.Device == "floppy" {
			continue
		}
		path, err := c.sourcePath(ctx, d.Source)
		if err != nil {
			return
		}
		vm.Disks[i].Backing = c.chainBelow(ctx, path)
	}
}

// chainBelow are the files below one, nearest first, as far as pools know them.
func (c *client) chainBelow(ctx context.Context, path string) []string {
	var chain []string
	for path != "" && len(chain) < maxChain {
		v, err := c.volumeAt(ctx, path)
		if err != nil {
			return chain
		}
		x, err := c.volumeXML(ctx, v)
		if err != nil || x.BackingStore == nil {
			return chain
		}
		if path = x.BackingStore.Path; path != "" {
			chain = append(chain, path)
		}
	}
	return chain
}
