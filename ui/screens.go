package ui

import (
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/pager"
	"hvdeck/ui/pane"
	"hvdeck/ui/table"
)

// screen takes the whole body: the node monitor, top, text.
type screen interface {
	title(m *Model) string
	scopes() []keymap.Scope
	draw(m *Model, w, h int) []string
	do(m *Model, id string) bool
	refresh(m *Model, revs store.Revs) tea.Cmd
	interest(m *Model, in *poll.Interest)
	object() backend.Object // that actions act on; nil for none
	searchable() searchable // what "/" narrows or searches; nil for nothing
}

// searchable is what the filter line works on.
type searchable interface {
	Filter(string)
	FilterText() string
}

// screen is the one on top; nil when the panes are in sight.
func (m *Model) screen() screen {
	if len(m.screens) == 0 {
		return nil
	}
	return m.screens[len(m.screens)-1]
}

func (m *Model) push(s screen) { m.screens = append(m.screens, s) }

// listScreen is a list on the whole screen.
type listScreen struct {
	name   string
	view   listView
	scope  []keymap.Scope
	cursor func() backend.Object
	empty  string
	loads  *pane.Pane // wants the load of every VM, and the rates of those in sight; nil for none
}

func (s *listScreen) title(*Model) string {
	out := s.name
	if f := s.view.FilterText(); f != "" {
		out += " /" + f
	}
	return out + "  " + s.view.Counts()
}
func (s *listScreen) scopes() []keymap.Scope { return s.scope }
func (s *listScreen) draw(_ *Model, w, h int) []string {
	return s.view.Draw(w, h, true, true, s.empty)
}
func (s *listScreen) do(_ *Model, id string) bool               { return s.view.Do(id) }
func (s *listScreen) refresh(_ *Model, revs store.Revs) tea.Cmd { return s.view.Refresh(revs) }
func (s *listScreen) interest(_ *Model, in *poll.Interest) {
	if s.loads == nil {
		return
	}
	in.AllLoads = true
	for _, o := range s.loads.Visible() {
		in.Rows = append(in.Rows, o.Ref())
	}
}
func (s *listScreen) searchable() searchable { return s.view }
func (s *listScreen) object() backend.Object {
	if s.cursor == nil {
		return nil
	}
	return s.cursor()
}

// openTop shows all VMs by load.
func (m *Model) openTop() {
	p := pane.New(m.env, m.specs.Of(backend.KindVM), m.fault)
	p.SortBy("cpu")
	m.push(&listScreen{
		name: "Top", view: p, cursor: p.Cursor, loads: p, empty: "no VMs",
		scope: []keymap.Scope{keymap.Rows(backend.KindVM), keymap.List, keymap.Global},
	})
}

// openConnections lists the connections with what is wrong with each.
func (m *Model) openConnections() {
	col := func(key, title string, lo, hi, priority int, cell func(store.ConnStatus) table.Cell) table.Column[store.ConnStatus] {
		return table.Column[store.ConnStatus]{Key: key, Title: title, Min: lo, Max: hi, Priority: priority, Cell: cell}
	}
	plain := func(f func(store.ConnStatus) string) func(store.ConnStatus) table.Cell {
		return func(c store.ConnStatus) table.Cell { return table.Cell{Text: f(c), Tok: theme.Text} }
	}
	state := func(word bool) func(store.ConnStatus) table.Cell {
		return func(c store.ConnStatus) table.Cell {
			sign, tok := m.phaseLook(c.Phase)
			if word {
				sign = c.Phase.String() + m.phaseAge(c)
			}
			return table.Cell{Text: sign, Tok: tok}
		}
	}
	why := col("why", "WHY", 10, 0, 3, plain(connWhy))
	why.Flex = 3
	view := pane.NewList(m.env, []table.Column[store.ConnStatus]{
		col("glyph", "", 1, 1, 0, state(false)),
		col("name", "CONNECTION", 8, 24, 0, plain(func(c store.ConnStatus) string { return string(c.ID) })),
		col("state", "STATE", 5, 20, 1, state(true)),
		col("server", "SERVER", 6, 30, 4, plain(func(c store.ConnStatus) string { return strings.TrimSpace(c.About.Product + " " + c.About.Version) })),
		col("next", "NEXT TRY", 8, 8, 5, plain(m.nextTry)),
		col("uri", "URI", 6, 50, 6, plain(func(c store.ConnStatus) string { return c.URI })),
		why,
	}, func(c store.ConnStatus) backend.ConnID { return c.ID }, m.store.Conns,
		func(c store.ConnStatus) string { return string(c.ID) + " " + c.Phase.String() + " " + c.URI }, store.TopicConns)
	m.push(&connScreen{listScreen{name: "Connections", view: view, scope: []keymap.Scope{keymap.List, keymap.Global}, empty: "no connections"}, view})
}

