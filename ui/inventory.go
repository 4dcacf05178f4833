package ui

import (
	"strconv"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/pane"
	"hvdeck/ui/table"
	"hvdeck/ui/tree"
)

// scopeInventory has the keys of the inventory trees.
const scopeInventory keymap.Scope = "inventory"

// From here on a tree is built off the event loop, and begins with its VMs folded away.
const (
	inventoryAside  = 2000
	inventoryFolded = 400
)

// inventoryScreen shows everything as trees: by folders, and by hosts, clusters and pools.
type inventoryScreen struct {
	tabs []*inventoryTab
	at   int
}

// inventoryTab is one of the trees.
type inventoryTab struct {
	name    string
	byHosts bool
	all     *tree.Model[*invRow, backend.Ref]
	found   *tree.Model[*invRow, backend.Ref] // what matches the filter; everything is open in it
	matched bool                              // found is of this filter: until it is, all is shown

	text   string
	filter kind.Filter
	seen   uint64
	want   bool        // the filter changed
	busy   bool        // a build is under way off the loop
	begun  bool        // there were rows
	wanted backend.Ref // the cursor shall go there when it is there
	seek   bool        // it shall go to the first row that the filter finds
	centre bool        // it has just gone there: what it is in shall be in sight too
	narrow bool        // as drawn last
	vms    int
}

func inventoryActions() []keymap.Action {
	return []keymap.Action{
		act("inventory", "Browse the inventory", "Everything as trees, of folders and of hosts, clusters and pools ([ and ] turn). "+
			"enter, h and l open and fold, + and _ all at once; enter on a VM goes to it.", keymap.Global, "Console", "b"),
		hint(act("inventory.only", "List only these", "Narrows the list of VMs to the folder, cluster, pool, host or datacenter under the cursor.",
			scopeInventory, "Inventory trees", "o")),
	}
}

// openInventory shows the tree of folders, at what is under the cursor.
func (m *Model) openInventory() {
	var at backend.Ref
	if o := m.cursorObject(); o != nil {
		at = o.Ref()
	}
	m.openInventoryAt(at)
}

func (m *Model) openInventoryAt(at backend.Ref) {
	s := &inventoryScreen{}
	for _, t := range []struct {
		name    string
		byHosts bool
	}{{"VMs and folders", false}, {"Hosts and clusters", true}} {
		s.tabs = append(s.tabs, &inventoryTab{
			name: t.name, byHosts: t.byHosts, want: true, wanted: at, all: m.inventoryTree(), found: m.inventoryTree(),
		})
	}
	switch at.Kind {
	case backend.KindHost, backend.KindCluster, backend.KindResourcePool:
		s.at = 1
	default:
	}
	m.push(s)
}

func (m *Model) inventoryTree() *tree.Model[*invRow, backend.Ref] {
	spec := inventorySpec()
	spec.Label, spec.Title, spec.Columns = m.inventoryLabel, "INVENTORY", m.inventoryColumns()
	t := tree.New(spec)
	t.SetStale(func(r *invRow) bool { return !m.env.Live(r.ref.Conn) })
	return t
}

// inventorySpec is how rows hang together.
func inventorySpec() tree.Spec[*invRow, backend.Ref] {
	return tree.Spec[*invRow, backend.Ref]{
		ID:     func(r *invRow) backend.Ref { return r.ref },
		Parent: func(r *invRow) (backend.Ref, bool) { return r.up, !r.up.IsZero() },
	}
}

func (s *inventoryScreen) tab() *inventoryTab { return s.tabs[s.at] }

func (t *inventoryTab) tree() *tree.Model[*invRow, backend.Ref] {
	if t.filter.Empty() || !t.matched {
		return t.all
	}
	return t.found
}

func (s *inventoryScreen) title(*Model) string {
	names := make([]string, len(s.tabs))
	for i, t := range s.tabs {
		names[i] = t.name
	}
	out := tabWords(names, s.at) + "  " + strconv.Itoa(s.tab().vms) + " VMs"
	if f := s.tab().text; f != "" {
		out += " /" + f
	}
	return out
}

