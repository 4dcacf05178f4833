package vsphere

import "hvdeck/backend"

// Operations on hosts: maintenance mode, their link to vCenter.

func hostVerbs() []backend.Verb { return nil }

func (a *action) hostWork(backend.Op) work { return nil }
