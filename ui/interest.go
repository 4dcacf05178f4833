package ui

import (
	"reflect"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/ui/pane"
)

// follow points the panes that hang on another at what is under its cursor: the VM
// drives the snapshots, the host's connection the storage and networks.
func (m *Model) follow() {
	vm := m.focusVM()
	if src := m.snapshots().Source(); vm != nil && src.Parent != vm.Ref() {
		m.snapshots().SetSource(pane.Source{Parent: vm.Ref()})
		m.detailScroll = 0
	} else if vm == nil && !src.Parent.IsZero() {
		m.snapshots().SetSource(pane.Source{})
	}
	var conn backend.ConnID
	if host := m.slots[slotHosts].pane().Cursor(); host != nil && !m.scopeAll {
		conn = host.Ref().Conn
	}
	m.slots[slotStorage].tabs[0].SetSource(pane.Source{Conn: conn})
	m.slots[slotNetworks].tabs[0].SetSource(pane.Source{Conn: conn})
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
	in := poll.Interest{}
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
	if vm := m.focusVM(); vm != nil && (m.screen() == nil || m.screen().object() != nil) {
		in.Children = append(in.Children, backend.Query{Kind: backend.KindSnapshot, Parent: vm.Ref()})
	}
	if d := m.slots[slotStorage].drill; d != nil {
		in.Children = append(in.Children, backend.Query{Kind: backend.KindVolume, Parent: d.Source().Parent})
	}
	if o := m.subject(); o != nil {
		in.Details = append(in.Details, o.Ref())
	}
	return in
}
