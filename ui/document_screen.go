package ui

import (
	"context"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/detail"
	"hvdeck/ui/line"
	"hvdeck/ui/pager"
	"hvdeck/ui/xmlview"
)

// page is one of the pages of a pageScreen.
type page interface {
	name() string
	draw(m *Model, w, h int) []string
	do(m *Model, id string) bool
	refresh(m *Model) tea.Cmd // of the page in sight, after every message
	status() string           // for the title
	searchable() searchable
}

// pageScreen is an object on the whole screen: its details, its text, its documents.
type pageScreen struct {
	ref   backend.Ref
	obj   backend.Object
	where string // after the name
	pages []page
	at    int
}

func (s *pageScreen) title(m *Model) string {
	dot := " " + m.env.Theme.Glyphs.Dot + " "
	out := s.obj.Title() + s.where
	if c := m.env.Conn(s.ref.Conn); !c.Live() {
		out += dot + "STALE, " + c.Phase.String() + m.phaseAge(c)
	}
	if status := s.pages[s.at].status(); status != "" {
		out += dot + status
	}
	return out
}
func (s *pageScreen) scopes() []keymap.Scope { return []keymap.Scope{keymap.Pager, keymap.Global} }
func (s *pageScreen) object() backend.Object { return s.obj }
func (s *pageScreen) searchable() searchable { return s.pages[s.at].searchable() }
func (s *pageScreen) interest(_ *Model, in *poll.Interest) {
	in.Details = append(in.Details, s.ref)
}

func (s *pageScreen) refresh(m *Model, _ store.Revs) tea.Cmd {
	if o := m.store.Object(s.ref); o != nil {
		s.obj = o
	}
	return s.pages[s.at].refresh(m)
}

func (s *pageScreen) do(m *Model, id string) bool {
	n := len(s.pages)
	switch id {
	case "pane.next-tab":
		s.at = (s.at + 1) % n
		return true
	case "pane.prev-tab":
		s.at = (s.at + n - 1) % n
		return true
	}
	return s.pages[s.at].do(m, id)
}

func (s *pageScreen) draw(m *Model, w, h int) []string {
	if len(s.pages) == 1 || h < 3 {
		return s.pages[s.at].draw(m, w, h)
	}
	return append([]string{s.tabs(m, w), theme.Blank(w)}, s.pages[s.at].draw(m, w, h-2)...)
}

// tabs names the pages, the one in sight in brackets; what comes before gives way.
func (s *pageScreen) tabs(m *Model, w int) string {
	from := 0
	for from < s.at && s.tabsWidth(from, s.at) > w-8 {
		from++
	}
	b := line.New(m.env.Theme, theme.Plain, w)
	b.Gap(1)
	if from > 0 {
		b.Add(theme.Muted, m.env.Theme.Glyphs.Ellipsis+" ")
	}
	for i := from; i < len(s.pages); i++ {
		if i == s.at {
			b.Add(theme.Focus, "["+s.pages[i].name()+"]").Gap(1)
			continue
		}
		b.Add(theme.Muted, " "+s.pages[i].name()+" ").Gap(1)
	}
	return b.String()
}

func (s *pageScreen) tabsWidth(from, to int) int {
	w := 0
	for _, p := range s.pages[from : to+1] {
		w += line.Width(p.name()) + 3
	}
	return w
}

// describe shows the details on the whole screen, and the object's documents.
func (m *Model) describe() {
	switch o := m.cursorObject(); {
	case o != nil:
		m.push(m.describing(o))
	case m.screen() == nil && m.stackFocus() == slotTasks: // its object is gone
		m.showTask()
	}
}

func (m *Model) describing(o backend.Object) *pageScreen {
	s := &pageScreen{ref: o.Ref(), obj: o, where: " on " + string(o.Ref().Conn), pages: []page{&detailPage{ref: o.Ref(), obj: o}}}
	for _, name := range m.documents(o.Ref()) {
		s.pages = append(s.pages, documentPage(o.Ref(), name, false))
	}
	return s
}

// openRaw shows the XML or the properties of what is under the cursor: as it is now,
// as it will be from its next start, and what else the server has to say in XML.
func (m *Model) openRaw() {
	o := m.cursorObject()
	if o == nil {
		return
	}
	r := o.Ref()
	now := &textPage{ref: r, title: "Definition", pager: pager.New(pager.Plain("Asking…"))}
	s := &pageScreen{ref: r, obj: o, where: " as " + string(r.Conn) + " gives it", pages: []page{now}}
	names := m.documents(r)
	vm, _ := o.(*backend.VM)
	runs := vm != nil && vm.State.Running()
	if runs && m.canDefine(r) {
		now.title = "Running"
		if !slices.Contains(names, backend.DocumentNextStart) {
			s.pages = append(s.pages, nextStartPage(r))
		}
	}
	for _, name := range names {
		// The first page has what is now, kept up to date; without a running VM the next
		// start is no other.
		if name != backend.DocumentNow && (runs || name != backend.DocumentNextStart) {
			s.pages = append(s.pages, documentPage(r, name, true))
		}
	}
	m.push(s)
}

