package ui

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/task"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// act leads an action on objects from the key to the task: what fits, the form, the
// question, the start. It acts on the objects that were selected when it began.
func (m *Model) act(a keymap.Action) tea.Cmd { return m.actOn(a, m.selection()) }

func (m *Model) actOn(a keymap.Action, s keymap.Selection) tea.Cmd {
	if why := a.WhyNone(s); why != "" {
		m.say(theme.StateWarn, commandName(a)+": "+why)
		return nil
	}
	if a.Resolve != nil {
		s = a.Resolve(s)
	}
	if a.Form == nil {
		return m.ascertain(a, s, nil)
	}
	if a.Detailed && len(s.Objects) == 1 {
		return m.askDetailed(a, s)
	}
	return m.askForm(a, s, nil)
}

// ascertain asks where the risk wants it, then starts.
func (m *Model) ascertain(a keymap.Action, s keymap.Selection, args keymap.Args) tea.Cmd {
	fit, skipped := a.Fits(s)
	if len(fit) == 0 {
		m.say(theme.StateWarn, commandName(a)+": nothing fits any more")
		return nil
	}
	begin := func() tea.Cmd { return func() tea.Msg { return startMsg{a, s, fit, skipped, args} } }
	if a.Checked {
		return m.check(startMsg{a, s, fit, skipped, args})
	}
	if a.RiskWith(s, args) == keymap.Safe && len(skipped) == 0 {
		return begin()
	}
	m.confirm(m.question(a, s, fit, skipped, args), begin)
	return nil
}

// question names every target in full, what is skipped and why, and what is lost.
func (m *Model) question(a keymap.Action, s keymap.Selection, fit []backend.Object, skipped []keymap.Skip, args keymap.Args) overlay.Question {
	title := strings.TrimSuffix(a.Title, "…")
	q := overlay.Question{Title: fmt.Sprintf("%s: %s?", title, m.targetWords(fit)), Verb: verbOf(title), Level: overlay.Disruptive}
	if a.RiskWith(s, args) == keymap.Irreversible {
		q.Level, q.Expect = overlay.Irreversible, expected(fit)
	}
	sel := s
	sel.Objects = fit
	if a.Does != nil {
		q.Does = a.Does(sel, args)
	}
	if a.Loses != nil {
		q.Loses = a.Loses(sel, args)
	}
	for _, o := range fit {
		q.Targets = append(q.Targets, m.target(o, m.stateOf(o)))
	}
	for _, sk := range skipped {
		t := m.target(sk.Object, "skipped: "+sk.Why)
		t.Skip = true
		q.Targets = append(q.Targets, t)
	}
	return q
}

// verbOf is the button: the words before the comma or colon.
func verbOf(title string) string {
	if i := strings.IndexAny(title, ",:"); i > 0 {
		return title[:i]
	}
	return title
}

// expected is what has to be typed: the name of one, the number of several.
func expected(fit []backend.Object) string {
	if len(fit) == 1 {
		return fit[0].Title()
	}
	return fmt.Sprint(len(fit))
}

func (m *Model) target(o backend.Object, note string) overlay.Target {
	return overlay.Target{Name: m.fullName(o), Conn: string(o.Ref().Conn), Note: note}
}

// fullName is a snapshot with its VM and path, a volume with its pool, a file with its
// datastore and folder, else the name.
func (m *Model) fullName(o backend.Object) string {
	if file, ok := o.(*backend.Volume); ok && m.env.Conn(file.ID.Conn).Caps.Files {
		return file.Path
	}
	if pool := m.store.Object(o.Owner()); pool != nil && o.Ref().Kind == backend.KindVolume {
		return pool.Title() + "/" + o.Title()
	}
	snap, ok := o.(*backend.Snapshot)
	if !ok {
		return o.Title()
	}
	if vm := m.store.Object(snap.Parent); vm != nil {
		return vm.Title() + " " + snap.Path
	}
	return snap.Path
}

func (m *Model) stateOf(o backend.Object) string {
	if vm, ok := o.(*backend.VM); ok {
		return vm.State.String()
	}
	return ""
}

