package ui

import (
	"reflect"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/ui/pane"
)

// The details and the snapshots follow the cursor once it rests: a held key must not
// draw, or ask for, what it passes. They wait a little longer for the dear fields, so
// that the whole changes at once.
const (
	restTime   = 120 * time.Millisecond
	detailTime = 400 * time.Millisecond
)

// restMsg asks whether the cursor has come to rest.
type restMsg struct{}

// rest is where the cursor is and since when.
type rest struct {
	at    backend.Ref
	since time.Time
	timer bool
}

// follow points the panes that hang on another at what is under its cursor: the VM
// drives the snapshots, the connection of the VM or host the storage and networks.
func (m *Model) follow() {
	var at backend.Ref
	if o := m.cursorObject(); o != nil {
		at = o.Ref()
	}
	if at != m.rest.at {
		m.rest.at, m.rest.since = at, m.now()
	}
	if m.rested() {
		m.arrive()
	}
	conn := m.place
	if m.scopeAll {
		conn = ""
	}
	for _, p := range slices.Concat(m.slots[slotStorage].tabs, m.slots[slotNetworks].tabs) {
		p.SetSource(pane.Source{Conn: conn})
		p.ShowConns(conn == "" && m.env.Several())
	}
}

// rested reports whether the details may follow.
func (m *Model) rested() bool {
	if m.rest.at == m.shown || m.shown.IsZero() {
		return true
	}
	waited := m.now().Sub(m.rest.since)
	return waited >= detailTime || (waited >= restTime && m.store.Detail(m.rest.at) != nil)
}

// arrive lets the details and the snapshots show what the cursor is on.
func (m *Model) arrive() {
	if m.shown != m.rest.at {
		m.detailScroll = 0
	}
	m.shown = m.rest.at
	if k := m.shown.Kind; k == backend.KindHost || k == backend.KindVM || k == backend.KindCluster || k == backend.KindResourcePool {
		m.place = m.shown.Conn
	}
	src := pane.Source{}
	if vm := m.focusVM(); vm != nil {
		src.Parent = vm.Ref()
	}
	m.snapshots().SetSource(src)
}

// awaitRest looks again when the cursor may have come to rest.
func (m *Model) awaitRest() tea.Cmd {
	if m.rest.timer || m.rest.at == m.shown {
		return nil
	}
	wait := restTime
	if m.now().Sub(m.rest.since) >= restTime {
		wait = detailTime
	}
	m.rest.timer = true
	return tea.Tick(wait-m.now().Sub(m.rest.since)+time.Millisecond, func(time.Time) tea.Msg { return restMsg{} })
}

func (m *Model) snapshots() *pane.Pane { return m.slots[slotSnapshots].tabs[0] }

// focusVM is the VM that the snapshots belong to: the one under the cursor, also on
// the screen of top.
func (m *Model) focusVM() backend.Object {
	if s := m.screen(); s != nil {
		if o := s.object(); o != nil && o.Ref().Kind == backend.KindVM {
			return o
		}
	}
	return m.slots[slotVMs].pane().Cursor()
}

// publishInterest tells the poller what is in sight, when that has changed.
func (m *Model) publishInterest() {
	in := m.inSightNow()
	if reflect.DeepEqual(in, m.interest) {
		return
	}
	m.interest = in
	m.o.Poller.SetInterest(in)
}

func (m *Model) inSightNow() poll.Interest {
	in := poll.Interest{AllLoads: m.slots[slotVMs].pane().SortsByLoad() || m.slots[slotHosts].pane().SortsByLoad()}
	if s := m.screen(); s != nil {
		s.interest(m, &in)
	}
	for i, s := range m.slots {
		if p := s.pane(); p != nil && m.inSight(i) {
			in.Kinds = append(in.Kinds, p.Spec.Kind)
		}
	}
	for _, i := range []int{slotHosts, slotVMs} {
		for _, o := range m.slots[i].pane().Visible() {
			in.Rows = append(in.Rows, o.Ref())
		}
	}
	if vm := m.focusVM(); vm != nil {
		in.Children = append(in.Children, backend.Query{Kind: backend.KindSnapshot, Parent: vm.Ref()})
	}
	if s := m.slots[slotStorage]; len(s.drills) > 0 {
		in.Children = append(in.Children, backend.Query{Kind: backend.KindVolume, Parent: s.pane().Source().Parent})
	}
	if o := m.cursorObject(); o != nil {
		in.Details = append(in.Details, o.Ref())
		if o.Ref().Kind == backend.KindSnapshot {
			in.Details = append(in.Details, o.Owner()) // the chain of its disks
		}
	}
	return in
}
