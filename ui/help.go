package ui

import (
	"slices"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/pager"
)

// openHelp lists every key that works where the focus is, then everything else.
func (m *Model) openHelp() {
	var lines []pager.Line
	head := func(s string) {
		if len(lines) > 0 {
			lines = append(lines, pager.Line{})
		}
		lines = append(lines, pager.Line{Segs: []pager.Seg{{Tok: theme.Head, Text: s}}})
	}
	here := m.reg.In(m.chain())
	slices.SortStableFunc(here, func(a, b keymap.Action) int { return helpRank(a) - helpRank(b) })
	group := ""
	for _, a := range append(m.menuActions(), here...) {
		if a.Group != group {
			group = a.Group
			head(group)
		}
		lines = append(lines, m.helpLine(a))
	}
	head("Filter words")
	lines = append(lines, pager.Plain("web db       both words, in name, state, host or address\n"+
		"!off         what does not match\n"+
		"host:kvm01   one field: name state host tag ip conn dc cluster pool folder guest uuid id path type")...)
	head("States")
	lines = append(lines, m.legend()...)
	m.push(&textScreen{name: "Help " + m.env.Theme.Glyphs.Dot + " esc closes, j k and PgDn scroll, / finds", Pager: pager.New(lines)})
}

// helpRank puts the many ways to sort last.
func helpRank(a keymap.Action) int {
	if strings.HasPrefix(a.ID, "sort.") {
		return 1
	}
	return 0
}

func (m *Model) menuActions() []keymap.Action {
	k := backend.KindNone
	if m.screen() == nil && m.focus != focusDetails {
		k = m.slots[m.focus].kind()
	}
	var out []keymap.Action
	selected := m.selected()
	for _, menu := range m.reg.Menus() {
		for _, a := range m.reg.Menu(menu) {
			if slices.Contains(a.Kinds, k) && !m.foreignTo(a, selected) {
				out = append(out, a)
			}
		}
	}
	return out
}

func (m *Model) helpLine(a keymap.Action) pager.Line {
	text := a.Help
	switch a.Risk {
	case keymap.Safe: // asks nothing
	case keymap.Disruptive:
		text += " Asks y."
	case keymap.Irreversible:
		text += " Asks for the name."
	}
	key := m.reg.KeyText(a)
	return pager.Line{Segs: []pager.Seg{
		{Tok: theme.Key, Text: "  " + key + strings.Repeat(" ", max(18-len(key), 1))},
		{Tok: theme.Text, Text: strings.TrimSuffix(a.Title, "…") + strings.Repeat(" ", max(28-len([]rune(strings.TrimSuffix(a.Title, "…"))), 1))},
		{Tok: theme.Muted, Text: text},
	}}
}

// legend explains the glyphs; each has its word beside it everywhere.
func (m *Model) legend() []pager.Line {
	g := m.env.Theme.Glyphs
	rows := []struct {
		sign string
		tok  theme.Token
		word string
	}{
		{g.On, theme.StateOK, "running, ready"},
		{g.Off, theme.StateOff, "off"},
		{g.Half, theme.StateWarn, "paused, suspended, saved; or on its way"},
		{g.Failed, theme.StateBad, "crashed, unreachable, failed"},
		{g.Waiting, theme.StateBusy, "connecting, queued, unknown"},
		{g.Unknown, theme.StateWarn, "waits for an answer"},
	}
	out := make([]pager.Line, len(rows))
	for i, r := range rows {
		out[i] = pager.Line{Segs: []pager.Seg{{Tok: r.tok, Text: "  " + r.sign + "  "}, {Tok: theme.Text, Text: r.word}}}
	}
	return out
}
