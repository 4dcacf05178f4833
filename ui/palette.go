package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/ui/kind"
	"hvdeck/ui/palette"
)

// openPalette offers every action that fits, every kind by its name, and every object.
func (m *Model) openPalette() tea.Cmd {
	var entries []palette.Entry
	var takes []func() tea.Cmd
	add := func(e palette.Entry, take func() tea.Cmd) {
		entries, takes = append(entries, e), append(takes, take)
	}
	for _, a := range m.reg.All() {
		if !inPalette(a) {
			continue
		}
		s := m.selectionFor(a)
		// On what was selected when the palette opened.
		add(palette.Entry{Name: paletteName(a), Hint: m.reg.KeyText(a), Why: a.WhyNone(s)}, func() tea.Cmd { return m.take(a, s) })
	}
	for _, d := range m.documentsHere() {
		add(palette.Entry{Name: d.name, Hint: "of " + d.of.Title()}, func() tea.Cmd { m.openDocument(d.of, d.name); return nil })
	}
	for i, slot := range m.slots {
		for t, p := range slot.tabs {
			for _, name := range p.Spec.Names {
				add(palette.Entry{Name: name, Hint: "go to " + p.Spec.Title}, func() tea.Cmd { m.focusOn(i); slot.tab = t; return nil })
			}
		}
	}
	var objects []backend.Object
	box := m.pick(entries, func(i int) tea.Cmd {
		if i < len(takes) {
			return takes[i]()
		}
		return m.goTo(objects[i-len(takes)])
	})
	return m.listObjects(func(found []backend.Object, entries []palette.Entry) {
		objects = found
		box.Add(entries)
	})
}

// objectsMsg brings the objects for the palette, made off the event loop: there may
// be tens of thousands.
type objectsMsg struct{ add func() }

func (m *Model) listObjects(add func([]backend.Object, []palette.Entry)) tea.Cmd {
	st, fault := m.store, m.o.Fault
	return func() (msg tea.Msg) {
		defer guard.Recover("palette", func(err error) { fault(err); msg = FaultMsg{err} })
		found := reachable(st)
		entries := make([]palette.Entry, len(found))
		for i, o := range found {
			entries[i] = palette.Entry{Name: o.Title(), Hint: o.Ref().Kind.String() + " on " + string(o.Ref().Conn), Also: lookups(o)}
		}
		return objectsMsg{func() { add(found, entries) }}
	}
}

// inPalette leaves out what only makes sense as a key.
func inPalette(a keymap.Action) bool {
	switch {
	case a.Scope == keymap.List, a.Scope == keymap.Pager, isConsoleScope(a.Scope), strings.HasPrefix(a.ID, "sort."):
		return false
	case a.ID == "palette", a.ID == "back", strings.HasPrefix(a.ID, "menu."):
		return false
	default:
		return true
	}
}

// paletteName tells actions of one title on several kinds apart: "start pool".
func paletteName(a keymap.Action) string {
	switch {
	case a.Makes != backend.KindNone && a.Mutates():
		return "new " + commandName(a)
	case a.Menu == keymap.MenuManage && a.Mutates():
		return strings.ToLower(a.Kinds[0].String()) + ": " + commandName(a)
	default:
		return commandName(a)
	}
}

// reachable are the objects that the palette finds.
func reachable(st *store.Store) []backend.Object {
	var out []backend.Object
	for _, k := range []backend.Kind{backend.KindVM, backend.KindHost, backend.KindPool, backend.KindNetwork,
		backend.KindVolume, backend.KindInterface, backend.KindSecret, backend.KindNodeDevice} {
		objects := st.All(k)
		kind.Order(objects, nil, false)
		out = append(out, objects...)
	}
	return out
}

// lookups are what else an object is known by (I3).
func lookups(o backend.Object) []string {
	switch o := o.(type) {
	case *backend.VM:
		out := []string{o.UUID, o.Path, o.IP}
		if o.DomainID >= 0 && o.Path == "" {
			out = append(out, "id:"+kind.Count(o.DomainID))
		}
		return append(out, o.Datacenter+"/"+o.Name)
	case *backend.Pool:
		return []string{o.UUID}
	case *backend.Network:
		return []string{o.UUID}
	case *backend.Secret:
		return []string{o.UUID}
	case *backend.Volume:
		return []string{o.Path}
	}
	return nil
}

// goTo puts the cursor on an object, clearing the filter that hides it.
func (m *Model) goTo(o backend.Object) tea.Cmd {
	if o.Ref().Kind == backend.KindVolume {
		return m.goToVolume(o)
	}
	for i, s := range m.slots {
		for t, p := range s.tabs {
			if p.Spec.Kind != o.Ref().Kind {
				continue
			}
			m.focusOn(i)
			s.tab, s.drills = t, nil
			p.Filter("")
			if p.Source().Conn != "" && p.Source().Conn != o.Ref().Conn {
				m.scopeAll = true
				m.follow()
			}
			p.SelectSoon(o.Ref())
			return p.Refresh(m.store.Revs())
		}
	}
	return nil
}

// goToVolume opens the pool of a volume and puts the cursor on it.
func (m *Model) goToVolume(o backend.Object) tea.Cmd {
	pool := m.store.Object(o.Owner())
	if pool == nil {
		return nil
	}
	cmd := m.goTo(pool)
	s := m.slots[slotStorage]
	s.drillInto(m, pool, m.specs.Of(backend.KindVolume))
	p := s.pane()
	p.SelectSoon(o.Ref())
	return tea.Batch(cmd, p.Refresh(m.store.Revs()))
}
