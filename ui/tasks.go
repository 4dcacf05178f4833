package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/pane"
	"hvdeck/ui/spark"
	"hvdeck/ui/table"
)

// lately is how long an ended task stays in the task line.
const lately = 8 * time.Second

// tasksList is the pane of tasks, and what runs now.
type tasksList struct {
	*pane.List[task.Task, task.ID]
	all  []task.Task
	busy map[backend.Ref]string // what own tasks do to objects
}

func newTasksList(m *Model) *tasksList {
	l := &tasksList{busy: map[backend.Ref]string{}}
	col := func(key, title string, lo, hi, priority int, cell func(task.Task) table.Cell) table.Column[task.Task] {
		return table.Column[task.Task]{Key: key, Title: title, Min: lo, Max: hi, Priority: priority, Cell: cell}
	}
	plain := func(f func(task.Task) string, tok theme.Token) func(task.Task) table.Cell {
		return func(t task.Task) table.Cell { return table.Cell{Text: f(t), Tok: tok} }
	}
	what := col("what", "TASK", 26, 70, 0, plain(taskWords, theme.Text))
	what.Flex = 2
	cols := []table.Column[task.Task]{
		col("glyph", "", 1, 1, 0, m.taskGlyph), what,
		col("state", "STATE", 4, 10, 1, m.taskState),
		col("progress", "", 4, 4, 3, plain(taskProgress, theme.Spark)),
		col("elapsed", "TIME", 4, 7, 2, plain(func(t task.Task) string { return elapsed(t.Elapsed(m.env.Now)) }, theme.Muted)),
		col("conn", "CONN", 4, 12, 4, plain(func(t task.Task) string { return t.ConnName }, theme.Muted)),
		col("user", "USER", 4, 20, 5, plain(taskUser, theme.Muted)),
		col("error", "MESSAGE", 7, 80, 6, taskMessageCell),
	}
	l.List = pane.NewList(m.env, cols, func(t task.Task) task.ID { return t.ID }, func() []task.Task { l.take(m.tasks); return l.runningFirst() },
		func(t task.Task) string { return taskWords(t) + " " + t.State.String() + " " + t.User + " " + t.Err }, store.TopicTasks)
	return l
}

// take fetches the tasks when they have changed.
func (l *tasksList) take(r *task.Runner) {
	l.all = r.List()
	clear(l.busy)
	for i := range l.all {
		if t := &l.all[i]; t.Own && !t.Done() {
			l.busy[t.Target] = busyWord(*t)
		}
	}
}

// onlyRunning is the one own task that runs; false when there are none or several.
func (l *tasksList) onlyRunning() (found task.Task, ok bool) {
	for _, t := range l.all {
		if !t.Own || t.Done() {
			continue
		}
		if ok {
			return task.Task{}, false
		}
		found, ok = t, true
	}
	return found, ok
}

// runningFirst puts what is not done on top, each part the newest first.
func (l *tasksList) runningFirst() []task.Task {
	out := make([]task.Task, 0, len(l.all))
	for _, done := range []bool{false, true} {
		for _, t := range l.all {
			if t.Done() == done {
				out = append(out, t)
			}
		}
	}
	return out
}

func taskWords(t task.Task) string { return t.Title + " " + t.TargetName }

func taskUser(t task.Task) string {
	if t.Own {
		return "you"
	}
	return t.User
}

func taskMessageCell(t task.Task) table.Cell {
	tok := theme.Muted
	if t.Err != "" {
		tok = theme.StateBad
	}
	return table.Cell{Text: taskMessage(t), Tok: tok}
}

func taskMessage(t task.Task) string { return strings.ReplaceAll(joinNote(t), "\n", " ") }

func joinNote(t task.Task) string {
	switch {
	case t.Err != "":
		return t.Err
	case t.Note != "":
		return t.Note
	case t.Done():
		return t.Result.Text
	default:
		return transferWords(t)
	}
}

func taskProgress(t task.Task) string {
	if t.State != backend.TaskRunning || t.Progress < 0 {
		return ""
	}
	return fmt.Sprintf("%d%%", t.Progress)
}

func (m *Model) taskLook(t task.Task) (string, theme.Token) {
	g := m.env.Theme.Glyphs
	switch t.State {
	case backend.TaskQueued:
		return g.Waiting, theme.Muted
	case backend.TaskRunning:
		return g.Busy, theme.StateBusy
	case backend.TaskSuccess:
		return g.Done, theme.StateOK
	case backend.TaskFailed:
		return g.Failed, theme.StateBad
	case backend.TaskUnknown:
		return g.Unknown, theme.StateWarn
	default:
		return g.Off, theme.Muted
	}
}

func (m *Model) taskGlyph(t task.Task) table.Cell {
	sign, tok := m.taskLook(t)
	return table.Cell{Text: sign, Tok: tok}
}

func (m *Model) taskState(t task.Task) table.Cell {
	_, tok := m.taskLook(t)
	return table.Cell{Text: taskStateWord(t), Tok: tok}
}

func taskStateWord(t task.Task) string {
	switch {
	case t.Skipped:
		return "skipped"
	case t.CancelAsked && !t.Done():
		return "cancelling"
	case t.Checking:
		return "checking"
	default:
		return t.State.String()
	}
}