func (s *inventoryScreen) scopes() []keymap.Scope {
	k := backend.KindNone
	if r, ok := s.tab().tree().Cursor(); ok {
		k = r.ref.Kind
	}
	return []keymap.Scope{scopeInventory, keymap.Rows(k), keymap.List, keymap.Global}
}

func (s *inventoryScreen) object() backend.Object {
	if r, ok := s.tab().tree().Cursor(); ok {
		return r.obj
	}
	return nil
}

func (s *inventoryScreen) searchable() searchable { return s.tab() }

// Filter narrows the tree to what matches and what that is in.
func (t *inventoryTab) Filter(text string) {
	if text == t.text {
		return
	}
	at, was := t.tree().Cursor()
	t.text, t.filter, t.want = text, kind.ParseFilter(text), true
	t.seek = !t.filter.Empty()
	if was {
		t.wanted = at.ref
	}
	if t.filter.Empty() {
		t.matched = false
		t.arrive() // at once: a build may take a while, and keys are about what is in sight
	}
}

// arrive puts the cursor where it is wanted; false when that is not there.
func (t *inventoryTab) arrive() bool {
	if t.wanted.IsZero() || !t.tree().SetCursorID(t.wanted) {
		return false
	}
	t.wanted, t.centre, t.seek = backend.Ref{}, true, false
	return true
}

// FilterText is the filter as typed.
func (t *inventoryTab) FilterText() string { return t.text }

func (s *inventoryScreen) interest(_ *Model, in *poll.Interest) {
	in.Kinds = append(in.Kinds, inventoryKinds()...)
	for _, r := range s.tab().tree().Visible() {
		if r.isVM() || r.ref.Kind == backend.KindHost {
			in.Rows = append(in.Rows, r.ref)
		}
	}
}

func inventoryKinds() []backend.Kind {
	return []backend.Kind{backend.KindFolder, backend.KindCluster, backend.KindHost, backend.KindResourcePool, backend.KindVM}
}

// refresh builds the tree in sight again when something in it has changed.
func (s *inventoryScreen) refresh(m *Model, revs store.Revs) tea.Cmd {
	t := s.tab()
	seen := revs[store.TopicConns]
	for _, k := range inventoryKinds() {
		seen += revs[store.Of(k)]
	}
	if t.busy || (seen == t.seen && !t.want) {
		return nil
	}
	t.seen, t.want = seen, false
	build := m.inventoryBuild(t)
	if m.store.Count(backend.KindVM) <= inventoryAside {
		t.take(build())
		return nil
	}
	t.busy = true
	fault := m.o.Fault
	return m.aside("inventory", func() func() tea.Cmd {
		now, err := func() (now builtTree, err error) {
			defer guard.Recover("inventory", func(e error) { fault(e); err = e })
			return build(), nil
		}()
		return func() tea.Cmd {
			t.busy = false
			switch {
			case err != nil:
				m.say(theme.StateBad, err.Error()+" (see the log)")
			case !t.want: // else the filter has changed meanwhile
				t.take(now)
			}
			return nil
		}
	})
}

// builtTree is what a tree shows, made ready off the event loop where there is much.
type builtTree struct {
	forest tree.Forest[*invRow]
	hits   map[backend.Ref]bool // what matches the filter itself; nil without one
	rows   int
	vms    int
}

// inventoryBuild reads the store for a tab as it is now; it may run off the event loop.
func (m *Model) inventoryBuild(t *inventoryTab) func() builtTree {
	st, specs, byHosts, filter := m.store, m.specs, t.byHosts, t.filter
	return func() builtTree {
		var b builtTree
		rows := buildInventory(st, byHosts)
		if !filter.Empty() {
			rows, b.hits = matching(rows, specs, filter)
		}
		for _, r := range rows {
			if r.isVM() {
				b.vms++
			}
		}
		b.rows, b.forest = len(rows), tree.Grow(inventorySpec(), rows)
		return b
	}
}

