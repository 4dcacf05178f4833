package wizard

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
)

// Wait is a page while something is read or asked aside; it takes no key but those of
// the box, so that whoever waits can leave.
type Wait struct {
	Name  string
	What  string
	Began time.Time
	Now   func() time.Time
}

// Title implements Page.
func (w *Wait) Title() string { return w.Name }

// Keys implements Page.
func (*Wait) Keys() []Key { return nil }

// Update implements Page.
func (*Wait) Update(tea.KeyPressMsg) Result { return Stay }

// Paste implements Page.
func (*Wait) Paste(string) {}

// Draw implements Page.
func (w *Wait) Draw(width, h int, th *theme.Theme) []string {
	var out []string
	for _, words := range line.Wrap(w.What, max(width, 1)) {
		out = append(out, line.New(th, theme.Plain, width).Add(theme.Text, words).String())
	}
	since := fmt.Sprintf("%s %d s; esc stops waiting", th.Glyphs.Busy, int(w.Now().Sub(w.Began).Seconds()))
	out = append(out, line.New(th, theme.Plain, width).Add(theme.StateBusy, since).String())
	out = out[:min(len(out), h)]
	for len(out) < h {
		out = append(out, theme.Blank(width))
	}
	return out
}
