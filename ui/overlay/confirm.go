package overlay

import (
	"fmt"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/form"
	"hvdeck/ui/line"
)

// widestConfirm is how wide a question grows, in cells.
const widestConfirm = 84

// Level is how hard a yes is made.
type Level uint8

// The levels. What is safe is not asked.
const (
	Disruptive   Level = iota // y, or the button; Cancel holds the focus
	Irreversible              // Expect must be typed
)

// Target is one object that is about to be acted on.
type Target struct {
	Name string
	Conn string // the connection it is on
	Note string // why it is special, or why it is left out
	Skip bool   // it is left out
}

// Question is what a Confirm asks.
type Question struct {
	Title   string // "Force off 3 VMs?"
	Verb    string // on the button: "Force off"
	Level   Level
	Does    []string // what will be done, a line each
	Loses   []string // what will be lost, a line each
	Targets []Target // all of them, in full
	Expect  string   // Irreversible: the name, or the number of objects, to be typed
	Async   bool     // opens by itself: keys under way are swallowed
}

// Confirm asks before something is done.
type Confirm struct {
	q      Question
	yes    bool // the focus is on the verb, not on Cancel
	input  *form.Input
	wrong  bool // enter was pressed with the wrong text
	scroll scroller
	grace  grace
	does   []string // wrapped
	loses  []string // wrapped
	width  int      // that they are for

	lines    []targetLine
	linesFor int // the width that lines are for
	column   int // the width from which a name goes on below
}

// NewConfirm returns a question. now is the clock; nil takes the time of day.
func NewConfirm(q Question, now func() time.Time) *Confirm {
	c := &Confirm{q: q, input: form.NewInput(""), width: -1}
	if now == nil {
		now = time.Now
	}
	if q.Async {
		c.grace.start(now)
	}
	return c
}

// Update takes a key.
func (c *Confirm) Update(msg tea.KeyPressMsg) Result {
	if c.grace.swallow() {
		return Open
	}
	name := msg.String()
	if name == "esc" || name == "ctrl+c" {
		return Cancelled
	}
	if c.q.Level == Irreversible {
		return c.typed(msg, name)
	}
	return c.asked(name)
}

func (c *Confirm) asked(name string) Result {
	switch name {
	case "y", "Y", "shift+y":
		return Confirmed
	case "n", "N", "shift+n", "q":
		return Cancelled
	case "tab", "shift+tab", "left", "right", "h", "l":
		c.yes = !c.yes
		return Open
	case "enter":
		if c.yes {
			return Confirmed
		}
		return Cancelled
	}
	c.scroll.key(name, true)
	return Open
}

func (c *Confirm) typed(msg tea.KeyPressMsg, name string) Result {
	if name == "enter" {
		if c.q.Expect != "" && c.input.Value() == c.q.Expect {
			return Confirmed
		}
		c.wrong = true
		return Open
	}
	if name != "home" && name != "end" && !strings.HasPrefix(name, "ctrl+") && c.scroll.key(name, false) {
		return Open
	}
	if c.input.Key(msg) {
		c.wrong = false
	}
	return Open
}

// Paste puts pasted text into the answer, where one is typed. It never confirms.
func (c *Confirm) Paste(text string) {
	if c.q.Level == Irreversible && !c.grace.swallow() {
		c.input.Paste(text)
		c.wrong = false
	}
}

// Draw returns the box. Targets that do not fit are scrolled.
func (c *Confirm) Draw(w, h int, th *theme.Theme) []string {
	w = min(max(w, 0), widestConfirm)
	inner := max(w-4, 0)
	head := c.head(inner, th)
	foot := c.foot(inner, th)
	room := h - 2 - len(foot) - len(head) - 1
	if room < 1 && len(c.q.Targets) > 0 { // the targets come before what is lost
		keep := max(h-2-len(foot)-3, 0)
		head = head[:min(keep, len(head))]
		room = max(h-2-len(foot)-len(head)-1, 1)
	}
	body := append(head, c.targets(inner, room, th)...)
	return clip(line.Frame(th, c.q.Title, theme.Danger, append(body, foot...), w), h)
}

func (c *Confirm) head(w int, th *theme.Theme) []string {
	if c.width != w {
		c.does, c.loses, c.width = wrapAll(c.q.Does, w-2), wrapAll(c.q.Loses, w-2), w
	}
	out := make([]string, 0, len(c.does)+len(c.loses)+1)
	for _, l := range c.does {
		out = append(out, line.New(th, theme.Plain, w).Add(theme.Muted, th.Glyphs.Dot+" ").Add(theme.Text, l).String())
	}
	for _, l := range c.loses {
		out = append(out, line.New(th, theme.Plain, w).Add(theme.StateWarn, th.Glyphs.Warn+" ").Add(theme.Text, l).String())
	}
	return out
}

func wrapAll(texts []string, w int) []string {
	var out []string
	for _, t := range texts {
		out = append(out, line.Wrap(t, max(w, 1))...)
	}
	return out
}

