// Package kind declares, one file per kind of object, how it is shown and what can
// be done with it: columns, state, detail sections, filter fields and actions.
//
// It promises that a pane, its sorting, its filter, its palette name and its menus
// come from the declaration alone, and that nothing here asks a hypervisor or
// blocks: cells read the store, and only for the rows in sight.
package kind

import (
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

// Spec declares one kind.
type Spec struct {
	Kind    backend.Kind
	Title   string   // of a pane: "VMs"
	Names   []string // what the palette calls it: "vms", "vm"
	Columns []Column
	// Field gives the value that a filter such as "host:" looks at; an unknown
	// field is "".
	Field func(o backend.Object, name string) string
	// Haystack is what a filter without a field looks at.
	Haystack func(o backend.Object) string
	// Sections are the overview in the details.
	Sections func(o backend.Object) []Section
	// Tabs are the further pages of the details.
	Tabs []Tab
}

// Column is a column with its sort key.
type Column struct {
	table.Column[backend.Object]
	// SortKey orders rows; nil for a column that cannot be sorted by.
	SortKey func(o backend.Object) Key
	// Falling sorts the greatest first at the first press.
	Falling bool
}

// Fixed columns can't be chosen away: the sign and the name.
func (c Column) Fixed() bool {
	return c.Key == "glyph" || c.Key == "name" || c.Key == "path" && c.Flex > 0
}

// Key is what rows are ordered by: the number, then the text, by NaturalLess.
type Key struct {
	Num  float64
	Text string
}

// Section is a block of the details: facts, or a small table, or both.
type Section struct {
	Title  string
	Facts  []Fact
	Head   []string
	Rows   [][]string
	Lines  []string // free text
	Graphs []Graph
}

// Fact is a named value.
type Fact struct {
	Name, Value string
	Tok         theme.Token
}

// Graph is a history, drawn as a sparkline with its last value in words.
type Graph struct {
	Name   string
	Values []float64 // percent, oldest first
	Word   string
}

// Tab is a further page of the details.
type Tab struct {
	Title    string
	Sections func(o backend.Object) []Section
}

// Env is what cells read besides the object. It is refreshed once a frame, on the
// event loop, and not safe for use elsewhere.
type Env struct {
	Store *store.Store
	Theme *theme.Theme
	Now   time.Time
	conns map[backend.ConnID]store.ConnStatus
	// Busy is the own task that runs on an object; "" for none.
	Busy func(backend.Ref) string
}

// NewEnv makes an Env; Refresh has to be called before it is used.
func NewEnv(s *store.Store, th *theme.Theme) *Env {
	return &Env{Store: s, Theme: th, conns: map[backend.ConnID]store.ConnStatus{}, Busy: func(backend.Ref) string { return "" }}
}

// Refresh takes in the time and the connections.
func (e *Env) Refresh(now time.Time) {
	e.Now = now
	clear(e.conns)
	for _, c := range e.Store.Conns() {
		e.conns[c.ID] = c
	}
}

// Conn is the state of a connection.
func (e *Env) Conn(id backend.ConnID) store.ConnStatus { return e.conns[id] }

// Live reports whether what is known of a connection's objects is current.
func (e *Env) Live(id backend.ConnID) bool { return e.conns[id].Live() }

// Several reports whether there is more than one connection.
func (e *Env) Several() bool { return len(e.conns) > 1 }

// Stale reports whether an object's connection is not live: it is drawn as old.
func (e *Env) Stale(o backend.Object) bool { return !e.Live(o.Ref().Conn) }

// sign is the cell of a state's glyph; what is old has the glyph of the unknown.
func (e *Env) sign(o backend.Object, glyph string, tok theme.Token) table.Cell {
	if e.Stale(o) {
		return cell(e.Theme.Glyphs.Waiting, theme.Stale)
	}
	return cell(glyph, tok)
}

func cell(text string, tok theme.Token) table.Cell { return table.Cell{Text: text, Tok: tok} }

// plus adds fields that only one hypervisor knows.
func plus(facts []Fact, fields []backend.Field) []Fact {
	for _, f := range fields {
		facts = append(facts, Fact{f.Name, f.Value, theme.Text})
	}
	return facts
}

// columnOf is a column without its cell: lo to hi cells wide, sorted by its letter
// (0 for none), the highest priority number dropped first when narrow.
func columnOf(key, title string, letter rune, lo, hi, priority int, wide bool) table.Column[backend.Object] {
	return table.Column[backend.Object]{Key: key, Title: title, Sort: letter, Min: lo, Max: hi, Priority: priority, Wide: wide}
}

// textColumn is a column of plain text that sorts by itself.
func (e *Env) textColumn(c table.Column[backend.Object], tok theme.Token, value func(o backend.Object) string) Column {
	c.Cell = func(o backend.Object) table.Cell { return cell(value(o), tok) }
	return Column{Column: c, SortKey: func(o backend.Object) Key { return Key{Text: value(o)} }}
}

// numColumn is a right-aligned number that sorts the greatest first.
func (e *Env) numColumn(c table.Column[backend.Object], value func(o backend.Object) float64, format func(float64) string) Column {
	c.Right = true
	c.Cell = func(o backend.Object) table.Cell {
		v := value(o)
		if !backend.Known(v) {
			return cell("-", theme.Text)
		}
		return cell(format(v), theme.Text)
	}
	return Column{Column: c, Falling: true, SortKey: func(o backend.Object) Key {
		v := value(o)
		if !backend.Known(v) {
			v = -1
		}
		return Key{Num: v, Text: o.Title()}
	}}
}

// connColumn shows the connection; it is the last to get room.
func (e *Env) connColumn() Column {
	return e.textColumn(table.Column[backend.Object]{Key: "conn", Title: "CONN", Sort: 'O', Min: 4, Max: 16, Priority: 9, Wide: true},
		theme.Muted, func(o backend.Object) string { return string(o.Ref().Conn) })
}

// Registry is every Spec.
type Registry struct {
	Env   *Env
	specs []*Spec
}

// All makes the specs of every kind over one Env.
func All(e *Env) *Registry {
	return &Registry{Env: e, specs: []*Spec{
		hostSpec(e), clusterSpec(e), resourcePoolSpec(e), vmSpec(e), snapshotSpec(e), poolSpec(e), volumeSpec(e), networkSpec(e),
		interfaceSpec(e), secretSpec(e), nodeDeviceSpec(e), folderSpec(e), alarmSpec(e),
	}}
}

// Of finds the spec of a kind; nil for none.
func (r *Registry) Of(k backend.Kind) *Spec {
	for _, s := range r.specs {
		if s.Kind == k {
			return s
		}
	}
	return nil
}

// Each gives every spec in the order of the screen.
func (r *Registry) Each() []*Spec { return r.specs }

// Actions declares every action on objects, and the sort keys of every kind.
func (r *Registry) Actions() []keymap.Action {
	var all []keymap.Action
	for _, of := range [][]keymap.Action{
		vmActions(), vmLifeActions(), vmDeviceActions(), {vmNew()}, snapshotActions(), poolActions(), volumeActions(),
		networkActions(), interfaceActions(), secretActions(), hostActions(), alarmActions(),
	} {
		all = append(all, of...)
	}
	for _, s := range r.specs {
		all = append(all, s.sortActions()...)
	}
	return all
}

// sortActions give each column its letter.
func (s *Spec) sortActions() []keymap.Action {
	var out []keymap.Action
	for _, c := range s.Columns {
		if c.Sort == 0 || c.SortKey == nil {
			continue
		}
		out = append(out, keymap.Action{
			ID:    "sort." + s.Names[0] + "." + c.Key,
			Title: "Sort by " + strings.ToLower(sortName(c)),
			Help:  "Sorts by " + sortName(c) + "; again, the other way round.",
			Keys:  []string{string(c.Sort)}, Scope: keymap.Rows(s.Kind), Group: "Sorting " + s.Title,
		})
	}
	return out
}

func sortName(c Column) string {
	if c.Title != "" {
		return c.Title
	}
	return c.Key
}