// connScreen has the story of the connection under the cursor below the list where there is
// room for both, and opens the whole of it on enter.
type connScreen struct {
	listScreen
	list *pane.List[store.ConnStatus, backend.ConnID]
}

func (s *connScreen) draw(m *Model, w, h int) []string {
	const story = 10 // lines that are worth it
	c, ok := s.list.Cursor()
	above := s.list.Len() + 1
	if !ok || h < above+story {
		return s.listScreen.draw(m, w, h)
	}
	th := m.env.Theme
	out := append(s.listScreen.draw(m, w, above), line.New(th, theme.Plain, w).Rule(theme.Border, th.Glyphs.Box.Horizontal, w).String())
	for _, text := range line.Wrap(m.connStory(c), w-2) {
		out = append(out, line.New(th, theme.Plain, w).Gap(1).Add(theme.Text, text).Gap(w).String())
	}
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out[:h]
}

func (s *connScreen) do(m *Model, id string) bool {
	if id != "list.open" {
		return s.view.Do(id)
	}
	if c, ok := s.list.Cursor(); ok {
		m.message(string(c.ID), m.connStory(c), theme.Focus)
	}
	return true
}

func (m *Model) connStory(c store.ConnStatus) string {
	lines := []string{"URI: " + c.URI, "State: " + c.Phase.String() + ", for " + kind.Age(m.env.Now.Sub(c.Since))}
	for _, f := range append([]backend.Field{
		{Name: "Server", Value: strings.TrimSpace(c.About.Product + " " + c.About.Version)}, {Name: "Type", Value: c.About.Type},
		{Name: "API", Value: c.About.API}, {Name: "Answers as", Value: c.About.HostName},
	}, c.About.Fields...) {
		if f.Value != "" {
			lines = append(lines, f.Name+": "+f.Value)
		}
	}
	if !c.LastGood.IsZero() {
		lines = append(lines, "Last data: "+kind.Age(m.env.Now.Sub(c.LastGood))+" ago")
	}
	if c.Err != "" {
		lines = append(lines, "", c.Err)
	}
	if c.Remedy != "" {
		lines = append(lines, "", "What to do: "+c.Remedy)
	}
	return strings.Join(lines, "\n")
}

func connWhy(c store.ConnStatus) string {
	if c.Live() {
		if c.ReadOnly {
			return "read-only"
		}
		return ""
	}
	return strings.ReplaceAll(withoutPlace(c.Err), "\n", " ")
}

// withoutPlace leaves out of "connect to URI: why" what was done where.
func withoutPlace(err string) string {
	uri := strings.Index(err, "://")
	if uri < 0 || strings.Count(err[:uri], " ") > 2 {
		return err
	}
	if _, why, found := strings.Cut(err[uri:], ": "); found {
		return why
	}
	return err
}

func (m *Model) nextTry(c store.ConnStatus) string {
	if c.NextTry.IsZero() {
		if c.Phase == store.Denied {
			return "ctrl-r"
		}
		return ""
	}
	return "in " + kind.AgeShort(c.NextTry.Sub(m.env.Now))
}

// textScreen is text that scrolls.
type textScreen struct {
	name string
	*pager.Pager
	update func() ([]pager.Line, bool) // newer text, if any; nil: it does not change
	what   func(in *poll.Interest)
}

func (s *textScreen) title(*Model) string {
	if found := s.Found(); found != "" {
		return s.name + " /" + found
	}
	return s.name
}
func (s *textScreen) scopes() []keymap.Scope           { return []keymap.Scope{keymap.Pager, keymap.Global} }
func (s *textScreen) draw(m *Model, w, h int) []string { return s.Draw(w, h, m.env.Theme) }
func (s *textScreen) do(_ *Model, id string) bool      { return s.Do(id) }
func (s *textScreen) object() backend.Object           { return nil }
func (s *textScreen) searchable() searchable           { return s.Pager }
func (s *textScreen) refresh(_ *Model, _ store.Revs) tea.Cmd {
	if s.update == nil {
		return nil
	}
	if lines, ok := s.update(); ok {
		s.SetLines(lines)
	}
	return nil
}
func (s *textScreen) interest(_ *Model, in *poll.Interest) {
	if s.what != nil {
		s.what(in)
	}
}
