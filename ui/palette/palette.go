// Package palette is the line where commands are typed by name: fuzzy search, history,
// completion. It promises that an entry which cannot be taken says why, and costs one
// pass over the entries for a key.
//
// A Model belongs to one goroutine, the event loop.
package palette

import (
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/sahilm/fuzzy"

	"hvdeck/ui/form"
)

// maxRows is how many entries are shown at once.
const maxRows = 12

// maxHistory is how many commands are remembered.
const maxHistory = 100

// Result is how the palette stands after a key.
type Result uint8

// The results.
const (
	Open Result = iota
	Chosen
	Cancelled
)

// Entry is one command.
type Entry struct {
	Name string // what is searched and typed
	Hint string // what it does, or its key
	Why  string // why it cannot be taken now; "" when it can
	// Also are other keys it is found by, when typed from their start: a UUID, a path.
	Also []string
}

// Model is a palette.
type Model struct {
	entries []Entry
	names   []string
	history []string // the latest last
	input   *form.Input
	matches fuzzy.Matches
	cursor  int
	top     int
	recall  int    // position in history while going through it; len(history) when not
	note    string // why enter did nothing
}

// New returns a palette over entries. history is the names taken before, the latest
// last; names that are no more are kept for other days.
func New(entries []Entry, history []string) *Model {
	m := &Model{entries: entries, history: slices.Clone(history), input: form.NewInput("")}
	m.names = make([]string, len(entries))
	for i, e := range entries {
		m.names[i] = e.Name
	}
	m.recall = len(m.history)
	m.search()
	return m
}

// Add appends entries, whose indexes go on from those there are; what was typed is
// searched for again.
func (m *Model) Add(entries []Entry) {
	m.entries = append(m.entries, entries...)
	for _, e := range entries {
		m.names = append(m.names, e.Name)
	}
	at, chosen := m.Choice()
	m.search()
	if !chosen {
		return
	}
	for i, match := range m.matches {
		if match.Index == at {
			m.cursor = i
			return
		}
	}
}

// Choice is the index of the entry under the cursor; false when nothing matches.
func (m *Model) Choice() (int, bool) {
	if m.cursor >= len(m.matches) {
		return 0, false
	}
	return m.matches[m.cursor].Index, true
}

// Text is what was typed.
func (m *Model) Text() string { return m.input.Value() }

// History is the history with what was taken here; to be kept and given to New.
func (m *Model) History() []string { return m.history }

// Update takes a key; nothing behind the palette should see it.
func (m *Model) Update(msg tea.KeyPressMsg) Result {
	m.note = ""
	switch msg.String() {
	case "esc", "ctrl+c":
		return Cancelled
	case "enter":
		return m.take()
	case "down":
		m.move(1)
	case "up":
		m.move(-1)
	case "pgdown":
		m.move(maxRows)
	case "pgup":
		m.move(-maxRows)
	case "ctrl+p":
		m.remember(-1)
	case "ctrl+n":
		m.remember(1)
	case "tab":
		m.complete()
	default:
		m.edit(msg)
	}
	return Open
}

// Paste puts pasted text into the line.
func (m *Model) Paste(text string) {
	m.input.Paste(text)
	m.search()
}

func (m *Model) edit(msg tea.KeyPressMsg) {
	before := m.input.Value()
	if before == "" && msg.String() == "backspace" {
		return
	}
	m.input.Key(msg)
	if m.input.Value() != before {
		m.recall = len(m.history)
		m.search()
	}
}

func (m *Model) take() Result {
	i, ok := m.Choice()
	if !ok {
		m.note = "no such command"
		return Open
	}
	if why := m.entries[i].Why; why != "" {
		m.note = why
		return Open
	}
	name := m.entries[i].Name
	m.history = slices.DeleteFunc(m.history, func(h string) bool { return h == name })
	m.history = append(m.history, name)
	m.history = m.history[max(len(m.history)-maxHistory, 0):]
	return Chosen
}

// complete writes the name under the cursor into the line.
func (m *Model) complete() {
	i, ok := m.Choice()
	if !ok {
		return
	}
	m.input.SetValue(m.entries[i].Name)
	m.search()
	for at, match := range m.matches {
		if match.Index == i {
			m.cursor = at
		}
	}
}

// remember goes n commands forth in the history, back when negative.
func (m *Model) remember(n int) {
	to := m.recall + n
	if to < 0 || to > len(m.history) {
		return
	}
	m.recall = to
	text := ""
	if to < len(m.history) {
		text = m.history[to]
	}
	m.input.SetValue(text)
	m.search()
}

func (m *Model) move(n int) {
	m.cursor = max(min(m.cursor+n, len(m.matches)-1), 0)
}

// search finds what matches the line, the best first; an empty line shows everything,
// the latest taken first.
func (m *Model) search() {
	m.cursor, m.top = 0, 0
	text := strings.TrimSpace(m.input.Value())
	if text == "" {
		m.matches = m.everything()
		return
	}
	m.matches = append(m.byKey(text), fuzzy.Find(text, m.names)...)
	m.exactFirst(text)
}

// leastKey is how much of another key has to be typed before it counts.
const leastKey = 3

// byKey finds entries by their other keys, without case.
func (m *Model) byKey(text string) fuzzy.Matches {
	if len(text) < leastKey {
		return nil
	}
	var out fuzzy.Matches
	for i, e := range m.entries {
		for _, k := range e.Also {
			if len(k) >= len(text) && strings.EqualFold(k[:len(text)], text) {
				out = append(out, fuzzy.Match{Str: e.Name, Index: i})
				break
			}
		}
	}
	return out
}

// exactFirst puts the entry that was typed in full before longer ones.
func (m *Model) exactFirst(text string) {
	i := slices.IndexFunc(m.matches, func(f fuzzy.Match) bool { return strings.EqualFold(f.Str, text) })
	if i > 0 {
		exact := m.matches[i]
		m.matches = slices.Insert(slices.Delete(m.matches, i, i+1), 0, exact)
	}
}

func (m *Model) everything() fuzzy.Matches {
	out := make(fuzzy.Matches, 0, len(m.names))
	index := make(map[string]int, len(m.names))
	for i, n := range m.names {
		index[n] = i
	}
	recent := make(map[int]bool, len(m.history))
	for _, h := range slices.Backward(m.history) {
		if i, ok := index[h]; ok && !recent[i] {
			recent[i] = true
			out = append(out, fuzzy.Match{Str: h, Index: i})
		}
	}
	for i, n := range m.names {
		if !recent[i] {
			out = append(out, fuzzy.Match{Str: n, Index: i})
		}
	}
	return out
}
