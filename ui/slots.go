package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/ui/kind"
	"hvdeck/ui/pane"
)

// The panes of the stack, from the top.
const (
	slotHosts = iota
	slotVMs
	slotSnapshots
	slotStorage
	slotNetworks
	slotTasks
	slotCount
	focusDetails = slotCount // the details have the focus
)

// listView is what a slot or a screen shows: a pane of objects or a plain list.
type listView interface {
	Draw(w, h int, focused, wide bool, empty string) []string
	Do(id string) bool
	Refresh(store.Revs) tea.Cmd
	Filter(string)
	FilterText() string
	Counts() string
	Unmark() bool
	Hold()
	Wheel(int)
	Click(x, line int) bool
}

// slot is a place in the stack. It has one view for each tab, and may have one that
// was drilled into.
type slot struct {
	number int
	name   string
	tabs   []*pane.Pane // of objects; empty for the tasks
	tab    int
	drills []drill  // what was drilled into, the deepest last
	list   listView // of the tasks
}

// drill is the children of a row, over the tab.
type drill struct {
	pane  *pane.Pane
	under string // name of the parent
}

func newSlots(m *Model) []*slot {
	p := func(k backend.Kind) *pane.Pane { return pane.New(m.env, m.specs.Of(k), m.fault) }
	return []*slot{
		slotHosts: {number: 1, name: "Hosts", tabs: []*pane.Pane{p(backend.KindHost), p(backend.KindCluster), p(backend.KindResourcePool),
			p(backend.KindNodeDevice)}},
		slotVMs:       {number: 2, name: "VMs", tabs: []*pane.Pane{p(backend.KindVM)}},
		slotSnapshots: {number: 3, name: "Snapshots", tabs: []*pane.Pane{p(backend.KindSnapshot)}},
		slotStorage:   {number: 4, name: "Storage", tabs: []*pane.Pane{p(backend.KindPool)}},
		slotNetworks:  {number: 5, name: "Networks", tabs: []*pane.Pane{p(backend.KindNetwork), p(backend.KindInterface), p(backend.KindSecret)}},
		slotTasks:     {number: 6, name: "Tasks", list: m.tasksList},
	}
}

// view is what the slot shows now.
func (s *slot) view() listView {
	if p := s.pane(); p != nil {
		return p
	}
	return s.list
}

// pane is the pane of objects it shows now; nil for the tasks.
func (s *slot) pane() *pane.Pane {
	switch {
	case len(s.drills) > 0:
		return s.drills[len(s.drills)-1].pane
	case len(s.tabs) > 0:
		return s.tabs[s.tab]
	default:
		return nil
	}
}

// title names the slot, its tabs and what it is narrowed to.
func (s *slot) title(m *Model) string {
	head := fmt.Sprintf("%d %s", s.number, s.name)
	sep := " " + m.env.Theme.Glyphs.Dot + " "
	switch {
	case len(s.drills) > 0:
		return head + sep + s.path()
	case len(s.tabs) > 1 && m.tabsExist(s):
		return fmt.Sprintf("%d %s", s.number, s.tabNames(m))
	case s.number == slotSnapshots+1 && (m.zoom != zoomNone || m.w < foldWidth):
		// In the stack the VM is seen above; a name in the title would cost a line
		// of bytes at every move.
		if vm := m.store.Object(s.tabs[0].Source().Parent); vm != nil {
			return head + sep + vm.Title()
		}
	case len(s.tabs) == 1 && s.tabs[0].Source().Conn != "":
		return head + sep + string(s.tabs[0].Source().Conn)
	}
	return head
}

// tabsExist reports whether any tab but the first is of use.
func (m *Model) tabsExist(s *slot) bool {
	for _, p := range s.tabs[1:] {
		if m.tabExists(p.Spec.Kind) {
			return true
		}
	}
	return false
}

// tabExists reports whether a tab has something to show, or is where the first object
// of its kind can be made.
func (m *Model) tabExists(k backend.Kind) bool {
	return m.store.Count(k) > 0 || m.makeable(k)
}

