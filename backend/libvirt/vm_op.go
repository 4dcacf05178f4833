package libvirt

import "hvdeck/backend"

// vmWork is the life of a VM (P3, P4).
func (c *client) vmWork(op backend.Op) work { return nil }

func vmVerbs() []backend.Verb { return nil }
