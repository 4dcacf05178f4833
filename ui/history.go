package ui

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/pager"
	"hvdeck/ui/plot"
)

// historyScreen is the past load of an object as plots: what came in here, and each span
// that its server keeps.
type historyScreen struct {
	obj   backend.Object
	spans []*historySpan
	at    int
	top   int // first row of plots in sight
	rows  int // rows of plots in sight at the last Draw
	cells int // of a plot's width at the last Draw
	mark  int // value that is read; below 0: none
}

// historySpan is one of the tabs.
type historySpan struct {
	name   string
	span   backend.HistorySpan
	live   bool // the samples that the console has itself
	data   *backend.History
	wanted bool
	asking bool
	why    string // there is none, or no newer one
}

func historyAction() keymap.Action {
	return act("history", "History", "Past loads of the object under the cursor as plots; [ and ] turn the spans, h and l read a value.",
		keymap.Global, "Console", "u")
}

// openHistory shows the past of what is under the cursor.
func (m *Model) openHistory() {
	o := m.eventObject()
	if o == nil {
		m.say(theme.StateWarn, "history: no object is under the cursor")
		return
	}
	s := &historyScreen{obj: o, mark: -1}
	if k := o.Ref().Kind; k == backend.KindVM || k == backend.KindHost {
		s.spans = append(s.spans, &historySpan{name: "live", live: true})
	}
	for _, span := range m.historySpans(o.Ref()) {
		s.spans = append(s.spans, &historySpan{name: clean.Line(span.Name), span: span, wanted: true})
	}
	if len(s.spans) == 0 {
		m.say(theme.StateWarn, "history: "+string(o.Ref().Conn)+" keeps none of a "+o.Ref().Kind.String())
		return
	}
	if s.at = 0; len(s.spans) > 1 && s.spans[0].live {
		s.at = 1
	}
	m.push(s)
}

// historySpans are those that the server keeps; none while it is down.
func (m *Model) historySpans(r backend.Ref) []backend.HistorySpan {
	b, err := m.o.Poller.Backend(r.Conn)
	if err != nil {
		return nil
	}
	h, ok := backend.As[backend.Historian](b)
	if !ok {
		return nil
	}
	return h.Spans(r)
}

func (s *historyScreen) now() *historySpan { return s.spans[s.at] }

func (s *historyScreen) title(m *Model) string {
	dot := " " + m.env.Theme.Glyphs.Dot + " "
	head, status := "History of "+s.obj.Title()+dot, s.now().status()
	out := head + s.tabs()
	const border = 8
	if line.Width(out)+line.Width(status)+border > m.w { // how old it is counts more than the other tabs
		out = head + fmt.Sprintf("[%s] %d of %d", s.now().name, s.at+1, len(s.spans))
	}
	if c := m.env.Conn(s.obj.Ref().Conn); !c.Live() {
		out += dot + "STALE, " + c.Phase.String() + m.phaseAge(c)
	}
	if status != "" {
		out += dot + status
	}
	return out
}

// tabs names the spans, the one in sight in brackets.
func (s *historyScreen) tabs() string {
	names := make([]string, len(s.spans))
	for i, t := range s.spans {
		names[i] = t.name
	}
	return tabWords(names, s.at)
}

// status says how old it is, and what one value stands for.
func (t *historySpan) status() string {
	switch {
	case t.live:
		return "as it came in here"
	case t.asking && t.data != nil:
		return "asking again…"
	case t.data == nil:
		return ""
	case t.why != "":
		return "as of " + t.data.At.Local().Format(time.TimeOnly) + ", asking again failed"
	}
	return "means of " + stepWords(t.span.Step) + ", as of " + t.data.At.Local().Format(time.TimeOnly)
}

// stepWords writes a step: "20 s", "5 min", "2 h".
func stepWords(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%d h", int(d.Hours()))
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
}

func (s *historyScreen) scopes() []keymap.Scope { return []keymap.Scope{keymap.Pager, keymap.Global} }
func (s *historyScreen) object() backend.Object { return s.obj }
func (s *historyScreen) searchable() searchable { return nil }

func (s *historyScreen) interest(_ *Model, in *poll.Interest) {
	if s.now().live {
		in.Rows = append(in.Rows, s.obj.Ref())
	}
}

// refresh asks for a span when it comes into sight, and again on refresh.
func (s *historyScreen) refresh(m *Model, _ store.Revs) tea.Cmd {
	if o := m.store.Object(s.obj.Ref()); o != nil {
		s.obj = o
	}
	t := s.now()
	if t.live || !t.wanted || t.asking {
		return nil
	}
	t.wanted, t.asking = false, true
	r, span := s.obj.Ref(), t.span
	return direct(m, "history", r.Conn, func(ctx context.Context, b backend.Backend) (*backend.History, error) {
		h, ok := backend.As[backend.Historian](b)
		if !ok {
			return nil, backend.Refuse(backend.ClassUnsupported, "read the history of", "", "not supported by this connection")
		}
		return h.History(ctx, r, span)
	}, func(data *backend.History, err error) tea.Cmd {
		t.take(m, data, err)
		return nil
	})
}

