package vsphere

import "hvdeck/backend"

// Operations on alarms.

func alarmVerbs() []backend.Verb { return nil }

func (a *action) alarmWork(backend.Op) work { return nil }
