package form

import (
	"strings"

	"charm.land/bubbles/v2/key"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Input edits one line of text. It draws itself (the cursor does not blink: nothing is
// written to the terminal while nobody types) and leaves the editing to bubbles.
type Input struct {
	m    textinput.Model
	Mask bool // draw a sign for each character; for secrets
}

// NewInput returns an input with a value, the cursor at its end.
func NewInput(value string) *Input {
	m := textinput.New()
	m.Prompt = ""
	m.KeyMap.Paste = key.NewBinding() // the far end's clipboard is not the operator's
	m.KeyMap.AcceptSuggestion = key.NewBinding()
	m.SetVirtualCursor(false)
	m.Focus()
	m.SetValue(value)
	m.CursorEnd()
	return &Input{m: m}
}

// Value is the text.
func (i *Input) Value() string { return i.m.Value() }

// SetValue replaces the text and moves to its end.
func (i *Input) SetValue(s string) {
	i.m.SetValue(s)
	i.m.CursorEnd()
}

// Key edits; true when the text or the cursor changed.
func (i *Input) Key(msg tea.KeyPressMsg) bool { return i.update(msg) }

// Paste inserts text at the cursor; line ends and control characters become spaces or
// go away.
func (i *Input) Paste(text string) { i.update(tea.PasteMsg{Content: text}) }

func (i *Input) update(msg tea.Msg) bool {
	value, at := i.m.Value(), i.m.Position()
	i.m, _ = i.m.Update(msg)
	return i.m.Value() != value || i.m.Position() != at
}

// Draw appends the input to b in w cells, scrolled so that the cursor is in sight.
func (i *Input) Draw(b *line.Builder, tok theme.Token, g *theme.Glyphs, w int, focused bool) {
	w = min(w, b.Left())
	if w < 1 {
		return
	}
	runes := []rune(i.m.Value())
	at := min(i.m.Position(), len(runes))
	before, under, after := string(runes[:at]), " ", ""
	if at < len(runes) {
		under, after = firstCluster(string(runes[at:]))
	}
	if i.Mask {
		before, under, after = i.masked(g, runes, at)
	}
	start := b.Used()
	before, _ = line.TruncateLeft(before, w-line.Width(under), g.Left)
	b.AddMax(tok, before, w)
	if focused {
		b.AddCaret(tok, under)
	} else {
		b.AddMax(tok, under, b.Left())
	}
	b.AddMax(tok, after, w-(b.Used()-start))
	b.Gap(w - (b.Used() - start))
}

func (i *Input) masked(g *theme.Glyphs, runes []rune, at int) (before, under, after string) {
	under = " "
	if at < len(runes) {
		under = g.Secret
		after = strings.Repeat(g.Secret, len(runes)-at-1)
	}
	return strings.Repeat(g.Secret, at), under, after
}

func firstCluster(s string) (first, rest string) {
	c, _ := ansi.FirstGraphemeCluster(s, ansi.GraphemeWidth)
	return c, s[len(c):]
}