// take shows rows. Where there are many, the VMs are folded away at first. While a filter
// is typed the cursor stays on what it is on as long as that matches.
func (t *inventoryTab) take(b builtTree) {
	t.matched = !t.filter.Empty()
	tr := t.tree()
	tr.SetForest(b.forest)
	t.vms = b.vms
	if !t.matched && !t.begun && t.vms > 0 {
		t.begun = true
		if b.rows > inventoryFolded {
			tr.CollapseWhere(func(r *invRow) bool { return r.near > 0 })
		}
	}
	if t.matched && !b.hits[t.wanted] {
		t.wanted = backend.Ref{}
	}
	if !t.arrive() && t.seek && len(b.hits) > 0 {
		t.seek = false
		t.toFirst(b.hits)
	}
}

// toFirst puts the cursor on the first row that matches the filter.
func (t *inventoryTab) toFirst(hits map[backend.Ref]bool) {
	for i, r := range t.found.Rows() {
		if hits[r.ref] {
			t.found.SetCursor(i)
			return
		}
	}
}

func (s *inventoryScreen) draw(m *Model, w, h int) []string {
	t := s.tab()
	const roomy, narrow = 110, 50
	if t.narrow != (w < narrow) {
		t.narrow = w < narrow
		t.hide(t.narrow)
	}
	o := table.Opts{Header: h > 3, Wide: m.wide || w >= roomy, Empty: t.emptyWords(m)}
	lines := t.tree().Draw(w, h, m.env.Theme, true, o)
	if !t.centre {
		return lines
	}
	t.centre = false
	t.tree().ScrollTo(t.tree().CursorIndex() - h/2)
	return t.tree().Draw(w, h, m.env.Theme, true, o)
}

// hide leaves the names more room.
func (t *inventoryTab) hide(narrow bool) {
	var hidden []string
	if narrow {
		hidden = []string{"vms", "health"}
	}
	t.all.SetHidden(hidden)
	t.found.SetHidden(hidden)
}

func (t *inventoryTab) emptyWords(m *Model) string {
	switch {
	case t.busy:
		return "listing…"
	case t.text != "":
		return "nothing matches; esc clears the filter"
	default:
		return m.whyNone("")
	}
}

func (s *inventoryScreen) do(m *Model, id string) bool {
	t := s.tab()
	tr := t.tree()
	tr.Hold()
	t.seek = t.seek && id == "list.filter" // what else is done is about the row under the cursor
	switch id {
	case "pane.next":
		tr.Expand()
	case "pane.prev":
		tr.Collapse()
	case "list.fold":
		tr.Toggle()
	case "pane.zoom-in":
		tr.ExpandAll()
	case "pane.zoom-out":
		tr.CollapseAll()
	case "pane.next-tab", "pane.prev-tab":
		s.turn()
	case "inventory.only":
		m.narrowTo(tr.CursorNode())
	case "back":
		return t.unfilter()
	case "list.mark", "list.mark-range", "list.mark-all", "list.unmark":
		m.say(theme.StateWarn, "marks are for the list of VMs: o shows there what is in a place")
	default:
		return pane.Perform(tr, id)
	}
	return true
}

// unfilter clears the filter and stays on the row; false when there was none.
func (t *inventoryTab) unfilter() bool {
	if t.text == "" {
		return false
	}
	t.Filter("")
	return true
}

// turn goes to the other tree, to the same object there.
func (s *inventoryScreen) turn() {
	at, ok := s.tab().tree().Cursor()
	s.at = (s.at + 1) % len(s.tabs)
	if ok {
		s.tab().wanted, s.tab().want = at.ref, true
	}
}

// open is enter: to a VM in the list of VMs; a place is opened or folded.
func (s *inventoryScreen) open(m *Model) tea.Cmd {
	tr := s.tab().tree()
	r, ok := tr.Cursor()
	switch {
	case !ok:
	case r.isVM():
		return m.goTo(r.obj)
	default:
		tr.Hold()
		tr.Toggle()
	}
	return nil
}
