package vsphere

import "hvdeck/backend"

// Operations on where VMs are: moves, registration.

func placeVerbs() []backend.Verb { return nil }

func (a *action) placeWork(backend.Op) work { return nil }
