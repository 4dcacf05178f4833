package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

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

// What nobody knows of is shown first of what ends at once, and over the failure of another:
// it has to be looked into.
func TestTheUnknownIsNotHiddenByAFailure(t *testing.T) {
	m := bare(t)
	now := m.now()
	failed := task.Task{Title: "suspend", TargetName: "web-1", State: backend.TaskFailed, Err: "not started", Queued: now}
	unknown := task.Task{Title: "reset", TargetName: "web-1", State: backend.TaskUnknown, Err: "no answer", Note: "look at the console", Queued: now}
	if (failure{task: unknown}).compare(failure{task: failed}) >= 0 {
		t.Error("the failure comes first")
	}
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.showFailure(failed, startMsg{})
	m.showFailure(unknown, startMsg{})
	if text := ansi.Strip(m.view().Content); len(m.overlays) != 2 || !strings.Contains(text, "look at the console") {
		t.Errorf("%d boxes, and the unknown is not in sight:\n%s", len(m.overlays), text)
	}
	m.showFailure(failed, startMsg{})
	if len(m.overlays) != 2 || !strings.Contains(m.note.text, "not started") {
		t.Errorf("%d boxes, the foot says %q", len(m.overlays), m.note.text)
	}
}
