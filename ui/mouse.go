package ui

import (
	tea "charm.land/bubbletea/v2"
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
	if s, ok := m.screen().(*listScreen); ok && lay.body.holds(mouse.X, mouse.Y) {
		s.view.Click(mouse.X-1, mouse.Y-lay.body.y-1)
		return nil
	}
	for _, p := range lay.stack {
		if !p.rect.holds(mouse.X, mouse.Y) {
			continue
		}
		return m.clickSlot(p, mouse)
	}
	return nil
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
	if l, ok := s.(*listScreen); ok {
		l.view.Wheel(n)
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
