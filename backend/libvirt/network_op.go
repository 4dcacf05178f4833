package libvirt

import "hvdeck/backend"

// networkWork is what is done to networks and host interfaces (W1, W2).
func (c *client) networkWork(op backend.Op) work { return nil }

func networkVerbs() []backend.Verb { return nil }
