package libvirt

import "hvdeck/backend"

// nodeWork is what is done to the host (N4, N6).
func (c *client) nodeWork(op backend.Op) work { return nil }

func nodeVerbs() []backend.Verb { return nil }