func (t *historySpan) take(m *Model, data *backend.History, err error) {
	t.asking, t.why = false, ""
	if err != nil {
		t.why = errorWords(err)
		return
	}
	clean.NewCleaner().Object(data)
	if data.At.IsZero() {
		data.At = m.now()
	}
	t.data = data
}

func (s *historyScreen) do(_ *Model, id string) bool {
	switch id {
	case "pane.next-tab":
		s.turn(1)
	case "pane.prev-tab":
		s.turn(-1)
	case "refresh":
		if s.now().live {
			return false
		}
		s.now().wanted = true
	case "pane.next":
		s.read(1)
	case "pane.prev":
		s.read(-1)
	case "pager.right":
		s.read(10)
	case "pager.left":
		s.read(-10)
	case "back":
		was := s.mark
		s.mark = -1
		return was >= 0
	default:
		return s.move(id)
	}
	return true
}

func (s *historyScreen) turn(n int) {
	s.at = (s.at + n + len(s.spans)) % len(s.spans)
	s.mark = -1
}

// move scrolls by rows of plots; how far there are any is settled by Draw.
func (s *historyScreen) move(id string) bool {
	const all = 1 << 20
	steps := map[string]int{
		"pager.down": 1, "pager.up": -1, "pager.half-down": 1, "pager.half-up": -1,
		"pager.page-down": s.rows, "pager.page-up": -s.rows, "pager.top": -all, "pager.bottom": all,
	}
	n, ok := steps[id]
	s.top = max(s.top+n, 0)
	return ok
}

// read moves the mark by columns of the plots; it begins at the newest value.
func (s *historyScreen) read(n int) {
	most := 0
	if t := s.now(); t.data != nil {
		most = longest(t.data.Series)
	}
	if most == 0 {
		return
	}
	if s.mark < 0 {
		s.mark = most - 1
		return
	}
	step := max(most/max(s.cells, 1), 1)
	s.mark = max(min(s.mark+n*step, most-1), 0)
}

func longest(series []backend.Series) int {
	n := 0
	for _, x := range series {
		n = max(n, len(x.Values))
	}
	return n
}

// words stand in the place of plots where there are none.
func (s *historyScreen) words(m *Model) string {
	t := s.now()
	switch {
	case t.live && !m.env.Live(s.obj.Ref().Conn):
		return "No figures: " + string(s.obj.Ref().Conn) + " is not connected."
	case t.live:
		return "No figures have come in yet. Loads are asked for while it runs."
	case t.why != "":
		return t.why + "\n\n" + m.keyFor("refresh") + " asks again."
	case t.data == nil:
		return "Asking…"
	default:
		return "The server has no figures of " + s.obj.Title() + " for this time."
	}
}

func (s *historyScreen) draw(m *Model, w, h int) []string {
	t := s.now()
	if t.live {
		t.data = m.liveHistory(s.obj.Ref())
	}
	if t.data == nil || len(t.data.Series) == 0 {
		p := pager.New(pager.Plain(s.words(m)))
		p.Wrapped = true
		return p.Draw(w, h, m.env.Theme)
	}
	var out []string
	if t.why != "" {
		out = t.trouble(m, w, h/3)
	}
	return append(out, s.plots(m.env.Theme, t.data, w, h-len(out))...)
}

// trouble is why there are no newer figures, above those that there are, in no more than most
// lines.
func (t *historySpan) trouble(m *Model, w, most int) []string {
	lines := troubleLines(t.why, m.env.Theme.Glyphs.Failed, max(w-2, 1))
	if most < 1 {
		return nil
	}
	if len(lines) > most {
		lines = lines[:most]
		lines[most-1].Segs[0].Text += " …"
	}
	return pager.New(lines).Draw(w, len(lines), m.env.Theme)
}

// liveHistory is what the store has of an object. When each value came in it does not
// know, so that there is no axis of times.
func (m *Model) liveHistory(r backend.Ref) *backend.History {
	cpu, mem := m.store.History(r)
	h := &backend.History{Ref: r}
	if len(cpu) > 0 {
		h.Series = []backend.Series{{Name: "CPU", Unit: "%", Values: cpu}, {Name: "Memory", Unit: "%", Values: mem}}
	}
	return h
}

// plotOf is how a series is drawn.
func plotOf(x backend.Series, step time.Duration, mark int, markAt time.Time) plot.Plot {
	p := plot.Plot{Name: x.Name, Values: x.Values, Begin: x.Begin, Step: step, Mark: mark, Format: formatOf(x.Unit), Binary: x.Unit == "B"}
	if x.Unit == "%" {
		p.Most = 100
	}
	if mark >= 0 && !markAt.IsZero() && step > 0 && !x.Begin.IsZero() {
		p.Mark = int(markAt.Sub(x.Begin) / step)
		p.Name += " at " + markAt.Add(step).Local().Format("01-02 15:04:05")
	}
	return p
}

// formatOf writes the values of a unit.
func formatOf(unit string) func(float64) string {
	switch unit {
	case "%":
		return func(v float64) string {
			if v > 0 && v < 9.95 {
				return fmt.Sprintf("%.1f%%", v)
			}
			return kind.Percent(v)
		}
	case "B":
		return kind.Bytes
	case "B/s":
		return kind.Rate
	default:
		return func(v float64) string { return strings.TrimSpace(fmt.Sprintf("%.4g %s", v, unit)) }
	}
}
