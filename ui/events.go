package ui

import (
	"context"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/pane"
	"hvdeck/ui/table"
)

// eventsAsked is how many events of an object are asked for.
const eventsAsked = 500

// eventsScreen lists what happened, the newest first: everything that was told since the
// start, and of one object also what its server remembers.
type eventsScreen struct {
	of    *eventsOf // nil: there is no object
	every *pane.List[eventRow, eventKey]
	only  bool // the events of the object are in sight
}

// eventsOf are the events of one object.
type eventsOf struct {
	obj    backend.Object
	list   *pane.List[eventRow, eventKey]
	past   []backend.Event // from the server
	at     time.Time       // when it was asked
	wanted bool
	asking bool
	why    string // there are no events from the server, or no newer ones
}

// openEvents lists everything; the events of the object under the cursor are a tab away.
func (m *Model) openEvents() { m.showEvents(m.eventObject(), false) }

func eventsOfAction() keymap.Action {
	return act("events.of", "Events of this object", "What happened to the object under the cursor, with what its server remembers.", keymap.Global, "Console")
}

// openEventsOf lists the events of the object under the cursor.
func (m *Model) openEventsOf() {
	o := m.eventObject()
	if o == nil {
		m.say(theme.StateWarn, "events: no object is under the cursor")
		return
	}
	m.showEvents(o, true)
}

// eventObject is what is under the cursor; of an alarm, what it is about.
func (m *Model) eventObject() backend.Object {
	o := m.cursorObject()
	if a, ok := o.(*backend.Alarm); ok {
		return m.store.Object(a.Object)
	}
	return o
}

func (m *Model) showEvents(o backend.Object, only bool) {
	s := &eventsScreen{only: only, every: m.eventList(func() []eventRow { return mergeEvents(m.store.Events(), nil) })}
	if o != nil {
		of := &eventsOf{obj: o, wanted: true}
		of.list = m.eventList(func() []eventRow { return mergeEvents(m.eventsAbout(o.Ref()), of.past) })
		s.of = of
	}
	m.push(s)
}

func (m *Model) eventList(rows func() []eventRow) *pane.List[eventRow, eventKey] {
	col := func(key, title string, lo, hi, priority int, cell func(eventRow) (string, theme.Token)) table.Column[eventRow] {
		return table.Column[eventRow]{Key: key, Title: title, Min: lo, Max: hi, Priority: priority, Cell: func(r eventRow) table.Cell {
			text, tok := cell(r)
			return table.Cell{Text: text, Tok: tok}
		}}
	}
	muted := func(f func(eventRow) string) func(eventRow) (string, theme.Token) {
		return func(r eventRow) (string, theme.Token) { return f(r), theme.Muted }
	}
	text := col("text", "EVENT", 18, 0, 0, func(r eventRow) (string, theme.Token) {
		_, tok := m.severityLook(r.Severity)
		return strings.ReplaceAll(r.Text, "\n", " "), tok
	})
	text.Flex = 3
	return pane.NewList(m.env, []table.Column[eventRow]{
		col("level", "", 1, 1, 0, func(r eventRow) (string, theme.Token) {
			sign, tok := m.severityLook(r.Severity)
			return sign, tok
		}),
		col("at", "TIME", 14, 14, 1, muted(func(r eventRow) string { return r.At.Local().Format("01-02 15:04:05") })),
		col("severity", "LEVEL", 5, 7, 5, func(r eventRow) (string, theme.Token) {
			_, tok := m.severityLook(r.Severity)
			return severityWord(r.Severity), tok
		}),
		col("conn", "CONN", 4, 14, 6, muted(func(r eventRow) string { return string(r.Conn) })),
		col("name", "OBJECT", 6, 30, 2, func(r eventRow) (string, theme.Token) { return r.Name, theme.Text }),
		text,
		col("user", "USER", 4, 16, 4, muted(func(r eventRow) string { return r.User })),
	}, eventRow.key, rows, func(r eventRow) string {
		return strings.Join([]string{r.Name, r.Text, string(r.Conn), r.User, severityWord(r.Severity)}, " ")
	}, store.TopicEvents).Fields(eventField)
}

// eventField is what a filter such as "object:web-1" looks at.
func eventField(r eventRow, name string) (string, bool) {
	switch name {
	case "object", "name":
		return r.Name, true
	case "conn":
		return string(r.Conn), true
	case "state":
		return severityWord(r.Severity), true
	default:
		return "", false
	}
}

func (m *Model) severityLook(s backend.Severity) (sign string, tok theme.Token) {
	switch s {
	case backend.SeverityError:
		return m.env.Theme.Glyphs.Failed, theme.StateBad
	case backend.SeverityWarning:
		return m.env.Theme.Glyphs.Warn, theme.StateWarn
	default:
		return m.env.Theme.Glyphs.Dot, theme.Text
	}
}