// openDifferences shows what has changed since a snapshot (S6).
func (m *Model) openDifferences() {
	o := m.cursor()
	if o == nil {
		return
	}
	if !m.openDocument(o, backend.DocumentDifferences) {
		m.say(theme.StateWarn, o.Title()+": what has changed since is not known on this connection")
	}
}

// openDocument shows a document of an object, the first of all for ""; false when there
// is none.
func (m *Model) openDocument(o backend.Object, name string) bool {
	s := m.describing(o)
	for i, p := range s.pages {
		if i > 0 && (name == "" || p.name() == name) {
			s.at = i
			m.push(s)
			return true
		}
	}
	return false
}

// documents are what can be asked about an object; nothing while its connection is down.
func (m *Model) documents(r backend.Ref) []string {
	b, err := m.o.Poller.Backend(r.Conn)
	if err != nil {
		return nil
	}
	d, ok := backend.As[backend.Documenter](b)
	if !ok {
		return nil
	}
	return d.Documents(r)
}

func (m *Model) canDefine(r backend.Ref) bool {
	b, err := m.o.Poller.Backend(r.Conn)
	if err != nil {
		return false
	}
	_, ok := backend.As[backend.Definer](b)
	return ok
}

func documentPage(r backend.Ref, name string, raw bool) *fetchedPage {
	return &fetchedPage{ref: r, title: name, raw: raw, wanted: true, fetch: func(ctx context.Context, b backend.Backend) (*backend.Document, error) {
		d, ok := backend.As[backend.Documenter](b)
		if !ok {
			return nil, backend.Refuse(backend.ClassUnsupported, "read", name, "not supported by this connection")
		}
		return d.Document(ctx, r, name)
	}}
}

// nextStartPage is the lasting definition of a VM that runs, its passwords masked.
func nextStartPage(r backend.Ref) *fetchedPage {
	return &fetchedPage{ref: r, title: "Next start", raw: true, wanted: true, fetch: func(ctx context.Context, b backend.Backend) (*backend.Document, error) {
		text, err := definition(ctx, b, r)
		if err != nil {
			return nil, err
		}
		return &backend.Document{Ref: r, Raw: xmlview.Mask(text)}, nil
	}}
}

func definition(ctx context.Context, b backend.Backend, r backend.Ref) (string, error) {
	d, ok := backend.As[backend.Definer](b)
	if !ok {
		return "", backend.Refuse(backend.ClassUnsupported, "read the definition of", "", "not supported by this connection")
	}
	return d.Definition(ctx, r)
}

// detailPage is the details as the panes show them.
type detailPage struct {
	ref    backend.Ref
	obj    backend.Object
	scroll scroll
}

func (p *detailPage) name() string                { return "Details" }
func (p *detailPage) status() string              { return "" }
func (p *detailPage) searchable() searchable      { return nil }
func (p *detailPage) do(m *Model, id string) bool { return p.scroll.do(id, m.detailPage()) }
func (p *detailPage) refresh(m *Model) tea.Cmd {
	if o := m.store.Object(p.ref); o != nil {
		p.obj = o
	}
	return nil
}

func (p *detailPage) draw(m *Model, w, h int) []string {
	spec := m.specs.Of(p.ref.Kind)
	sections := slices.Concat(m.currency(p.obj), m.alarmSections(p.obj), spec.Sections(p.obj))
	for _, t := range spec.Tabs {
		for _, sec := range t.Sections(p.obj) {
			if sec.Title == "" {
				sec.Title = t.Title
			}
			sections = append(sections, sec)
		}
	}
	return p.scroll.window(detail.Lines(m.env.Theme, sections, w), w, h)
}

// textPage is the text that comes with the details: the XML, the properties.
type textPage struct {
	ref   backend.Ref
	title string
	shown string
	pager *pager.Pager
}

func (p *textPage) name() string                     { return p.title }
func (p *textPage) status() string                   { return p.pager.Found() }
func (p *textPage) searchable() searchable           { return p.pager }
func (p *textPage) do(_ *Model, id string) bool      { return p.pager.Do(id) }
func (p *textPage) draw(m *Model, w, h int) []string { return p.pager.Draw(w, h, m.env.Theme) }
func (p *textPage) refresh(m *Model) tea.Cmd {
	d := m.store.Detail(p.ref)
	if d != nil && d.Raw != "" && d.Raw != p.shown {
		p.shown = d.Raw
		p.pager.SetSource(sourceOf(d.Raw))
	}
	return nil
}

// sourceOf colours XML; what is none stays plain.
func sourceOf(raw string) pager.Source {
	if strings.HasPrefix(strings.TrimSpace(raw), "<") {
		return xmlview.New(raw)
	}
	return pager.PlainSource(raw)
}

// documentOf is a document of an object.
type documentOf struct {
	of   backend.Object
	name string
}

// documentsHere are those of what is under the cursor and of its host, for the palette.
func (m *Model) documentsHere() []documentOf {
	o := m.cursor()
	if o == nil {
		return nil
	}
	var out []documentOf
	for _, name := range m.documents(o.Ref()) {
		out = append(out, documentOf{o, name})
	}
	if h := m.hostOf(o); h != nil && h.Ref() != o.Ref() {
		for _, name := range m.documents(h.Ref()) {
			out = append(out, documentOf{h, name})
		}
	}
	return out
}
