package overlay

import (
	"slices"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// MenuItem is one entry of a menu.
type MenuItem struct {
	Key     string // as KeyPressMsg.String names it
	Title   string
	Why     string // why it cannot be taken now; "" when it can
	Current bool   // it is in force already
}

// Menu shows which key does what next; a key takes the entry at once, as do the arrows
// and enter. Greyed entries say why and stay.
type Menu struct {
	Title  string
	items  []MenuItem
	cursor int
	chosen int
	scroll scroller
}

// NewMenu returns a menu of items, in their order; the cursor is on the first that can
// be taken.
func NewMenu(title string, items []MenuItem) *Menu {
	first := slices.IndexFunc(items, func(it MenuItem) bool { return it.Why == "" })
	return &Menu{Title: title, items: items, cursor: max(first, 0), chosen: -1}
}

// Choice is the index of the item taken; false before Chosen.
func (m *Menu) Choice() (int, bool) { return m.chosen, m.chosen >= 0 }

// Update takes a key. A key of no entry changes nothing.
func (m *Menu) Update(msg tea.KeyPressMsg) Result {
	name := msg.String()
	for i, it := range m.items {
		if it.Key == name {
			return m.take(i)
		}
	}
	switch name {
	case "esc", "ctrl+c":
		return Cancelled
	case "enter":
		return m.take(m.cursor)
	case "down", "ctrl+n", "tab":
		m.cursor++
	case "up", "ctrl+p", "shift+tab":
		m.cursor--
	case "pgdown":
		m.cursor += m.scroll.page
	case "pgup":
		m.cursor -= m.scroll.page
	}
	m.cursor = max(min(m.cursor, len(m.items)-1), 0)
	return Open
}

// take takes an entry, or puts the cursor on it when it is greyed.
func (m *Menu) take(i int) Result {
	if i >= len(m.items) {
		return Open
	}
	m.cursor = i
	if m.items[i].Why != "" {
		return Open
	}
	m.chosen = i
	return Chosen
}

// Draw returns the box.
func (m *Menu) Draw(w, h int, th *theme.Theme) []string {
	key, text := m.widths()
	w = min(max(w, 0), max(key+text+8, line.Width(m.Title)+6, 24))
	inner := max(w-4, 0)
	m.scroll.fit(min(h-2, len(m.items)), len(m.items))
	m.scroll.top = min(m.scroll.top, m.cursor)
	m.scroll.top = max(m.scroll.top, m.cursor-m.scroll.page+1)
	body := make([]string, 0, m.scroll.page)
	for i := m.scroll.top; i < m.scroll.end(); i++ {
		body = append(body, m.row(i, key, inner, th))
	}
	return clip(line.Frame(th, m.Title, theme.Focus, body, w), h)
}

func (m *Menu) widths() (key, text int) {
	for _, it := range m.items {
		key = max(key, line.Width(it.Key))
		t := line.Width(it.Title)
		if it.Why != "" {
			t += 3 + line.Width(it.Why)
		}
		text = max(text, t)
	}
	return key, text
}

func (m *Menu) row(i, key, w int, th *theme.Theme) string {
	it := m.items[i]
	row := theme.Plain
	if i == m.cursor {
		row = theme.Cursor
	}
	b := line.New(th, row, w)
	keyTok, tok := theme.Key, theme.Text
	if it.Why != "" {
		keyTok, tok = theme.Muted, theme.Muted
	}
	sign := " "
	if it.Current {
		sign = th.Glyphs.On
	}
	b.AddFit(keyTok, it.Key, key).Gap(1).AddFit(theme.Accent, sign, 1).Gap(1).Add(tok, it.Title)
	if it.Why != "" {
		b.Add(theme.Muted, " "+th.Glyphs.Dot+" "+it.Why)
	}
	return b.String()
}
