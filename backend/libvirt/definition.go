package libvirt

import "hvdeck/backend"

// definitionWork is DefineOp for every kind (P3, I8).
func (c *client) definitionWork(op backend.Op) work { return nil }

func definitionVerbs() []backend.Verb { return nil }