func (m *Model) targetWords(objects []backend.Object) string {
	if len(objects) == 1 {
		name := m.fullName(objects[0])
		if m.env.Several() {
			name += " on " + string(objects[0].Ref().Conn)
		}
		return name
	}
	k := objects[0].Ref().Kind.String()
	return fmt.Sprintf("%d %ss", len(objects), k)
}

// startMsg starts an action that was asked about and confirmed.
type startMsg struct {
	action  keymap.Action
	sel     keymap.Selection
	fit     []backend.Object
	skipped []keymap.Skip
	args    keymap.Args
}

// start checks once more, on the newest state, and starts a task for each object.
func (m *Model) start(s startMsg) tea.Cmd {
	requests := make([]task.Request, 0, len(s.fit))
	gone := len(s.skipped)
	for _, o := range s.fit {
		now := m.store.Object(o.Ref())
		if now == nil {
			gone++
			continue
		}
		if s.action.Why(s.sel, now) != "" {
			gone++
			continue
		}
		op := s.action.Make(now, s.sel, s.args)
		requests = append(requests, task.Request{Op: op, Target: task.Target{Name: m.fullName(now), ConnName: string(now.Ref().Conn)}})
	}
	if len(requests) == 0 {
		m.say(theme.StateWarn, commandName(s.action)+": the selection has changed, nothing was done")
		return nil
	}
	if s.args.On("safety") {
		return m.startSafely(s, requests)
	}
	s.action = s.action.Holding(backend.Hidden{}) // only the operations have it from now on
	m.follow()
	if len(requests) == 1 {
		m.started[m.tasks.Start(requests[0].Op, requests[0].Target)] = s
	} else {
		m.batches[m.tasks.StartMany(requests)] = commandName(s.action)
	}
	if gone > 0 {
		m.say(theme.StateWarn, fmt.Sprintf("%s: started on %d, %d skipped", commandName(s.action), len(requests), gone))
	}
	if p := m.markedPane(); p != nil {
		p.UnmarkThese(s.fit)
		for _, sk := range s.skipped {
			p.UnmarkThese([]backend.Object{sk.Object})
		}
	}
	return nil
}

// noteMsg brings a line for the foot from elsewhere.
type noteMsg struct {
	tok  theme.Token
	text string
}

// startSafely takes a snapshot of the present of each VM, and then starts anew, with
// every check, on those where that succeeded.
func (m *Model) startSafely(s startMsg, requests []task.Request) tea.Cmd {
	tasks, fault, now := m.tasks, m.o.Fault, m.now()
	return func() (msg tea.Msg) {
		defer guard.Recover("safety snapshot", func(err error) { fault(err); msg = FaultMsg{err} })
		kept := map[backend.Ref]bool{}
		var failed []string
		for _, r := range requests {
			op := backend.SnapshotCreateOp{
				VM: r.Op.Target(), Name: "before-revert-" + now.Format("20060102-150405"),
				Description: "taken by hvdeck before a revert", Memory: true,
			}
			t, err := tasks.Wait(context.Background(), tasks.Start(op, r.Target),
				backend.TaskSuccess, backend.TaskFailed, backend.TaskCancelled, backend.TaskUnknown)
			if err != nil || t.State != backend.TaskSuccess {
				failed = append(failed, r.Target.Name)
				continue
			}
			kept[r.Op.Target()] = true
		}
		return safeMsg{s, kept, failed}
	}
}

// safeMsg says which VMs have their safety snapshot; kept by VM.
type safeMsg struct {
	start  startMsg
	kept   map[backend.Ref]bool
	failed []string
}

// startKept starts what waited for safety snapshots.
func (m *Model) startKept(s safeMsg) tea.Cmd {
	again := s.start
	again.args = maps.Clone(again.args)
	delete(again.args, "safety")
	again.fit = slices.DeleteFunc(slices.Clone(again.fit), func(o backend.Object) bool {
		return !s.kept[o.Ref()] && !s.kept[o.Owner()]
	})
	var cmd tea.Cmd
	if len(again.fit) > 0 {
		cmd = m.start(again)
	}
	if len(s.failed) > 0 {
		m.messageUnasked("Not reverted", "The safety snapshot failed, so nothing was reverted:\n\n"+strings.Join(s.failed, "\n"), theme.StateBad)
	}
	return cmd
}

