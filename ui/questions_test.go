package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/theme"
)

// asking is a VM with a question; choices may be none.
func asking(name, id string, choices ...string) *backend.VM {
	vm := vmCalled(name)
	q := &backend.Question{ID: id, Text: "Moved or copied?\nThe disks say nothing."}
	for _, c := range choices {
		q.Choices = append(q.Choices, backend.Choice{Key: "key-" + c, Label: c})
	}
	vm.Question = q
	return vm
}

func (m *Model) told(t *testing.T, objects ...backend.Object) string {
	t.Helper()
	m.note = note{}
	m.store.Apply("c", backend.Upsert{Objects: objects})
	m.Update(ChangedMsg{})
	return m.note.text
}

// A question is announced once, another of the same VM again, several at once together.
func TestQuestionsAreAnnounced(t *testing.T) {
	m := stocked(t)
	if got := m.told(t, asking("web-1", "1")); got != "web-1 waits for an answer, ctrl+a gives it: Moved or copied?" {
		t.Errorf("one: %q", got)
	}
	changed := asking("web-1", "1")
	changed.HostName = "changed"
	if got := m.told(t, changed); got != "" {
		t.Errorf("the same again: %q", got)
	}
	if got := m.told(t, asking("web-1", "2")); !strings.HasPrefix(got, "web-1 waits") {
		t.Errorf("the next: %q", got)
	}
	if got := m.alert(); !strings.Contains(got, "web-1 asks (ctrl+a)") {
		t.Errorf("the header of one: %q", got)
	}
	got := m.told(t, asking("db-1", "1"), asking("db-2", "1"), asking("db-3", "1"), asking("db-4", "1"))
	if !strings.HasPrefix(got, "4 VMs wait for an answer each, ctrl+a gives it: db-") || !strings.HasSuffix(got, " and 1 more") {
		t.Errorf("several: %q", got)
	}
	if got := m.alert(); !strings.Contains(got, "5 VMs ask (ctrl+a)") {
		t.Errorf("the header of several: %q", got)
	}
}

// The words name the key that the owner chose.
func TestQuestionsNameTheirKey(t *testing.T) {
	m, err := New(Options{
		Store: store.New(time.Now), Tasks: bare(t).tasks, Poller: noPoller{}, Keys: map[string][]string{"answer": {"ctrl+g"}},
		Theme: func(dark bool) (*theme.Theme, error) { return theme.Load("", dark, theme.Options{}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := m.told(t, asking("web-1", "1")); !strings.Contains(got, "ctrl+g gives it") || !strings.Contains(m.alert(), "(ctrl+g)") {
		t.Errorf("the foot says %q, the header %q", got, m.alert())
	}
}

// A digit that is pressed twice chooses the VM, and answers nothing.
func TestADoubledDigitAnswersNothing(t *testing.T) {
	m := stocked(t)
	m.store.SetConn(store.ConnStatus{ID: "c", Phase: store.Ready, Caps: backend.Caps{Can: map[backend.Verb]string{backend.VerbAnswer: ""}}})
	m.told(t, vmCalled("aaa"), asking("web-1", "1", "moved", "copied"), asking("web-2", "1", "moved", "copied"))
	m.answerQuestion()
	if len(m.overlays) != 1 {
		t.Fatalf("%d boxes", len(m.overlays))
	}
	m.Update(key('1'))
	if cmd := m.overlayKey(key('1')); cmd != nil || len(m.overlays) != 1 {
		t.Fatalf("the second digit answered; %d boxes", len(m.overlays))
	}
	m.overlays[0] = m.overlays[0].loud(t, m)
	cmd := m.overlayKey(key('2'))
	if cmd == nil {
		t.Fatal("a digit after a while answers nothing")
	}
	start, ok := cmd().(startMsg)
	if !ok || start.args["choice"] != "key-copied" || start.args["question"] != "1" {
		t.Errorf("started %+v", start.args)
	}
}

// loud waits until the box takes keys again: until there was quiet.
func (o overlayEntry) loud(t *testing.T, m *Model) overlayEntry {
	t.Helper()
	update := o.update
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Second / 2) {
		down := tea.KeyPressMsg{Code: tea.KeyDown}
		before := strings.Join(o.box.Draw(60, 20, m.env.Theme), "\n")
		if update(down); before != strings.Join(o.box.Draw(60, 20, m.env.Theme), "\n") {
			return o
		}
	}
	t.Fatal("the box takes no keys")
	return o
}

// A question without choices is shown and closed; one on a read-only connection is
// refused with the reason; one that is gone is no longer shown.
func TestQuestionsThatCannotBeAnswered(t *testing.T) {
	m := stocked(t)
	can := map[backend.Verb]string{backend.VerbAnswer: ""}
	m.store.SetConn(store.ConnStatus{ID: "c", Phase: store.Ready, Caps: backend.Caps{Can: can}})
	vm := asking("web-1", "1")
	m.told(t, vm)
	m.answerQuestion()
	m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(m.overlays) != 1 {
		t.Fatalf("%d boxes", len(m.overlays))
	}
	m.Update(tea.KeyPressMsg{Code: tea.KeyEscape})
	if len(m.overlays) != 0 {
		t.Error("esc did not close the question")
	}
	quiet := vmCalled("web-1")
	quiet.HostName = "answered elsewhere"
	m.told(t, quiet)
	if m.showAnother(vm); len(m.overlays) != 0 || !strings.Contains(m.note.text, "no answer any more") {
		t.Errorf("%d boxes, the foot says %q", len(m.overlays), m.note.text)
	}
	m.told(t, asking("web-1", "2", "moved"))
	m.store.SetConn(store.ConnStatus{ID: "c", Phase: store.Ready, ReadOnly: true,
		Caps: backend.Caps{Can: map[backend.Verb]string{backend.VerbAnswer: "read-only connection"}}})
	m.Update(ChangedMsg{})
	if m.answerQuestion(); len(m.overlays) != 0 || !strings.Contains(m.note.text, "read-only connection") {
		t.Errorf("%d boxes, the foot says %q", len(m.overlays), m.note.text)
	}
}
