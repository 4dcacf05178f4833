package vsphere

import (
	"strings"
	"unicode"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// taskWord knows the ids of TaskInfo.descriptionId in both spellings that servers
// use, in lower case and without the type: what we call them, and what they imply.
func taskWord(id string) (string, backend.Activity) {
	switch id {
	case "poweron":
		return "power on", backend.ActivityPoweringOn
	case "poweroff":
		return "power off", backend.ActivityPoweringOff
	case "suspend":
		return "suspend", backend.ActivitySuspending
	case "standbyguest":
		return "standby guest", backend.ActivitySuspending
	case "reset":
		return "reset", backend.ActivityResetting
	case "rebootguest":
		return "reboot guest", backend.ActivityResetting
	case "shutdownguest":
		return "shut down guest", backend.ActivityShuttingDown
	case "createsnapshot", "createsnapshotex":
		return "create snapshot", backend.ActivitySnapshotting
	case "revertsnapshot", "reverttosnapshot", "reverttocurrentsnapshot":
		return "revert to snapshot", backend.ActivityReverting
	case "removesnapshot", "remove":
		return "delete snapshot", backend.ActivityDeleting
	case "removeallsnapshots":
		return "delete all snapshots", backend.ActivityDeleting
	case "consolidatedisks":
		return "consolidate disks", backend.ActivityDeleting
	case "relocate", "relocatevm", "migrate", "migratevm":
		return "migrate", backend.ActivityMigrating
	case "clone", "clonevm":
		return "clone", backend.ActivityCloning
	case "reconfigure", "reconfigvm", "reconfigurevm":
		return "reconfigure", backend.ActivityNone
	default:
		return "", backend.ActivityNone
	}
}

// taskName is what a task does, in words.
func taskName(info types.TaskInfo) string {
	id := info.DescriptionId
	if i := strings.LastIndexByte(id, '.'); i >= 0 {
		id = id[i+1:]
	}
	id = strings.TrimSuffix(id, "_Task")
	if words, _ := taskWord(strings.ToLower(id)); words != "" {
		return words
	}
	if info.Description != nil && info.Description.Message != "" {
		return info.Description.Message
	}
	return spaced(orDefault(id, strings.TrimSuffix(info.Name, "_Task")))
}

// activityNamed finds the activity by the words of taskName.
func activityNamed(name string) backend.Activity {
	for _, id := range []string{
		"poweron", "poweroff", "suspend", "standbyguest", "reset", "rebootguest", "shutdownguest", "createsnapshot",
		"reverttosnapshot", "removesnapshot", "removeallsnapshots", "consolidatedisks", "migrate", "clone",
	} {
		if words, a := taskWord(id); words == name {
			return a
		}
	}
	return backend.ActivityNone
}

// spaced turns "createFolder" into "create folder".
func spaced(id string) string {
	var b strings.Builder
	for i, r := range id {
		if unicode.IsUpper(r) {
			if i > 0 {
				b.WriteByte(' ')
			}
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return b.String()
}