// openMenu shows the actions of a leading key that fit the selection.
func (m *Model) openMenu(menu keymap.Menu) {
	m.showActions(fmt.Sprintf("%s: %s", menu, m.selectionWords()), m.fitting(m.reg.Menu(menu)))
}

// openAllActions shows every action on the selection.
func (m *Model) openAllActions() {
	var all []keymap.Action
	for _, menu := range []keymap.Menu{keymap.MenuPower, keymap.MenuSnapshot, keymap.MenuManage} {
		all = append(all, m.fitting(m.reg.Menu(menu))...)
	}
	m.showActions("Every action: "+m.selectionWords(), all)
}

func (m *Model) selectionWords() string {
	s := m.selected()
	hidden := 0
	if p := m.slots[m.stackFocus()].pane(); p != nil && m.screen() == nil {
		hidden = p.HiddenMarks()
	}
	switch {
	case len(s) == 0 && hidden > 0:
		return fmt.Sprintf("nothing; the filter hides all %d marks", hidden)
	case len(s) == 0:
		return "nothing selected"
	case hidden > 0:
		return fmt.Sprintf("%s; %d more marked are hidden", m.targetWords(s), hidden)
	default:
		return m.targetWords(s)
	}
}

// fitting keeps the actions for the kind of the selection; what does not fit its
// state stays, greyed, with the reason.
func (m *Model) fitting(actions []keymap.Action) []keymap.Action {
	s := m.selected()
	k := m.newKind() // of the list, where it is empty
	if len(s) > 0 {
		k = s[0].Ref().Kind
	}
	return slices.DeleteFunc(actions, func(a keymap.Action) bool { return !slices.Contains(a.Kinds, k) || m.foreignTo(a, s) })
}

// foreignTo reports whether none of the objects' hypervisors has ever heard of what an
// action needs: an entry that can never work there explains nothing. Where one has a
// reason to give it is shown, greyed.
func (m *Model) foreignTo(a keymap.Action, objects []backend.Object) bool {
	if a.Needs == "" {
		return false
	}
	if len(objects) == 0 { // an empty list is of the connection in focus
		return !m.env.Conn(m.place).Caps.Knows(a.Needs)
	}
	return !slices.ContainsFunc(objects, func(o backend.Object) bool { return m.env.Conn(o.Ref().Conn).Caps.Knows(a.Needs) })
}

func (m *Model) showActions(title string, actions []keymap.Action) {
	if len(actions) == 0 {
		m.say(theme.StateWarn, "nothing on this menu fits "+m.selectionWords())
		return
	}
	s := m.selection()
	items := make([]overlay.MenuItem, len(actions))
	for i, a := range actions {
		items[i] = overlay.MenuItem{Key: a.Key, Title: a.Title, Why: a.WhyNone(s)}
		if slices.ContainsFunc(actions[:i], func(b keymap.Action) bool { return b.Key == a.Key }) {
			items[i].Key = ""
		}
	}
	m.menuOf(title, items, func(i int) tea.Cmd { return m.take(actions[i], s) })
}

// take runs an action that was chosen from a menu on the selection it was opened for.
func (m *Model) take(a keymap.Action, s keymap.Selection) tea.Cmd {
	if f, ok := m.commandsOn()[a.ID]; ok {
		return f(s)
	}
	if !a.Mutates() {
		return m.run(a)
	}
	return m.actOn(a, s)
}

// busyWith is the word for an own task that runs on an object.
func (m *Model) busyWith(r backend.Ref) string { return m.tasksList.busy[r] }

func busyWord(t task.Task) string {
	if t.State == backend.TaskQueued {
		return "queued"
	}
	if t.Progress > 0 {
		return fmt.Sprintf("%s %d%%", shortTitle(t.Title), t.Progress)
	}
	return shortTitle(t.Title)
}

func shortTitle(title string) string {
	first, _, _ := strings.Cut(title, " ")
	return first + "…"
}
