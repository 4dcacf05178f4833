package ui

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/backend/task"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/pane"
)

// noPoller is asked for nothing in these tests.
type noPoller struct{}

func (noPoller) SetInterest(poll.Interest) {}
func (noPoller) Refresh(backend.ConnID)    {}
func (noPoller) Redial(backend.ConnID)     {}
func (noPoller) Backend(id backend.ConnID) (backend.Backend, error) {
	return nil, backend.Refuse(backend.ClassUnreachable, "use connection", string(id), "it is down")
}

func bare(t *testing.T) *Model {
	t.Helper()
	tasks := task.New(task.Options{Backend: func(backend.ConnID) (backend.Backend, error) { return nil, nil }})
	m, err := New(Options{
		Store: store.New(time.Now), Tasks: tasks, Poller: noPoller{},
		Theme: func(dark bool) (*theme.Theme, error) { return theme.Load("", dark, theme.Options{}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Every operation of the contract can be started from the keyboard.
func TestEveryOperationIsReachable(t *testing.T) {
	m := bare(t)
	reached := map[reflect.Type]string{}
	for _, a := range m.reg.All() {
		if !a.Mutates() {
			continue
		}
		for _, k := range a.Kinds {
			op := a.Op(sample(k), selectionOf(sample(k)), keymap.Args{})
			reached[reflect.TypeOf(op)] = a.ID
			if op.Target().IsZero() {
				t.Errorf("%s makes an operation on nothing", a.ID)
			}
		}
	}
	reached[reflect.TypeFor[backend.DefineOp]()] = "edit"          // and the new menu: not by a declaration, since an editor comes between
	reached[reflect.TypeFor[backend.OVFImportOp]()] = "ovf.import" // a wizard
	for _, op := range backend.Ops() {
		if reached[reflect.TypeOf(op)] == "" {
			t.Errorf("no action makes a %T", op)
		}
	}
}

func sample(k backend.Kind) backend.Object {
	meta := backend.Meta{ID: backend.Ref{Conn: "c", Kind: k, ID: "1"}, Name: "x", Parent: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: "vm"}}
	switch k {
	case backend.KindSnapshot:
		return &backend.Snapshot{Meta: meta}
	case backend.KindHost:
		return &backend.Host{Meta: meta}
	case backend.KindPool:
		return &backend.Pool{Meta: meta}
	case backend.KindVolume:
		return &backend.Volume{Meta: meta}
	case backend.KindNetwork:
		return &backend.Network{Meta: meta}
	case backend.KindInterface:
		return &backend.Interface{Meta: meta}
	case backend.KindSecret:
		return &backend.Secret{Meta: meta}
	default:
		return &backend.VM{Meta: meta}
	}
}

func selectionOf(o backend.Object) keymap.Selection {
	return keymap.Selection{
		Objects: []backend.Object{o}, Caps: func(backend.ConnID) backend.Caps { return backend.Caps{} },
		Lookup: func(backend.Ref) backend.Object { return nil }, All: func(backend.Kind) []backend.Object { return nil },
		Children: func(backend.Kind, backend.Ref) []backend.Object { return nil },
	}
}

// What changes something says what it needs, stands on a menu, and asks as its risk wants.
func TestActionsThatChangeAreComplete(t *testing.T) {
	m := bare(t)
	for _, a := range m.reg.All() {
		if a.Title == "" || len([]rune(a.Title)) >= 30 {
			t.Errorf("%s: title %q", a.ID, a.Title)
		}
		if !a.Mutates() {
			continue
		}
		if a.Needs == "" || a.Menu == keymap.MenuNone || a.Key == "" || len(a.Kinds) == 0 {
			t.Errorf("%s: needs %q, menu %q, key %q, kinds %v", a.ID, a.Needs, a.Menu, a.Key, a.Kinds)
		}
		if len(a.Keys) > 0 {
			t.Errorf("%s changes an object on the single key %v", a.ID, a.Keys)
		}
		if a.Risk != keymap.Safe && a.Loses == nil && (a.Risk == keymap.Irreversible || strings.Contains(a.ID, "off") || strings.Contains(a.ID, "revert")) {
			t.Errorf("%s does not say what is lost", a.ID)
		}
		q := m.question(a, selectionOf(sample(a.Kinds[0])), []backend.Object{sample(a.Kinds[0])}, nil, nil)
		if (a.Risk == keymap.Irreversible) != (q.Expect != "") {
			t.Errorf("%s: has to be typed: %q", a.ID, q.Expect)
		}
	}
}

// Every other action does something: a command here, or a verb of a list or pager.
func TestEveryActionDoesSomething(t *testing.T) {
	m := bare(t)
	commands := m.commands()
	m.openHelp() // a pager, for its verbs
	pager, lists := m.screen(), listed(m)
	for _, a := range m.reg.All() {
		if a.Mutates() {
			continue
		}
		_, known := commands[a.ID]
		_, knownOn := m.commandsOn()[a.ID]
		switch {
		case known, knownOn:
		case strings.HasPrefix(a.ID, "sort."):
			if !sorts(lists, a.ID) {
				t.Errorf("%s sorts nothing", a.ID)
			}
		case a.Scope == keymap.Pager:
			if !pager.do(m, a.ID) {
				t.Errorf("%s does nothing in a pager", a.ID)
			}
		case a.Scope == keymap.List:
			if !m.slots[slotVMs].view().Do(a.ID) {
				t.Errorf("%s does nothing in a list", a.ID)
			}
		default:
			t.Errorf("%s does nothing", a.ID)
		}
	}
	for id := range m.commandsOn() {
		commands[id] = nil
	}
	for id := range commands {
		if _, ok := m.reg.ByID(id); !ok {
			t.Errorf("the command %s has no action", id)
		}
	}
}

// listed are the panes of every list that can come into sight: the tabs of the stack,
// what is drilled into, the screens.
func listed(m *Model) []*pane.Pane {
	var all []*pane.Pane
	for _, s := range m.slots {
		all = append(all, s.tabs...)
	}
	m.slots[slotStorage].drillInto(m, sample(backend.KindPool), m.specs.Of(backend.KindVolume))
	all = append(all, m.slots[slotStorage].pane())
	m.openAlarms()
	return append(all, m.markedPane())
}

// sorts reports whether a list has the column that an action sorts by, and sorts by it.
func sorts(lists []*pane.Pane, id string) bool {
	return slices.ContainsFunc(lists, func(p *pane.Pane) bool {
		return p.Do(id) && slices.ContainsFunc(p.Spec.Columns, func(c kind.Column) bool {
			return id == "sort."+p.Spec.Names[0]+"."+c.Key && c.SortKey != nil
		})
	})
}

func TestKeyTexts(t *testing.T) {
	m := bare(t)
	for id, want := range map[string]string{
		"vm.power-off": "p f", "snapshot.create": "s c", "quit": "q", "list.down": "j, down", "help": "?, f1",
	} {
		a, ok := m.reg.ByID(id)
		if !ok || m.reg.KeyText(a) != want {
			t.Errorf("%s: %q, want %q", id, m.reg.KeyText(a), want)
		}
	}
}