func severityWord(s backend.Severity) string {
	switch s {
	case backend.SeverityError:
		return "error"
	case backend.SeverityWarning:
		return "warning"
	default:
		return "info"
	}
}

func (s *eventsScreen) view() *pane.List[eventRow, eventKey] {
	if s.only {
		return s.of.list
	}
	return s.every
}

func (s *eventsScreen) title(*Model) string {
	out := "Events"
	if s.of != nil {
		at := 0
		if s.only {
			at = 1
		}
		out = tabWords([]string{"Every event", "Events of " + s.of.obj.Title()}, at)
	}
	if f := s.view().FilterText(); f != "" {
		out += " /" + f
	}
	out += "  " + s.view().Counts()
	if s.only {
		out += s.of.status()
	}
	return out
}

// status says what the server had to do with it.
func (e *eventsOf) status() string {
	switch {
	case e.asking:
		return ", asking " + string(e.obj.Ref().Conn) + "…"
	case e.why != "":
		return ", since hvdeck was started: " + e.why
	case !e.at.IsZero():
		return ", with the server's as of " + e.at.Local().Format(time.TimeOnly)
	}
	return ""
}

func (s *eventsScreen) scopes() []keymap.Scope              { return []keymap.Scope{keymap.List, keymap.Global} }
func (s *eventsScreen) interest(_ *Model, _ *poll.Interest) {}
func (s *eventsScreen) searchable() searchable              { return s.view() }

func (s *eventsScreen) object() backend.Object {
	if s.of == nil {
		return nil
	}
	return s.of.obj
}

func (s *eventsScreen) draw(m *Model, w, h int) []string {
	empty := "nothing has happened since hvdeck was started"
	switch {
	case s.view().FilterText() != "":
		empty = "nothing matches; esc leaves"
	case s.only && s.of.asking:
		empty = "asking…"
	case s.only && s.of.why == "":
		empty = "the server remembers nothing"
	}
	return s.view().Draw(w, h, true, m.wide, empty)
}

func (s *eventsScreen) do(m *Model, id string) bool {
	switch id {
	case "list.open":
		s.show(m)
		return true
	case "pane.next-tab", "pane.prev-tab":
		s.only = s.of != nil && !s.only
		return true
	case "refresh":
		if s.only {
			s.of.wanted = true
		}
		return s.only
	}
	return s.view().Do(id)
}

// show shows the event under the cursor in full.
func (s *eventsScreen) show(m *Model) {
	r, ok := s.view().Cursor()
	if !ok {
		return
	}
	_, tok := m.severityLook(r.Severity)
	lines := []string{
		"Time:    " + r.At.Local().Format("2006-01-02 15:04:05"), "Level:   " + severityWord(r.Severity),
		"Object:  " + orDash(r.Name) + " on " + string(r.Conn), "User:    " + orDash(r.User), "", r.Text,
	}
	m.message("Event", strings.Join(lines, "\n"), tok)
}

// refresh asks the server when its events come into sight, and again on refresh.
func (s *eventsScreen) refresh(m *Model, revs store.Revs) tea.Cmd {
	cmd := s.view().Refresh(revs)
	if !s.only || !s.of.wanted || s.of.asking {
		return cmd
	}
	return tea.Batch(cmd, s.ask(m))
}

func (s *eventsScreen) ask(m *Model) tea.Cmd {
	e := s.of
	e.wanted = false
	r := e.obj.Ref()
	b, err := m.o.Poller.Backend(r.Conn)
	if err != nil {
		e.why = string(r.Conn) + " is " + m.env.Conn(r.Conn).Phase.String()
		return nil
	}
	if _, ok := backend.As[backend.EventReader](b); !ok {
		e.why = string(r.Conn) + " keeps no events"
		return nil
	}
	e.asking = true
	return direct(m, "events", r.Conn, func(ctx context.Context, b backend.Backend) ([]backend.Event, error) {
		reader, ok := backend.As[backend.EventReader](b)
		if !ok {
			return nil, backend.Refuse(backend.ClassUnsupported, "read the events of", "", "not supported by this connection")
		}
		return reader.EventsOf(ctx, r, eventsAsked)
	}, func(events []backend.Event, err error) tea.Cmd {
		s.take(m, events, err)
		return nil
	})
}

// take takes the server's events in; that there are none is told only where they are in
// sight.
func (s *eventsScreen) take(m *Model, events []backend.Event, err error) {
	e := s.of
	e.asking, e.why = false, ""
	if err != nil {
		e.why = strings.ReplaceAll(clean.Text(err.Error()), "\n", " ")
		if m.screen() == s {
			m.messageUnasked("Events of "+e.obj.Title(), errorWords(err)+"\n\n"+m.keyFor("refresh")+" asks again.", theme.StateBad)
		}
		return
	}
	c := clean.NewCleaner()
	for i := range events {
		c.Object(&events[i])
	}
	e.past, e.at = events, m.now()
	e.list.Again()
}

// countWords is a number with what it counts.
func countWords(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}
