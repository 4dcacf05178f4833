package vsphere

import "hvdeck/backend"

// Operations on OVF import and export.

func ovfVerbs() []backend.Verb { return nil }

func (a *action) ovfWork(backend.Op) work { return nil }
