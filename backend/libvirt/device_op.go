package libvirt

import "hvdeck/backend"

// deviceWork attaches and detaches devices and changes media.
func (c *client) deviceWork(op backend.Op) work { return nil }
