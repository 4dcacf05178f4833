package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/task"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// failure is a task that did not end well, and how it was started.
type failure struct {
	startMsg
	task task.Task
}

// failures takes those of the started tasks that have ended since, in the order in which
// they were given, but first those of which nobody knows: they have to be looked into.
func (m *Model) failures() []failure {
	var out []failure
	for id, s := range m.started {
		t, ok := m.tasks.Get(id)
		if ok && !t.Done() {
			continue
		}
		delete(m.started, id)
		if ok && (t.State == backend.TaskFailed || t.State == backend.TaskUnknown) {
			out = append(out, failure{s, t})
		}
	}
	slices.SortFunc(out, failure.compare)
	return out
}

func (f failure) compare(with failure) int {
	known := func(t task.Task) int {
		if t.State == backend.TaskUnknown {
			return 0
		}
		return 1
	}
	return cmp.Or(known(f.task)-known(with.task), f.task.Queued.Compare(with.task.Queued))
}

// awaited is how long an operator who presses keys may still be looking what comes of a task.
const awaited = 2 * time.Second

// hasGoneOn reports whether keys were pressed since a task began that are not about it.
func (m *Model) hasGoneOn(t task.Task) bool { return m.keyed.After(t.Queued.Add(awaited)) }

// showFailure shows the server's words; where a form was filled in, enter leads back
// to it as it was. An operator who has gone on to something else is told in the foot: a box
// would take the keys that are meant for that. What nobody knows goes over another's failure.
func (m *Model) showFailure(t task.Task, s startMsg) {
	free := m.idle() || t.State == backend.TaskUnknown && m.onlyFailures()
	if !free || m.hasGoneOn(t) { // the keys are meant for something else
		first, _, _ := strings.Cut(failureText(t), "\n")
		m.say(theme.StateBad, fmt.Sprintf("%s %s: %s; %s shows it", t.Title, t.TargetName, first, m.keyFor("pane.6")))
		return
	}
	text := failureText(t)
	again := s.action.Form != nil && t.State == backend.TaskFailed
	if again {
		text += "\n\nenter goes back to the form"
	}
	box := overlay.NewMessage(fmt.Sprintf("%s %s on %s: %s", t.Title, t.TargetName, t.ConnName, t.State), text).Async()
	box.Tok = theme.StateBad
	m.overlays = append(m.overlays, overlayEntry{box: box, failure: true, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		if box.Update(k) == overlay.Open {
			return false, nil
		}
		if again && k.String() == "enter" {
			m.askForm(s.action, s.sel, s.args)
		}
		return true, nil
	}})
}

// onlyFailures reports whether nothing but failures is open.
func (m *Model) onlyFailures() bool {
	return len(m.overlays) > 0 && !slices.ContainsFunc(m.overlays, func(o overlayEntry) bool { return !o.failure })
}

func failureText(t task.Task) string {
	text := t.Err
	if t.Result.Text != "" {
		text += "\n\n" + t.Result.Text
	}
	if t.Note != "" {
		text += "\n\n" + t.Note
	}
	if t.Remedy != "" {
		text += "\n\nWhat to do: " + t.Remedy
	}
	return text
}
