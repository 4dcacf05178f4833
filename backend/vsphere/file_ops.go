package vsphere

import "hvdeck/backend"

// Operations on files of datastores.

func fileVerbs() []backend.Verb { return nil }

func (a *action) fileWork(backend.Op) work { return nil }
