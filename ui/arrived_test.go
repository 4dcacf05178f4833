package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/uitest"
)

// key is a letter as the terminal sends it.
func key(letter rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: letter, Text: string(letter)} }

// stocked is a model whose store has VMs of one connection, at a size that can be drawn.
func stocked(t *testing.T, objects ...backend.Object) *Model {
	t.Helper()
	m := bare(t)
	m.store.SetConn(store.ConnStatus{ID: "c", Phase: store.Ready})
	m.store.Apply("c", backend.Upsert{Objects: objects})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	return m
}

func vmCalled(name string) *backend.VM {
	return &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: name}, Name: name}, DomainID: -1}
}

// ago is the spot where something was asked that took its time.
func ago(m *Model) spot {
	asked := m.here()
	asked.at = asked.at.Add(-time.Minute)
	return asked
}

// A form that was long in coming swallows the keys under way; one that comes at once
// takes the first.
func TestFormThatArrives(t *testing.T) {
	for _, c := range []struct {
		name  string
		asked func(*Model) spot
		want  string
	}{{"late", ago, ""}, {"at once", (*Model).here, "x"}} {
		m := stocked(t)
		var got form.Values
		m.askArrived(c.asked(m), "clone web-1", func() tea.Cmd {
			m.ask("Clone", []form.Field{{Key: "name", Label: "Name"}}, func(v form.Values) tea.Cmd { got = v; return nil })
			return nil
		})
		if len(m.overlays) != 1 {
			t.Fatalf("%s: %d boxes", c.name, len(m.overlays))
		}
		m.Update(key('x'))
		m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		if got["name"] != c.want || (len(m.overlays) == 0) != (c.want != "") {
			t.Errorf("%s: the form got %q, %d boxes are open", c.name, got, len(m.overlays))
		}
	}
}

// What was opened meanwhile keeps the keys: nothing opens over it, and the foot says so.
func TestNothingOpensOverWhatWasOpened(t *testing.T) {
	for name, between := range map[string]func(*Model){
		"a filter":       (*Model).openFilter,
		"a box":          func(m *Model) { m.message("Other", "text", theme.Text) },
		"a screen":       (*Model).openTop,
		"another pane":   func(m *Model) { m.focusOn(slotHosts) },
		"a console":      func(m *Model) { m.push(&consoleScreen{}) },
		"another screen": func(m *Model) { m.openAlarms(); m.openTop() },
		"nothing: esc":   func(m *Model) { m.Update(tea.KeyPressMsg{Code: tea.KeyEscape}) },
	} {
		m := stocked(t)
		asked := m.here()
		between(m)
		boxes, screens := len(m.overlays), len(m.screens)
		m.askArrived(asked, "clone web-1", func() tea.Cmd { t.Errorf("%s: a form was opened", name); return nil })
		m.foundAll(&finding{asked: parseFind("web-1"), from: asked, told: []string{"c: none"}})
		if len(m.overlays) != boxes || len(m.screens) != screens {
			t.Errorf("%s: %d boxes and %d screens became %d and %d", name, boxes, screens, len(m.overlays), len(m.screens))
		}
		if !strings.Contains(m.note.text, "find VM: nothing is called web-1; f shows it") {
			t.Errorf("%s: the foot says %q", name, m.note.text)
		}
	}
}

// A VM that a server has found is gone to only from where it was looked for.
func TestFoundLate(t *testing.T) {
	vm := vmCalled("web-1")
	m := stocked(t, vm)
	f := &finding{asked: parseFind("10.0.0.1"), from: ago(m), words: "looking…", found: []backend.Ref{vm.ID}}
	m.push(&consoleScreen{})
	m.say(theme.StateBusy, "something newer")
	m.foundAll(f)
	if _, open := m.screen().(*consoleScreen); !open || m.note.text != "found web-1; f shows it" {
		t.Errorf("the screen is %T, the foot says %q", m.screen(), m.note.text)
	}
	m.screens = nil
	m.say(theme.StateBusy, f.words)
	m.foundAll(f)
	if m.note.text == f.words || m.focus != slotVMs {
		t.Errorf("the foot says %q, the focus is on %d", m.note.text, m.focus)
	}
}

