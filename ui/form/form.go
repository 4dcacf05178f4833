// Package form asks for values: text, secrets, choices, sizes, paths. It promises that
// what it hands back has passed every check, and that a complaint stands under the
// field it is about.
//
// A Form belongs to one goroutine, the event loop.
package form

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"
)

// Result is how a form stands after a key.
type Result uint8

// The results.
const (
	Open Result = iota
	Submitted
	Cancelled
)

// entry is a field with what the operator did to it.
type entry struct {
	Field
	input  *Input // of kinds that are typed
	pick   int    // index into Choices, or 1 for yes
	seek   string // letters typed to find a choice
	err    error  // shown under the field
	server bool   // err came from SetError and goes with the next edit
}

// Form is a list of fields in a box.
type Form struct {
	Title   string
	entries []*entry
	focus   int
}

// New returns a form with every field at its default, the first in focus.
func New(title string, fields []Field) *Form {
	f := &Form{Title: title}
	for _, d := range fields {
		f.entries = append(f.entries, newEntry(d))
	}
	return f
}

func newEntry(d Field) *entry {
	e := &entry{Field: d}
	switch d.Kind {
	case Choice:
		for i, o := range d.Choices {
			if o.Value == d.Default {
				e.pick = i
			}
		}
	case YesNo:
		e.Choices = []Option{{Value: "no"}, {Value: "yes"}}
		if d.Default == "yes" {
			e.pick = 1
		}
	default:
		e.input = NewInput(d.Default)
		e.input.Mask = d.Kind == Secret
	}
	return e
}

func (e *entry) value() string {
	if e.input != nil {
		return e.input.Value()
	}
	if e.pick >= len(e.Choices) {
		return ""
	}
	return e.Choices[e.pick].Value
}

// Update takes a key. Every key is taken: nothing behind the form should see it.
func (f *Form) Update(msg tea.KeyPressMsg) Result {
	switch msg.String() {
	case "esc", "ctrl+c":
		return Cancelled
	case "enter":
		return f.submit()
	case "tab", "down", "ctrl+n":
		f.move(1)
		return Open
	case "shift+tab", "up", "ctrl+p":
		f.move(-1)
		return Open
	}
	if len(f.entries) > 0 {
		f.entries[f.focus].key(msg)
	}
	return Open
}

// Paste puts pasted text into the field in focus.
func (f *Form) Paste(text string) {
	if len(f.entries) == 0 {
		return
	}
	e := f.entries[f.focus]
	if e.input != nil {
		e.input.Paste(text)
		e.edited()
	}
}

// move leaves the field in focus, which is checked, for another.
func (f *Form) move(n int) {
	if len(f.entries) == 0 {
		return
	}
	e := f.entries[f.focus]
	if !e.server {
		e.err = e.check(e.value())
	}
	shown := f.shown()
	for range f.entries {
		f.focus = (f.focus + n + len(f.entries)) % len(f.entries)
		if shown[f.focus] {
			break
		}
	}
	f.entries[f.focus].seek = ""
}

// shown tells which fields matter with the values as they stand.
func (f *Form) shown() []bool {
	out, _ := f.standing()
	return out
}

// standing is which fields matter, and the values of those, as they stand.
func (f *Form) standing() ([]bool, Values) {
	out := make([]bool, len(f.entries))
	v := make(Values, len(f.entries))
	for i, e := range f.entries {
		if out[i] = e.Only == nil || e.Only(v); out[i] {
			v[e.Key] = e.value()
		}
	}
	return out, v
}

// submit checks everything and goes to the first field that is wrong.
func (f *Form) submit() Result {
	bad := -1
	shown := f.shown()
	for i, e := range f.entries {
		if e.server = false; !shown[i] {
			continue
		}
		e.err = e.check(e.value())
		if e.err != nil && bad < 0 {
			bad = i
		}
	}
	if bad < 0 {
		return Submitted
	}
	f.focus = bad
	return Open
}

// SetError shows what a server said of a field and goes there; an unknown key counts
// as the first field.
func (f *Form) SetError(key string, err error) {
	for i, e := range f.entries {
		if e.Key == key || i == 0 {
			f.focus = i
		}
	}
	if len(f.entries) > 0 {
		f.entries[f.focus].err, f.entries[f.focus].server = err, true
	}
}

func (e *entry) key(msg tea.KeyPressMsg) {
	if e.input != nil {
		if e.Suggested && msg.Text != "" {
			e.input.SetValue("")
		}
		e.Suggested = false
		if e.input.Key(msg) {
			e.edited()
		}
		return
	}
	if len(e.Choices) > 0 {
		e.pickKey(msg)
	}
}

// edited clears a complaint once it no longer holds.
func (e *entry) edited() {
	if e.err == nil {
		return
	}
	e.server = false
	e.err = e.check(e.value())
}

func (e *entry) pickKey(msg tea.KeyPressMsg) {
	n := len(e.Choices)
	switch msg.String() {
	case "left":
		e.pick, e.seek = (e.pick+n-1)%n, ""
	case "right":
		e.pick, e.seek = (e.pick+1)%n, ""
	case "home":
		e.pick, e.seek = 0, ""
	case "end":
		e.pick, e.seek = n-1, ""
	case "backspace":
		e.seek = dropLast(e.seek)
	case "space":
		if e.seek == "" {
			e.pick = (e.pick + 1) % n
			break
		}
		e.find(" ")
	default:
		e.find(msg.Text)
	}
	e.edited()
}

func dropLast(s string) string {
	r := []rune(s)
	return string(r[:max(len(r)-1, 0)])
}

// find goes to the first choice that begins with, or else holds, the letters typed;
// letters that fit nothing are not taken.
func (e *entry) find(letters string) {
	if letters == "" {
		return
	}
	want := strings.ToLower(e.seek + letters)
	for _, match := range []func(s, sub string) bool{strings.HasPrefix, strings.Contains} {
		for i, o := range e.Choices {
			if match(strings.ToLower(o.label()), want) {
				e.pick, e.seek = i, e.seek+letters
				return
			}
		}
	}
}

func (o Option) label() string {
	if o.Label != "" {
		return o.Label
	}
	return o.Value
}

// Values are what was entered, by key.
type Values map[string]string

// Values returns the values as they stand; good ones only after Submitted. A path that
// begins with ~/ is completed.
func (f *Form) Values() Values {
	v := make(Values, len(f.entries))
	shown := f.shown()
	for i, e := range f.entries {
		if !shown[i] {
			continue
		}
		v[e.Key] = e.value()
		if e.Kind == Path {
			v[e.Key] = expandHome(e.value())
		}
	}
	return v
}

func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	home, err := os.UserHomeDir()
	if !ok || err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// Int is the value of a number, 0 when it is empty.
func (v Values) Int(key string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(v[key]), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Bytes is the value of a size, 0 when it is empty.
func (v Values) Bytes(key string) int64 {
	n, err := ParseSize(v[key])
	if err != nil {
		return 0
	}
	return n
}

// Yes is the value of a yes/no.
func (v Values) Yes(key string) bool { return v[key] == "yes" }
