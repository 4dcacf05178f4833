// Package wizard leads through pages that ask for one thing each. It promises that going
// back loses nothing by itself, that a page which came by itself takes no key that was
// under way, and that what it draws costs what is in sight.
//
// A Box belongs to one goroutine, the event loop.
package wizard

import (
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/theme"
	"hvdeck/ui/line"
	"hvdeck/ui/overlay"
)

// Result is how a page stands after a key.
type Result uint8

// The results.
const (
	Stay  Result = iota
	Next         // the page is done
	Back         // to the one before
	Quit         // out of the wizard
	Other        // a key of the page's own; see Text.Pressed
)

// Key is a key with what it does, for the line at the foot.
type Key struct{ Key, Does string }

// Page asks for one thing, or tells one.
type Page interface {
	Title() string
	// Keys are shown at the foot, the most important first.
	Keys() []Key
	Update(msg tea.KeyPressMsg) Result
	Paste(text string)
	// Draw gives h lines of w cells.
	Draw(w, h int, th *theme.Theme) []string
}

// The size of the box, in cells and lines, at most.
const (
	widest  = 112
	tallest = 48
)

// Box shows one page of a wizard at a time.
type Box struct {
	title  string
	page   Page
	at, of int
	grace  *overlay.Grace
	now    func() time.Time
}

// New returns a box without a page. now is the clock.
func New(title string, now func() time.Time) *Box {
	return &Box{title: title, now: now}
}

// Show puts up a page, the at-th of about of; 0 for one that is not counted.
func (b *Box) Show(p Page, at, of int) {
	b.page, b.at, b.of, b.grace = p, at, of, nil
}

// Arrive is Show for a page that comes by itself: keys under way are swallowed.
func (b *Box) Arrive(p Page, at, of int) {
	b.Show(p, at, of)
	b.grace = overlay.NewGrace(b.now)
}

// Page is the one that is shown.
func (b *Box) Page() Page { return b.page }

// SetTitle names the wizard anew.
func (b *Box) SetTitle(title string) { b.title = title }

// Update takes a key. Every key is taken: nothing behind the box should see it.
func (b *Box) Update(msg tea.KeyPressMsg) Result {
	if b.grace != nil && b.grace.Swallow() {
		return Stay
	}
	switch msg.String() {
	case "esc", "ctrl+b":
		return Back
	case "ctrl+c":
		return Quit
	}
	return b.page.Update(msg)
}

// Paste gives pasted text to the page.
func (b *Box) Paste(text string) { b.page.Paste(text) }

// Draw returns the box.
func (b *Box) Draw(w, h int, th *theme.Theme) []string {
	w, h = min(max(w, 0), widest), min(max(h, 0), tallest)
	inner := max(w-4, 0)
	body := []string{b.where(inner, th)}
	room := h - 4 // frame, where we are, keys
	if room > 12 {
		body = append(body, theme.Blank(inner))
		room--
	}
	body = append(body, b.page.Draw(inner, max(room, 0), th)...)
	body = append(body, b.foot(inner, th))
	out := line.Frame(th, b.title, theme.Focus, body, w)
	return out[:min(len(out), h)]
}

func (b *Box) where(w int, th *theme.Theme) string {
	l := line.New(th, theme.Plain, w)
	if b.at > 0 {
		l.Add(theme.Muted, fmt.Sprintf("%d/%d ", b.at, b.of))
	}
	return l.Add(theme.Title, b.page.Title()).String()
}

// foot offers as many keys as fit; those of the page come first.
func (b *Box) foot(w int, th *theme.Theme) string {
	l := line.New(th, theme.Plain, w)
	for _, k := range append(b.page.Keys(), Key{"esc", "back"}, Key{"ctrl-c", "quit"}) {
		words := k.Key + " " + k.Does
		if line.Width(words) > l.Left() {
			break
		}
		l.Add(theme.Key, k.Key).Add(theme.Muted, " "+k.Does)
		l.Gap(min(2, l.Left()))
	}
	return l.String()
}
