package ui

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/ui/kind"
	"hvdeck/ui/overlay"
	"hvdeck/ui/pane"
)

// applyColumns chooses the columns that the configuration names.
func (m *Model) applyColumns() error {
	for name, keys := range m.o.Columns {
		p := m.paneNamed(name)
		if p == nil {
			return fmt.Errorf("columns: there is no kind %q", name)
		}
		for _, k := range keys {
			if !slices.ContainsFunc(p.Spec.Columns, func(c kind.Column) bool { return c.Key == k }) {
				return fmt.Errorf("columns: %s has no column %q; it has %s", name, k, strings.Join(columnKeys(p), " "))
			}
		}
		p.SetColumns(keys)
	}
	return nil
}

func (m *Model) paneNamed(name string) *pane.Pane {
	for _, s := range m.slots {
		for _, p := range s.tabs {
			if slices.Contains(p.Spec.Names, name) {
				return p
			}
		}
	}
	return nil
}

func columnKeys(p *pane.Pane) []string {
	var keys []string
	for _, c := range p.Spec.Columns {
		if !c.Fixed() {
			keys = append(keys, c.Key)
		}
	}
	return keys
}

// chooseColumns offers every column of the focused pane; a key puts one in or out.
func (m *Model) chooseColumns() {
	if m.screen() != nil || m.focus == focusDetails {
		return
	}
	p := m.slots[m.focus].pane()
	if p == nil || len(columnKeys(p)) == 0 {
		return
	}
	keys := columnKeys(p)
	shown := p.Columns()
	if len(shown) == 0 {
		shown = defaultColumns(p)
	}
	items := make([]overlay.MenuItem, len(keys))
	for i, k := range keys {
		items[i] = overlay.MenuItem{Key: string(rune('a' + i)), Title: k, Current: slices.Contains(shown, k)}
	}
	m.menuOf("Columns of "+p.Spec.Title+"; esc ends", items, func(i int) tea.Cmd {
		p.SetColumns(toggled(keys, shown, keys[i]))
		m.chooseColumns()
		return nil
	})
}

// defaultColumns are those that a pane in the stack shows.
func defaultColumns(p *pane.Pane) []string {
	var out []string
	for _, c := range p.Spec.Columns {
		if !c.Fixed() && !c.Wide {
			out = append(out, c.Key)
		}
	}
	return out
}

// toggled puts a key in or out and keeps the declared order.
func toggled(all, shown []string, key string) []string {
	out := []string{}
	for _, k := range all {
		if slices.Contains(shown, k) != (k == key) {
			out = append(out, k)
		}
	}
	return out
}
