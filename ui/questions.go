package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// questions are those that block VMs: an alert in the header until they are answered, a
// line at the foot when one comes.
type questions struct {
	rev  uint64
	vms  []*backend.VM
	told map[backend.Ref]string // ids of those that were announced
}

// heed looks for questions when VMs have changed.
func (m *Model) heed(revs store.Revs) {
	rev := revs[store.Of(backend.KindVM)]
	if rev == m.questions.rev {
		return
	}
	m.questions.rev, m.questions.vms = rev, m.store.Asking()
	told := make(map[backend.Ref]string, len(m.questions.vms))
	var asking []*backend.VM
	for _, vm := range m.questions.vms {
		told[vm.ID] = vm.Question.ID
		if m.questions.told[vm.ID] != vm.Question.ID {
			asking = append(asking, vm)
		}
	}
	m.questions.told = told
	if len(asking) > 0 {
		m.say(theme.StateWarn, m.announcement(asking))
	}
}

// announcement is the line at the foot when questions have come.
func (m *Model) announcement(asking []*backend.VM) string {
	gives := ""
	if key := m.keyFor("answer"); key != "" {
		gives = ", " + key + " gives it"
	}
	if len(asking) == 1 {
		first, _, _ := strings.Cut(asking[0].Question.Text, "\n")
		return m.targetWords([]backend.Object{asking[0]}) + " waits for an answer" + gives + ": " + first
	}
	const named = 3
	names := make([]string, 0, named)
	for _, vm := range asking[:min(named, len(asking))] {
		names = append(names, vm.Name)
	}
	words := fmt.Sprintf("%d VMs wait for an answer each%s: %s", len(asking), gives, strings.Join(names, ", "))
	if len(asking) > named {
		words += fmt.Sprintf(" and %d more", len(asking)-named)
	}
	return words
}

// alert is the word in the header while VMs wait.
func (m *Model) alert() string {
	key := m.keyFor("answer")
	if key != "" {
		key = "(" + key + ") "
	}
	switch n := len(m.questions.vms); n {
	case 0:
		return ""
	case 1:
		return m.env.Theme.Glyphs.Warn + " " + m.questions.vms[0].Name + " asks " + key
	default:
		return fmt.Sprintf("%s %d VMs ask %s", m.env.Theme.Glyphs.Warn, n, key)
	}
}

// answerQuestion shows the question of the VM under the cursor, else the only one, else
// asks which.
func (m *Model) answerQuestion() tea.Cmd {
	vms := m.store.Asking()
	at := slices.IndexFunc(vms, func(vm *backend.VM) bool { o := m.cursor(); return o != nil && o.Ref() == vm.ID })
	switch {
	case len(vms) == 0:
		m.say(theme.StateWarn, "no VM waits for an answer")
		return nil
	case at >= 0:
		return m.showQuestion(vms[at])
	case len(vms) == 1:
		return m.showQuestion(vms[0])
	}
	items := make([]overlay.MenuItem, len(vms))
	for i, vm := range vms {
		items[i] = overlay.MenuItem{Key: digit(i), Title: m.targetWords([]backend.Object{vm})}
	}
	m.menuOf("Whose question?", items, func(i int) tea.Cmd { return m.showAnother(vms[i]) })
	return nil
}

// showAnother is showQuestion after a menu of digits: one that was pressed twice must not
// answer what nobody has read.
func (m *Model) showAnother(vm *backend.VM) tea.Cmd {
	now, ok := m.store.Object(vm.ID).(*backend.VM)
	if !ok || now.Question == nil {
		m.say(theme.StateWarn, m.targetWords([]backend.Object{vm})+" waits for no answer any more")
		return nil
	}
	cmd := m.showQuestion(now)
	if top := len(m.overlays) - 1; top >= 0 {
		m.overlays[top] = m.overlays[top].quietly()
	}
	return cmd
}

// showQuestion shows a question with its answers: a digit answers it. The answer belongs to
// the question that was shown, whatever the VM asks by then.
func (m *Model) showQuestion(vm *backend.VM) tea.Cmd {
	a, ok := m.reg.ByID("vm.answer")
	if !ok {
		return nil
	}
	s := m.selection()
	s.Objects = []backend.Object{vm}
	if why := a.WhyNone(s); why != "" {
		m.say(theme.StateWarn, commandName(a)+": "+why)
		return nil
	}
	q := *vm.Question
	items := make([]overlay.MenuItem, len(q.Choices))
	for i, c := range q.Choices {
		items[i] = overlay.MenuItem{Key: digit(i), Title: c.Label}
		if i == q.Default {
			items[i].Title += " (default)"
		}
	}
	box := overlay.NewAsk(m.targetWords(s.Objects)+" asks", q.Text, items).Focus(q.Default)
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case overlay.Chosen:
			i, _ := box.Choice()
			args := map[string]string{"choice": q.Choices[i].Key, "question": q.ID}
			return true, m.ascertain(a, s, args)
		case overlay.Cancelled:
			return true, nil
		default:
			return false, nil
		}
	}})
	return nil
}
