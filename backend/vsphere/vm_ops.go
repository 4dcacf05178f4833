package vsphere

import "hvdeck/backend"

// Operations on what VMs are: clone, rename, vCPUs and memory, unregister and delete.

func lifeVerbs() []backend.Verb { return nil }

func (a *action) lifeWork(backend.Op) work { return nil }
