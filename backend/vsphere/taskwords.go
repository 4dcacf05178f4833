package vsphere

import (
	"strings"
	"unicode"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// taskWord knows the ids of TaskInfo.descriptionId in the spellings that servers use, in
// lower case and without the type: what we call them, and what they imply for a VM. A
// vCenter starts and moves VMs of a cluster by tasks of its scheduler ("Drm").
func taskWord(id string) (string, backend.Activity) {
	if words, activity := powerTask(id); words != "" {
		return words, activity
	}
	if words, activity := snapshotTask(id); words != "" {
		return words, activity
	}
	switch id {
	case "relocate", "relocatevm", "migrate", "migratevm", "executevmotionlro", "executestoragevmotionlro":
		return "migrate", backend.ActivityMigrating
	case "clone", "clonevm", "instantclone", "instantclonevm":
		return "clone", backend.ActivityCloning
	default:
		return plainTask(id), backend.ActivityNone
	}
}

func powerTask(id string) (string, backend.Activity) {
	switch id {
	case "poweron", "poweronvm", "executevmpoweronlro":
		return "power on", backend.ActivityPoweringOn
	case "poweroff", "poweroffvm", "terminate":
		return "power off", backend.ActivityPoweringOff
	case "suspend", "suspendvm":
		return "suspend", backend.ActivitySuspending
	case "standbyguest":
		return "standby guest", backend.ActivitySuspending
	case "reset", "resetvm":
		return "reset", backend.ActivityResetting
	case "rebootguest":
		return "reboot guest", backend.ActivityResetting
	case "shutdownguest":
		return "shut down guest", backend.ActivityShuttingDown
	default:
		return "", backend.ActivityNone
	}
}

func snapshotTask(id string) (string, backend.Activity) {
	switch id {
	case "createsnapshot", "createsnapshotex":
		return "create snapshot", backend.ActivitySnapshotting
	case "revertsnapshot", "reverttosnapshot", "reverttocurrentsnapshot", "revert":
		return "revert to snapshot", backend.ActivityReverting
	case "removesnapshot", "remove":
		return "delete snapshot", backend.ActivityDeleting
	case "removeallsnapshots":
		return "delete all snapshots", backend.ActivityDeleting
	case "consolidatedisks", "consolidatevmdisks":
		return "consolidate disks", backend.ActivityDeleting
	default:
		return "", backend.ActivityNone
	}
}

// plainTask names tasks that imply no state; "" for those whose id says it.
func plainTask(id string) string {
	switch id {
	case "reconfigure", "reconfigvm", "reconfigurevm":
		return "reconfigure"
	case "destroy":
		return "delete"
	case "registervm":
		return "register VM"
	case "createvm":
		return "create VM"
	case "exportvm", "exportvmlro":
		return "export VM"
	case "importvapp", "importvapplro":
		return "import OVF"
	case "enterstandbylro":
		return "enter standby"
	case "exitstandbylro":
		return "exit standby"
	case "trackentermaintenancelro":
		return "enter maintenance mode"
	default:
		return ""
	}
}

// taskID is the id of a task without the type of its object, and without the suffix
// that some methods have.
func taskID(info types.TaskInfo) string {
	id := info.DescriptionId
	if i := strings.LastIndexByte(id, '.'); i >= 0 {
		id = id[i+1:]
	}
	return strings.TrimSuffix(id, "_Task")
}

// taskName is what a task does, in words.
func taskName(info types.TaskInfo) string {
	id := taskID(info)
	if words, _ := taskWord(strings.ToLower(id)); words != "" {
		return words
	}
	if info.Description != nil && info.Description.Message != "" {
		return info.Description.Message
	}
	return spaced(orDefault(id, strings.TrimSuffix(info.Name, "_Task")))
}

// implied is the state that a task implies for its VM while it is queued or runs.
func implied(info types.TaskInfo) backend.Activity {
	if info.State != types.TaskInfoStateRunning && info.State != types.TaskInfoStateQueued {
		return backend.ActivityNone
	}
	_, activity := taskWord(strings.ToLower(taskID(info)))
	return activity
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