// A line at the foot is taken away only by whom it is from.
func TestUnsay(t *testing.T) {
	m := bare(t)
	m.say(theme.StateBusy, "looking…")
	m.say(theme.StateWarn, "it is gone")
	if m.unsay("looking…"); m.note.text != "it is gone" {
		t.Errorf("the foot says %q", m.note.text)
	}
	if m.unsay("it is gone"); m.note.text != "" {
		t.Errorf("the foot says %q", m.note.text)
	}
}

// Events that can't be had are told where they would be shown, and nowhere else.
func TestEventsThatFailLate(t *testing.T) {
	m := stocked(t, vmCalled("web-1"))
	m.showEvents(m.store.All(backend.KindVM)[0], true)
	s, ok := m.screen().(*eventsScreen)
	if !ok {
		t.Fatalf("the screen is %T", m.screen())
	}
	m.openTop()
	s.take(m, nil, errors.New("the log is gone"))
	if len(m.overlays) != 0 || s.of.why == "" {
		t.Errorf("%d boxes are open, why is %q", len(m.overlays), s.of.why)
	}
	m.screens = m.screens[:1]
	s.take(m, nil, errors.New("the log is gone"))
	m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
	if len(m.overlays) != 1 {
		t.Error("a key that was under way closed the message")
	}
	m.messageUnasked("Other", "first\nsecond", theme.StateBad)
	if len(m.overlays) != 1 || m.note.text != "Other: first" {
		t.Errorf("%d boxes, the foot says %q", len(m.overlays), m.note.text)
	}
}

// A key is answered while a tree of ten thousand is built, which goes on when it is there;
// a fault in building leaves the tree as it is, to be built with the next change.
func TestKeysWhileATreeIsBuilt(t *testing.T) {
	objects := make([]backend.Object, 0, 10_000)
	for i := range cap(objects) {
		vm := vmCalled("vm-" + strings.Repeat("x", i%7) + string(rune('a'+i%26)))
		vm.ID.ID += "-" + time.Duration(i).String()
		objects = append(objects, vm)
	}
	m := stocked(t, objects...)
	m.openInventory()
	s := m.screen().(*inventoryScreen)
	build := s.refresh(m, m.store.Revs())
	if build == nil || !s.tab().busy || s.tab().all.Len() != 0 {
		t.Fatalf("the tree was not built aside: busy %t, %d rows", s.tab().busy, s.tab().all.Len())
	}
	if took := uitest.Took(0, func() { m.Update(key('j')) }); took > 250*time.Millisecond {
		t.Errorf("a key took %v while the tree was built", took)
	}
	answer := build().(directMsg)
	if took := uitest.Took(0, func() { m.Update(answer) }); took > 250*time.Millisecond || s.tab().busy || s.tab().vms != 10_000 {
		t.Errorf("taking the tree took %v; busy %t, %d VMs", took, s.tab().busy, s.tab().vms)
	}

	m.specs = nil // a filter on it makes the builder panic
	s.tab().Filter("vm-a")
	answer = s.refresh(m, m.store.Revs())().(directMsg)
	answer.take()
	if s.tab().busy || !strings.Contains(m.note.text, "see the log") {
		t.Errorf("after a fault: busy %t, the foot says %q", s.tab().busy, m.note.text)
	}
}

// While what a filter finds is being made out, all rows stay in sight, none of an older
// filter.
func TestFilterOfALargeTree(t *testing.T) {
	m := stocked(t, vmCalled("web-1"), vmCalled("db-1"))
	m.openInventory()
	s := m.screen().(*inventoryScreen)
	tab := s.tab()
	m.Update(ChangedMsg{})
	for _, text := range []string{"web", "db"} {
		tab.Filter(text)
		if tab.tree() != tab.all {
			t.Errorf("%q: rows of an older filter are in sight", text)
		}
		m.Update(ChangedMsg{})
		if n := tab.tree().Len(); tab.tree() != tab.found || n != 2 {
			t.Errorf("%q: %d rows", text, n)
		}
		tab.Filter("")
		if r, ok := tab.tree().Cursor(); !ok || !strings.HasPrefix(r.title(), text) {
			t.Errorf("%q: the cursor is elsewhere", text)
		}
	}
}
