package form

import (
	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Body is the form without a frame: exactly h lines of w cells, scrolled so that the
// field in focus is seen.
func (f *Form) Body(w, h int, th *theme.Theme) []string {
	out := f.window(w, max(h, 0), th)
	for len(out) < h {
		out = append(out, theme.Blank(w))
	}
	return out
}

// block is a field as it is drawn: its heading, itself, and what is said of it.
type block struct {
	at    int // index of the entry
	head  int // lines of the heading
	notes []string
}

func (b block) lines() int { return b.head + 1 + len(b.notes) }

// window is what fits in room lines. Of a long form only that is drawn.
func (f *Form) window(w, room int, th *theme.Theme) []string {
	label := f.labelWidth(w)
	blocks := f.blocks(w, label, th)
	total, from, to := 0, 0, 0
	for _, b := range blocks {
		if b.at == f.focus {
			from, to = total, total+b.lines()
		}
		total += b.lines()
	}
	start := 0
	if total > room {
		start = max(min(from, total-room), min(to-room, from), 0)
	}
	var out []string
	at := 0
	for _, b := range blocks {
		if at+b.lines() > start && at < start+room {
			out = append(out, f.drawBlock(b, w, label, th)[max(start-at, 0):]...)
		}
		at += b.lines()
	}
	return out[:min(len(out), room)]
}

func (f *Form) labelWidth(w int) int {
	label := 0
	for _, e := range f.entries {
		if label = max(label, line.Width(e.Label)); label >= w/2 {
			return w / 2
		}
	}
	return label
}

func (f *Form) blocks(w, label int, th *theme.Theme) []block {
	shown, values := f.standing()
	out := make([]block, 0, len(f.entries))
	for i, e := range f.entries {
		if !shown[i] {
			continue
		}
		b := block{at: i}
		if e.Heading != "" {
			b.head = 1
			if len(out) > 0 {
				b.head = 2
			}
		}
		b.notes = e.notes(w, label, th, i == f.focus, values)
		out = append(out, b)
	}
	return out
}

func (f *Form) drawBlock(b block, w, label int, th *theme.Theme) []string {
	e := f.entries[b.at]
	out := make([]string, 0, b.lines())
	if b.head == 2 {
		out = append(out, theme.Blank(w))
	}
	if b.head > 0 {
		out = append(out, line.New(th, theme.Plain, w).Add(theme.Head, e.Heading).String())
	}
	return append(append(out, e.draw(w, label, th, b.at == f.focus)), b.notes...)
}

// notes are what stands under a field: what is wrong with it, else what helps.
func (e *entry) notes(w, label int, th *theme.Theme, focused bool, v Values) []string {
	g := &th.Glyphs
	var out []string
	if e.err != nil {
		out = note(th, w, label, theme.StateBad, g.Failed+" "+e.err.Error())
	}
	if e.Warn != nil {
		if words := e.Warn(v); words != "" {
			out = append(out, note(th, w, label, theme.StateWarn, g.Warn+" "+words)...)
		}
	}
	if focused && e.Hint != "" && e.err == nil {
		out = append(out, note(th, w, label, theme.Muted, e.Hint)...)
	}
	return out
}

// SetValue replaces what was typed into a field, as if the operator had.
func (f *Form) SetValue(key, value string) {
	for _, e := range f.entries {
		if e.Key == key && e.input != nil {
			e.input.SetValue(value)
			e.edited()
		}
	}
}

// SetHint replaces the hint of a field.
func (f *Form) SetHint(key, hint string) {
	for _, e := range f.entries {
		if e.Key == key {
			e.Hint = hint
		}
	}
}

// InFocus is the key of the field in focus; "" without fields.
func (f *Form) InFocus() string {
	if len(f.entries) == 0 {
		return ""
	}
	return f.entries[f.focus].Key
}