// targets lists the objects in at most room lines, and one line for the position where
// they do not all fit. Nothing of a name is left out: a long one goes on below.
func (c *Confirm) targets(w, room int, th *theme.Theme) []string {
	if len(c.q.Targets) == 0 {
		return nil
	}
	lines := c.targetLines(w)
	n := len(lines)
	c.scroll.fit(min(room, n), n)
	out := make([]string, 0, c.scroll.page+1)
	for _, l := range lines[c.scroll.top:c.scroll.end()] {
		out = append(out, l.draw(w, th))
	}
	if n > len(out) {
		out = append(out, padded(th, theme.Muted, fmt.Sprintf("line %d to %d of %d  PgUp PgDn scroll", c.scroll.top+1, c.scroll.end(), n), w))
	}
	return out
}

// targetLine is a line of a target: its first, or one that goes on.
type targetLine struct {
	conn, name, note string
	skip, more       bool
}

// targetLines breaks the targets into lines of w cells, once for a width.
func (c *Confirm) targetLines(w int) []targetLine {
	if c.lines != nil && c.linesFor == w {
		return c.lines
	}
	c.lines, c.linesFor = make([]targetLine, 0, len(c.q.Targets)), w
	widest := 0
	for _, t := range c.q.Targets {
		widest = max(widest, line.Width(t.Conn)+1+line.Width(t.Name))
	}
	c.column = min(widest, w*2/3)
	for _, t := range c.q.Targets {
		c.addTarget(t, max(w-2, 1))
	}
	return c.lines
}

func (c *Confirm) addTarget(t Target, w int) {
	first := targetLine{conn: t.Conn, name: t.Name, note: t.Note, skip: t.Skip}
	long := line.Width(t.Conn) + 1 + line.Width(t.Name)
	if long <= c.column || (t.Note == "" && long <= w) {
		c.lines = append(c.lines, first)
		return
	}
	first.note = ""
	parts := line.Wrap(t.Conn+"/"+t.Name, w)
	first.conn, first.name = "", parts[0]
	if rest, ok := strings.CutPrefix(parts[0], t.Conn+"/"); ok {
		first.conn, first.name = t.Conn, rest
	}
	c.lines = append(c.lines, first)
	for _, p := range parts[1:] {
		c.lines = append(c.lines, targetLine{name: p, skip: t.Skip, more: true})
	}
	if t.Note != "" {
		c.lines = append(c.lines, targetLine{note: t.Note, more: true})
	}
}

func (l targetLine) draw(w int, th *theme.Theme) string {
	b := line.New(th, theme.Plain, w)
	tok, sign := theme.Accent, th.Glyphs.Bullet
	if l.skip {
		tok, sign = theme.Muted, th.Glyphs.Dot
	}
	if l.more {
		sign = " "
	}
	b.Add(tok, sign+" ")
	if l.conn != "" {
		b.Add(theme.Muted, l.conn+"/")
	}
	b.Add(tok, l.name)
	if l.note != "" {
		b.Gap(2).Add(theme.Muted, l.note)
	}
	return b.String()
}

func (c *Confirm) foot(w int, th *theme.Theme) []string {
	b := line.New(th, theme.Plain, w)
	blank := theme.Blank(w)
	if c.q.Level == Irreversible {
		return append([]string{blank}, c.prompt(b, w, th)...)
	}
	button(b, th, "Cancel", !c.yes, theme.Text)
	b.Gap(2)
	button(b, th, c.q.Verb, c.yes, theme.Danger)
	b.Gap(2).Add(theme.Key, "y").Add(theme.Muted, " "+strings.ToLower(c.q.Verb)+"  ").Add(theme.Key, "esc").Add(theme.Muted, " cancel")
	return []string{blank, b.String()}
}

// button shows its focus by brackets and by the cursor's look: not by colour alone.
func button(b *line.Builder, th *theme.Theme, text string, focused bool, tok theme.Token) {
	if focused {
		b.AddCursor(theme.Focus, "["+th.Glyphs.Cursor+text+" ]", true)
		return
	}
	b.Add(tok, "[ "+text+" ]")
}

func (c *Confirm) prompt(b *line.Builder, w int, th *theme.Theme) []string {
	ask := line.New(th, theme.Plain, w).Add(theme.Text, "Type ").Add(theme.Danger, c.q.Expect).
		Add(theme.Text, " to "+strings.ToLower(c.q.Verb)+":").String()
	b.Add(theme.Accent, th.Glyphs.Cursor+" ")
	c.input.Draw(b, theme.Text, &th.Glyphs, b.Left(), true)
	hint := line.New(th, theme.Plain, w)
	switch {
	case c.input.Value() == c.q.Expect && c.q.Expect != "":
		hint.Add(theme.Key, "enter").Add(theme.Danger, " "+strings.ToLower(c.q.Verb)).Add(theme.Muted, "  ")
	case c.wrong:
		hint.Add(theme.StateBad, "not the same; nothing was done").Add(theme.Muted, "  ")
	}
	hint.Add(theme.Key, "esc").Add(theme.Muted, " cancel")
	return []string{ask, b.String(), hint.String()}
}
