package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/task"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// askCancel asks for the cancel of the task under the cursor.
func (m *Model) askCancel() {
	t, ok := m.tasksList.Cursor()
	if !ok || t.Done() {
		t, ok = m.tasksList.onlyRunning()
	}
	if !ok {
		m.say(theme.StateWarn, "no task that runs is under the cursor")
		return
	}
	if !t.Own {
		m.askCancelForeign(t)
		return
	}
	if t.Batch != 0 {
		m.askCancelBatch(t)
		return
	}
	m.confirmCancel(t)
}

// askCancelBatch offers the one task or all that were started with it.
func (m *Model) askCancelBatch(t task.Task) {
	items := []overlay.MenuItem{{Key: "1", Title: "Cancel this task: " + taskWords(t)}, {Key: "a", Title: "Cancel all that were started with it"}}
	m.menuOf("Cancel", items, func(i int) tea.Cmd {
		if i == 0 {
			m.confirmCancel(t)
			return nil
		}
		q := overlay.Question{Title: "Stop every task of this batch?", Verb: "Stop them", Level: overlay.Disruptive}
		m.confirm(q, func() tea.Cmd { m.tasks.CancelBatch(t.Batch); return nil })
		return nil
	})
}

func (m *Model) confirmCancel(t task.Task) {
	q := overlay.Question{
		Title: "Stop the task: " + taskWords(t) + "?", Verb: "Stop it", Level: overlay.Disruptive,
		Targets: []overlay.Target{{Name: t.TargetName, Conn: t.ConnName, Note: taskStateWord(t)}},
	}
	m.confirm(q, func() tea.Cmd {
		if err := m.tasks.Cancel(t.ID); err != nil {
			m.say(theme.StateBad, err.Error())
		}
		return nil
	})
}

// askCancelForeign asks twice as clearly: the work is somebody else's.
func (m *Model) askCancelForeign(t task.Task) {
	if why := m.whyNoCancel(t); why != "" {
		m.say(theme.StateWarn, "cancel: "+why)
		return
	}
	m.confirm(overlay.Question{
		Title: "Stop the task: " + taskWords(t) + "?", Verb: "Stop it", Level: overlay.Disruptive,
		Loses:   []string{"It was not started here, but by " + orWords(t.User, "somebody else") + "."},
		Targets: []overlay.Target{{Name: t.TargetName, Conn: t.ConnName, Note: taskStateWord(t)}},
	}, func() tea.Cmd { return m.cancelForeign(t) })
}

func (m *Model) whyNoCancel(t task.Task) string {
	if why := m.capsNow(t.Conn).Why(backend.VerbTaskCancel); why != "" {
		return "it was started by " + orWords(t.User, "somebody else") + "; " + why
	}
	if !t.Cancellable {
		return "the server does not cancel this task"
	}
	return ""
}

func (m *Model) cancelForeign(t task.Task) tea.Cmd {
	asked := m.here()
	return direct(m, "cancel task", t.Conn, func(ctx context.Context, b backend.Backend) (struct{}, error) {
		c, ok := backend.As[backend.TaskCanceller](b)
		if !ok {
			return struct{}{}, backend.Refuse(backend.ClassUnsupported, "cancel task", t.Title, "not supported by this connection")
		}
		return struct{}{}, c.CancelTask(ctx, t.RemoteKey)
	}, func(_ struct{}, err error) tea.Cmd {
		if err != nil {
			m.messageArrived(asked, "Cancel "+taskWords(t), errorWords(err))
			return nil
		}
		m.say(theme.StateBusy, "the server was asked to cancel: "+taskWords(t))
		return nil
	})
}

func orWords(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