// taskLine is the line above the keys: what runs, and what has just ended.
func (m *Model) taskLine(w int) string {
	th := m.env.Theme
	b := line.New(th, theme.Plain, w)
	b.Gap(1)
	shown := 0
	for _, t := range m.recentTasks() {
		if b.Left() < 24 {
			b.Add(theme.Muted, fmt.Sprintf("+%d", len(m.recentTasks())-shown))
			break
		}
		sign, tok := m.taskLook(t)
		b.Add(tok, sign+" ").AddMax(theme.Text, taskWords(t), min(40, b.Left()-12)).Gap(1)
		if t.State == backend.TaskRunning && t.Progress >= 0 {
			b.Add(theme.Spark, spark.Bar(&th.Glyphs, float64(t.Progress)/100, 6)).Gap(1).Add(theme.Text, taskProgress(t)+" ")
		}
		b.Add(theme.Muted, m.taskTail(t)).Gap(3)
		shown++
	}
	return b.Gap(b.Left()).String()
}

func (m *Model) taskTail(t task.Task) string {
	switch {
	case t.Checking:
		return t.Note
	case t.State == backend.TaskFailed, t.State == backend.TaskCancelled && t.Err != "":
		_, why, found := strings.Cut(t.Err, ": ") // what and on which object stand before
		if !found {
			why = t.Err
		}
		return strings.ReplaceAll(why, "\n", " ")
	case t.Done() && joinNote(t) != "":
		return strings.ReplaceAll(joinNote(t), "\n", " ")
	case transferWords(t) != "":
		return transferWords(t)
	case t.State == backend.TaskQueued:
		return "queued"
	default:
		return elapsed(t.Elapsed(m.env.Now))
	}
}

// recentTasks are own tasks that run or ended lately, and foreign ones that run.
func (m *Model) recentTasks() []task.Task {
	var out []task.Task
	for _, t := range m.tasksList.all {
		if !t.Done() || (t.Own && m.env.Now.Sub(t.Ended) < lately) {
			out = append(out, t)
		}
		if len(out) == 12 {
			break
		}
	}
	return out
}

// ownActive is how many tasks of this console have not ended; those of others go on
// without it.
func (m *Model) ownActive() int {
	n := 0
	for _, t := range m.tasks.List() {
		if t.Own && !t.Done() {
			n++
		}
	}
	return n
}

func (m *Model) tasksEndedLately() bool {
	for _, t := range m.tasksList.all {
		if t.Own && t.Done() && m.now().Sub(t.Ended) < lately {
			return true
		}
	}
	return false
}

// tellEnded shows the server's whole message when a task failed that was started
// alone; those of a batch are in the list.
func (m *Model) tellEnded() {
	m.tasksList.take(m.tasks)
	m.tellBatches()
	m.tellDefined()
	m.tellImported()
	for _, f := range m.failures() {
		m.showFailure(f.task, f.startMsg)
	}
}

// tellBatches sums up what was done to many objects at once, when all has ended.
func (m *Model) tellBatches() {
	for id, what := range m.batches {
		b, ok := m.tasks.Batch(id)
		if ok && !b.Done() {
			continue
		}
		delete(m.batches, id)
		tok := theme.StateOK
		if b.Failed+b.Unknown > 0 {
			tok = theme.StateBad
		}
		m.say(tok, what+": "+b.Summary()+"; 6 lists them")
	}
}

// showTask shows everything about the task under the cursor.
func (m *Model) showTask() {
	t, ok := m.tasksList.Cursor()
	if !ok {
		return
	}
	lines := []string{
		"Object:   " + t.TargetName + " on " + t.ConnName,
		"State:    " + taskStateWord(t),
		"Started:  " + orDash(kind.When(t.Started)) + " by " + orDash(taskUser(t)),
		"Took:     " + elapsed(t.Elapsed(m.env.Now)),
	}
	if more := strings.TrimSpace(failureText(t)); more != "" {
		lines = append(lines, "", more)
	}
	m.message(t.Title, strings.Join(lines, "\n"), theme.Focus)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// waitForTask tells when a task gets to a state, or that it did not in time,
// wherever the operator is then (T2).
func (m *Model) waitForTask() {
	t, ok := m.tasksList.Cursor()
	if !ok || t.Done() {
		m.say(theme.StateWarn, "no task that runs is under the cursor")
		return
	}
	m.ask("Wait for: "+taskWords(t), []form.Field{
		{Key: "state", Label: "Until it", Kind: form.Choice, Choices: []form.Option{{Value: "ended", Label: "has ended"}, {Value: "running", Label: "runs"}}},
		{Key: "minutes", Label: "At most, minutes", Kind: form.Number, Default: "30", Min: 1, Max: 24 * 60},
	}, func(v form.Values) tea.Cmd {
		states := []backend.TaskState{backend.TaskSuccess, backend.TaskFailed, backend.TaskCancelled, backend.TaskUnknown}
		if v["state"] == "running" {
			states = append(states, backend.TaskRunning)
		}
		return m.await(t, time.Duration(v.Int("minutes"))*time.Minute, states)
	})
}

func (m *Model) await(t task.Task, most time.Duration, states []backend.TaskState) tea.Cmd {
	tasks, fault := m.tasks, m.o.Fault
	return func() (msg tea.Msg) {
		defer guard.Recover("wait for task", func(err error) { fault(err); msg = FaultMsg{err} })
		ctx, cancel := context.WithTimeout(context.Background(), most)
		defer cancel()
		now, err := tasks.Wait(ctx, t.ID, states...)
		if err != nil {
			return noteMsg{theme.StateWarn, fmt.Sprintf("%s: still %s after %s", taskWords(t), now.State, most)}
		}
		return waitedMsg{now}
	}
}

// waitedMsg says that a task got to the state it was waited for.
type waitedMsg struct{ task task.Task }

func (m *Model) tellWaited(t task.Task) {
	words := taskWords(t) + " on " + t.ConnName + ": " + taskStateWord(t)
	if more := strings.TrimSpace(failureText(t)); more != "" {
		words += "\n\n" + more
	}
	m.messageUnasked("Waited for", words, theme.Focus)
}
