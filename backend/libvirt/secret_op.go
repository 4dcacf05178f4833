package libvirt

import "hvdeck/backend"

// secretWork is what is done to secrets (W3).
func (c *client) secretWork(op backend.Op) work { return nil }

func secretVerbs() []backend.Verb { return nil }
