package ui

import (
	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
)

// wheelLines is how far one notch of the wheel scrolls.
const wheelLines = 3

// onClick focuses a pane and moves its cursor; a second click on the cursor opens.
func (m *Model) onClick(mouse tea.Mouse) tea.Cmd {
	if mouse.Button != tea.MouseLeft || len(m.overlays) > 0 {
		return nil
	}
	lay := m.layout()
	if lay.details.w > 0 && lay.details.holds(mouse.X, mouse.Y) {
		m.focusOn(focusDetails)
		return nil
	}
	if s, ok := m.screen().(pointed); ok && lay.body.holds(mouse.X, mouse.Y) {
		return m.clickScreen(s, mouse.X-1, mouse.Y-lay.body.y-1)
	}
	for _, p := range lay.stack {
		if !p.rect.holds(mouse.X, mouse.Y) {
			continue
		}
		return m.clickSlot(p, mouse)
	}
	return nil
}

// pointed is a screen of rows, for the mouse.
type pointed interface {
	click(x, line int) bool // of what was drawn; false where there is no row
	wheel(n int)
	row() any // what tells the row under the cursor from others; nil without one
}

// clickScreen moves the cursor; a second click on it opens.
func (m *Model) clickScreen(s pointed, x, y int) tea.Cmd {
	was := s.row()
	if !s.click(x, y) || was == nil || was != s.row() {
		return nil
	}
	a, ok := m.reg.ByID("list.open")
	if !ok {
		return nil
	}
	return m.run(a)
}

// rowOf is a row that is an object.
func rowOf(o backend.Object) any {
	if o == nil {
		return nil
	}
	return o.Ref()
}

func (s *listScreen) click(x, line int) bool { return s.view.Click(x, line) }
func (s *listScreen) wheel(n int)            { s.view.Wheel(n) }
func (s *listScreen) row() any               { return rowOf(s.object()) }

func (s *connScreen) row() any {
	if c, ok := s.list.Cursor(); ok {
		return c.ID
	}
	return nil
}

func (s *alarmsScreen) click(x, line int) bool { return s.pane.Click(x, line) }
func (s *alarmsScreen) wheel(n int)            { s.pane.Wheel(n) }
func (s *alarmsScreen) row() any               { return rowOf(s.pane.Cursor()) }

func (s *eventsScreen) click(x, line int) bool { return s.view().Click(x, line) }
func (s *eventsScreen) wheel(n int)            { s.view().Wheel(n) }
func (s *eventsScreen) row() any {
	if r, ok := s.view().Cursor(); ok {
		return r.key()
	}
	return nil
}

func (s *inventoryScreen) click(_, line int) bool {
	tr := s.tab().tree()
	tr.Hold()
	return tr.Click(line)
}

func (s *inventoryScreen) wheel(n int) {
	tr := s.tab().tree()
	tr.Hold()
	tr.Wheel(n)
}

func (s *inventoryScreen) row() any {
	if r, ok := s.tab().tree().Cursor(); ok {
		return r.ref
	}
	return nil
}

// The plots of a history are scrolled by rows of them; there is nothing to click.
func (s *historyScreen) click(_, _ int) bool { return false }
func (s *historyScreen) row() any            { return nil }
func (s *historyScreen) wheel(n int) {
	if n > 0 {
		s.move("pager.down")
		return
	}
	s.move("pager.up")
}

func (m *Model) clickSlot(p placed, mouse tea.Mouse) tea.Cmd {
	was := m.cursor()
	focused := m.focus == p.slot
	m.focusOn(p.slot)
	hit := m.slots[p.slot].view().Click(mouse.X-p.rect.x-1, mouse.Y-p.rect.y-1)
	if now := m.cursor(); hit && focused && was != nil && now != nil && was.Ref() == now.Ref() {
		return m.open()
	}
	return nil
}

// onWheel scrolls what is under the pointer.
func (m *Model) onWheel(mouse tea.Mouse) {
	n := wheelLines
	if mouse.Button == tea.MouseWheelUp {
		n = -n
	}
	if len(m.overlays) > 0 {
		return
	}
	lay := m.layout()
	if s := m.screen(); s != nil {
		m.wheelScreen(s, n)
		return
	}
	if lay.details.w > 0 && lay.details.holds(mouse.X, mouse.Y) {
		m.detailScroll.by(n)
		return
	}
	for _, p := range lay.stack {
		if p.rect.holds(mouse.X, mouse.Y) {
			m.slots[p.slot].view().Wheel(n)
		}
	}
}

func (m *Model) wheelScreen(s screen, n int) {
	if l, ok := s.(pointed); ok {
		l.wheel(n)
		return
	}
	step := "pager.down"
	if n < 0 {
		step = "pager.up"
	}
	for range wheelLines {
		s.do(m, step)
	}
}
