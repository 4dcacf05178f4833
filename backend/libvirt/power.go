package libvirt

import (
	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// power translates a domain's state and reason (I5). Sources: virDomainState and
// virDomain*Reason; reasons that say nothing new are empty.
func power(state, reason int64) (backend.PowerState, string) {
	switch libvirt.DomainState(state) { //nolint:gosec // an enum
	case libvirt.DomainRunning:
		return backend.PowerOn, word(reason, "", "", "migrated", "restored", "from snapshot", "unpaused",
			"migration cancelled", "save cancelled", "woken up", "crashed", "post-copy migration", "post-copy migration failed")
	case libvirt.DomainBlocked:
		return backend.PowerIdle, ""
	case libvirt.DomainPaused:
		return backend.PowerPaused, word(reason, "", "", "migrating", "saving", "dumping core", "I/O error",
			"watchdog", "from snapshot", "shutting down", "snapshotting", "crashed", "starting up",
			"post-copy migration", "post-copy migration failed", "API error")
	case libvirt.DomainShutdown:
		return backend.PowerShuttingDown, word(reason, "", "by operator")
	case libvirt.DomainShutoff:
		return backend.PowerOff, word(reason, "", "shut down", "destroyed", "crashed", "migrated", "saved",
			"failed", "from snapshot", "daemon")
	case libvirt.DomainCrashed:
		return backend.PowerCrashed, word(reason, "", "panicked")
	case libvirt.DomainPmsuspended:
		return backend.PowerSuspended, ""
	default:
		return backend.PowerUnknown, ""
	}
}

func word(i int64, words ...string) string {
	if i < 0 || i >= int64(len(words)) {
		return ""
	}
	return words[i]
}
