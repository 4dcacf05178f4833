package libvirt

import "hvdeck/backend"

// storageWork is what is done to pools and volumes (G2, G4, G5).
func (c *client) storageWork(op backend.Op) work { return nil }

func storageVerbs() []backend.Verb { return nil }