func (s *slot) tabNames(m *Model) string {
	var names []string
	for i, p := range s.tabs {
		if i != s.tab && !m.tabExists(p.Spec.Kind) {
			continue
		}
		name := p.Spec.Title
		if i == s.tab {
			name = "[" + name + "]"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// refresh brings every view that is in sight up to date.
func (s *slot) refresh(revs store.Revs) tea.Cmd { return s.view().Refresh(revs) }

// drillInto opens the volumes of a pool, or of a folder in it.
func (s *slot) drillInto(m *Model, o backend.Object, spec *kind.Spec) {
	p := pane.New(m.env, spec, m.fault)
	p.SetSource(pane.Source{Parent: o.Ref()})
	s.drills = append(s.drills, drill{p, o.Title()})
}

// path names what was drilled into.
func (s *slot) path() string {
	names := make([]string, len(s.drills))
	for i, d := range s.drills {
		names[i] = d.under
	}
	return strings.Join(names, "/")
}

// kind is the kind of object the slot shows; KindNone for the tasks.
func (s *slot) kind() backend.Kind {
	if p := s.pane(); p != nil {
		return p.Spec.Kind
	}
	return backend.KindNone
}

// emptyWords say why a pane shows nothing.
func (m *Model) emptyWords(s *slot) string {
	v := s.view()
	switch {
	case v.FilterText() != "":
		return "nothing matches; esc clears the filter"
	case s.kind() == backend.KindNone:
		return "no tasks yet"
	case s.kind() == backend.KindSnapshot:
		return m.emptySnapshots()
	case s.kind() == backend.KindVolume:
		return m.emptyVolumes(s)
	}
	if conn := s.pane().Source().Conn; m.whyNone(conn) == "none" && m.coming(s.kind(), conn) {
		return "not listed yet"
	}
	return m.whyNone(s.pane().Source().Conn) + m.howToMake(s)
}

// howToMake ends the words of an empty list with the key that makes the first.
func (m *Model) howToMake(s *slot) string {
	conn := s.pane().Source().Conn
	if m.whyNone(conn) != "none" || m.coming(backend.KindHost, conn) || !m.tabExists(s.kind()) || !m.makeable(s.kind()) {
		return ""
	}
	a, ok := m.reg.ByID("menu.new")
	if !ok || len(a.Keys) == 0 {
		return ""
	}
	return "; " + a.Keys[0] + " makes one"
}

// makeable reports whether some connection lets objects of a kind be made.
func (m *Model) makeable(k backend.Kind) bool {
	for _, c := range m.store.Conns() {
		if c.Live() && c.Caps.Why(backend.VerbFor(k, backend.ActDefine)) == "" {
			return true
		}
	}
	return false
}

// coming reports whether a list of one connection, or of all, is still on its way from a
// connection that lives: what is shown of it is not all there is.
func (m *Model) coming(k backend.Kind, conn backend.ConnID) bool {
	if k == backend.KindNone || k == backend.KindSnapshot || k == backend.KindVolume {
		return false
	}
	for _, c := range m.store.Conns() {
		if (conn == "" || c.ID == conn) && c.Live() && slices.Contains(c.Caps.Kinds, k) && !m.store.Whole(c.ID, k) {
			return true
		}
	}
	return false
}

// counts say how many rows a pane has, with a plus while more are on their way.
func (m *Model) counts(s *slot) string {
	out := s.view().Counts()
	if p := s.pane(); p != nil && m.coming(p.Spec.Kind, p.Source().Conn) {
		out += "+"
	}
	return out
}

// whyNone says why a list of one connection, or of all, has no rows.
func (m *Model) whyNone(conn backend.ConnID) string {
	down := ""
	for _, c := range m.store.Conns() {
		switch {
		case conn != "" && c.ID != conn, c.Live():
		case c.Phase == store.Connecting:
			return "connecting…"
		case down == "":
			down = string(c.ID) + " is " + c.Phase.String() + "; i says why"
		}
	}
	if down != "" {
		return down
	}
	return "none"
}

func (m *Model) emptyVolumes(s *slot) string {
	if _, at := m.store.Children(backend.KindVolume, s.pane().Source().Parent); at.IsZero() {
		return "listing…"
	}
	if c := m.env.Conn(s.pane().Source().Parent.Conn); !c.Live() {
		return "empty, when " + string(c.ID) + " was last heard of; it is " + c.Phase.String()
	}
	return "empty" + m.howToMake(s)
}

func (m *Model) emptySnapshots() string {
	vm := m.store.Object(m.snapshots().Source().Parent)
	if vm == nil {
		return "no VM under the cursor"
	}
	if _, at := m.store.Children(backend.KindSnapshot, vm.Ref()); at.IsZero() {
		return ""
	}
	return "no snapshots; s c takes one"
}
