package ui

import (
	"fmt"
	"slices"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/overlay"
)

// openNew shows what makes a new object of the kind in focus. Its actions act on what
// the new one comes under, which is there also where the list is empty.
func (m *Model) openNew() {
	k, under := m.placeOfNew()
	if under == nil {
		return
	}
	s := m.selection()
	s.Objects = []backend.Object{under}
	actions := slices.DeleteFunc(m.reg.Menu(keymap.MenuNew), func(a keymap.Action) bool { return !m.makes(a, k, under) })
	if len(actions) == 0 {
		m.say(theme.StateWarn, "new "+k.String()+": "+string(under.Ref().Conn)+" can't make one")
		return
	}
	// Forms come first: they ask for what is needed.
	slices.SortStableFunc(actions, func(a, b keymap.Action) int { return formRank(a) - formRank(b) })
	items := make([]overlay.MenuItem, len(actions))
	for i, a := range actions {
		items[i] = overlay.MenuItem{Key: a.Key, Title: a.Title, Why: a.WhyNone(s)}
		if why := m.whyNotDefined(a.ID, k, under); why != "" {
			items[i].Why = why
		}
	}
	m.menuOf(fmt.Sprintf("new %s on %s", k, m.underWords(under)), items, func(i int) tea.Cmd {
		return m.take(actions[i], s)
	})
}

// makes reports whether an action of the new menu is about this kind and has any meaning
// there.
func (m *Model) makes(a keymap.Action, k backend.Kind, under backend.Object) bool {
	if a.Makes == k {
		return !m.foreignTo(a, []backend.Object{under})
	}
	if a.Mutates() || a.Makes != backend.KindNone {
		return false
	}
	a.Needs = backend.VerbFor(k, backend.ActDefine) // by a definition, which not every hypervisor has
	return !m.foreignTo(a, []backend.Object{under})
}

func formRank(a keymap.Action) int {
	if a.Makes != backend.KindNone && a.Mutates() {
		return 0
	}
	return 1
}

// newKind is the kind of the list in focus; of a host's list and the tasks, a VM.
func (m *Model) newKind() backend.Kind {
	if o := m.cursor(); m.screen() != nil && o != nil {
		return o.Ref().Kind
	}
	switch k := m.slots[m.stackFocus()].kind(); k {
	case backend.KindNone, backend.KindHost, backend.KindCluster, backend.KindResourcePool, backend.KindNodeDevice:
		return backend.KindVM
	default:
		return k
	}
}

// newUnder is what a new object of a kind comes under: the pool that is open, the VM of
// the snapshots, else the host; nil for none.
func (m *Model) newUnder(k backend.Kind) backend.Object {
	if k == backend.KindVolume {
		return m.openPool()
	}
	if k == backend.KindSnapshot {
		return m.focusVM()
	}
	if o := m.cursor(); o != nil {
		if h := m.hostOf(o); h != nil || k != backend.KindVM {
			return h
		}
		return m.placeOfVMs(o)
	}
	for _, h := range m.store.All(backend.KindHost) {
		if h.Ref().Conn == m.place {
			return h
		}
	}
	return nil
}

// placeOfNew is the kind of a new object and what it comes under; nil for nothing, which is
// then said.
func (m *Model) placeOfNew() (backend.Kind, backend.Object) {
	k := m.newKind()
	under := m.newUnder(k)
	if under == nil {
		m.say(theme.StateWarn, "new "+k.String()+": "+m.whyNoPlace(k))
	}
	return k, under
}

// whyNoPlace is why a new object of a kind has nothing to come under.
func (m *Model) whyNoPlace(k backend.Kind) string {
	switch {
	case k == backend.KindVolume, k == backend.KindSnapshot, !m.coming(backend.KindHost, m.place):
		return "no place for it is in sight"
	case m.place == "":
		return "the hosts are not listed yet"
	default:
		return "the hosts of " + string(m.place) + " are not listed yet"
	}
}

// placeOfVMs is a cluster, resource pool or folder itself: which host a VM in it runs on
// is chosen later, if at all.
func (m *Model) placeOfVMs(o backend.Object) backend.Object {
	switch o.Ref().Kind {
	case backend.KindCluster, backend.KindResourcePool, backend.KindFolder:
		return o
	default:
		return nil
	}
}

// openPool is the pool whose volumes are listed, else the one under the cursor.
func (m *Model) openPool() backend.Object {
	p := m.slots[slotStorage].pane()
	if len(m.slots[slotStorage].drills) > 0 {
		return m.store.Object(p.Source().Parent)
	}
	return p.Cursor()
}

// hostOf is the host that an object belongs to: its own, or the only one of its
// connection; nil where there is a choice.
func (m *Model) hostOf(o backend.Object) backend.Object {
	if o.Ref().Kind == backend.KindHost {
		return o
	}
	if vm, ok := o.(*backend.VM); ok {
		if h := m.store.Object(vm.Host); h != nil {
			return h
		}
	}
	var only backend.Object
	for _, h := range m.store.All(backend.KindHost) {
		if h.Ref().Conn != o.Ref().Conn {
			continue
		}
		if only != nil {
			return nil
		}
		only = h
	}
	return only
}

// selectionFor is what an action acts on: the selection, or what a new object of the
// action's kind comes under.
func (m *Model) selectionFor(a keymap.Action) keymap.Selection {
	s := m.selection()
	if a.Needs == backend.VerbOVFImport {
		s.Objects = m.ovfPlaces(s.Objects)
		return s
	}
	if a.Makes == backend.KindNone || !a.Mutates() {
		return s
	}
	s.Objects = nil
	if under := m.newUnder(a.Makes); under != nil {
		s.Objects = []backend.Object{under}
	}
	return s
}

func (m *Model) underWords(o backend.Object) string {
	if o.Ref().Kind == backend.KindHost {
		return string(o.Ref().Conn)
	}
	return m.fullName(o)
}
