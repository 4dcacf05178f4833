package ui

import (
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/task"
)

// A failure that comes late takes no keys from an operator who has gone on.
func TestALateFailureTakesNoKeys(t *testing.T) {
	m := bare(t)
	failed := task.Task{Title: "power on", TargetName: "web-1", State: backend.TaskFailed, Err: "no room", Queued: m.now()}
	m.keyed = failed.Queued.Add(awaited + time.Second)
	m.showFailure(failed, startMsg{})
	if len(m.overlays) > 0 || !strings.Contains(m.note.text, "no room") {
		t.Errorf("%d boxes, the foot says %q", len(m.overlays), m.note.text)
	}
	m.keyed = failed.Queued.Add(time.Second) // the key that answered the question
	m.showFailure(failed, startMsg{})
	if len(m.overlays) != 1 {
		t.Errorf("%d boxes for who waits", len(m.overlays))
	}
}
