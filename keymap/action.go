// Package keymap is the registry of everything a key, a menu or the palette can
// do: one declaration per action, from which come the key, the menus, the palette
// entry, the help text, the greyed reason and the confirmation.
//
// It promises that no two actions share a key within one chain of scopes, that
// every key can be changed by its owner's name, and that a declaration names no
// screen and no driver.
package keymap

import (
	"context"
	"strconv"
	"strings"

	"hvdeck/backend"
)

// Scope is where a key works. A screen has a chain of scopes, innermost first.
type Scope string

// The scopes that are not a kind of object.
const (
	Global Scope = "global"
	List   Scope = "list"  // any table or tree
	Pager  Scope = "pager" // text that scrolls: XML, help
	Tasks  Scope = "tasks"
	Review Scope = "review" // a changed definition, before it is applied
)

// Rows is the scope of the rows of a kind.
func Rows(k backend.Kind) Scope { return Scope("kind:" + k.String()) }

// Risk is how bad an action is when it was not meant.
type Risk uint8

// The risks: run at once; ask y, Cancel has the focus; ask for the name or number.
const (
	Safe Risk = iota
	Disruptive
	Irreversible
)

// Arity is how many objects one run of an action takes.
type Arity uint8

// One object only, or each of the marked ones.
const (
	One Arity = iota
	Many
)

// Menu is a leading key's menu.
type Menu string

// The menus; MenuNone actions are on no menu.
const (
	MenuNone     Menu = ""
	MenuPower    Menu = "power"
	MenuSnapshot Menu = "snapshot"
	MenuManage   Menu = "manage" // what else can be done to the object
	MenuNew      Menu = "new"    // makes an object of the kind in focus
)

// Action is one declaration. Either Op is set (it changes an object, and runs as a
// task) or the screen knows ID (it moves, opens, filters).
type Action struct {
	ID    string
	Title string   // in the menus and the palette, imperative, under 30 characters
	Help  string   // one sentence for the help page
	Keys  []string // direct keys; several spell the same ("j", "down")
	Menu  Menu     // the menu that it is on, with Key as its key there
	Key   string
	Scope Scope
	Group string // heading in the help page
	Hint  bool   // offered in the line at the foot

	Kinds []backend.Kind // objects it acts on; empty for those without Op
	// Makes is the kind of object that it makes, for the "new" menu; it acts on what the
	// new one is made under: the host, the pool.
	Makes backend.Kind
	Needs backend.Verb
	Arity Arity
	Risk  Risk
	// When says why it does not fit this object; "" when it does.
	When func(s Selection, o backend.Object) string
	// Resolve turns the selection into the very objects that will be acted on, before
	// anything is asked: what "the current one" means must not change under a question.
	Resolve func(s Selection) Selection
	// Detailed has the dear fields of one object fetched before its form is made.
	Detailed bool
	// Form asks for arguments first; nil asks nothing.
	Form func(s Selection) []Field
	// Gather reads the secret that the answers name: what was typed, the content of a
	// file, what a command prints. It runs aside, before anything is asked or started.
	Gather func(ctx context.Context, a Args, typed backend.Hidden) (backend.Hidden, error)
	// Seal puts what Gather has read into an operation.
	Seal func(op backend.Op, secret backend.Hidden) backend.Op
	// Checked has the server asked what speaks against the operations, before the question.
	Checked bool
	// Does lists, a line each, what will be done with these answers; shown in the question.
	Does func(s Selection, a Args) []string
	// Loses lists, a line each, what will be lost; shown in the question.
	Loses func(s Selection, a Args) []string
	// RiskOf says how bad it is with these answers, where that depends on them; nil: Risk.
	RiskOf func(s Selection, a Args) Risk
	// Op makes the operation for one object.
	Op func(o backend.Object, s Selection, a Args) backend.Op

	// secret is what Gather has read, until the start; a pointer, since what prints the
	// action can't ask an unexported field how it wants to be printed.
	secret *backend.Hidden
}

// Holding is the action with the secret that its Gather has read; an empty one takes it
// away.
func (a Action) Holding(secret backend.Hidden) Action {
	a.secret = nil
	if !secret.Empty() {
		a.secret = &secret
	}
	return a
}

// Make makes the operation for one object, with the secret that the action holds.
func (a Action) Make(o backend.Object, s Selection, args Args) backend.Op {
	op := a.Op(o, s, args)
	if a.Seal == nil || a.secret == nil {
		return op
	}
	return a.Seal(op, *a.secret)
}

// RiskWith is how bad it is with these answers.
func (a Action) RiskWith(s Selection, args Args) Risk {
	if a.RiskOf == nil {
		return a.Risk
	}
	return a.RiskOf(s, args)
}

// Mutates reports whether the action changes an object.
func (a Action) Mutates() bool { return a.Op != nil }

// Selection is what an action would act on, and what it may look up to decide.
// Objects are the marked rows, else the one under the cursor.
type Selection struct {
	Objects  []backend.Object
	Caps     func(backend.ConnID) backend.Caps
	Lookup   func(backend.Ref) backend.Object
	Children func(backend.Kind, backend.Ref) []backend.Object
	All      func(backend.Kind) []backend.Object
	// Detail gives the dear fields of an object; nil while they are not known.
	Detail func(backend.Ref) *backend.Detail
	// About says what is at the other end of a connection.
	About func(backend.ConnID) backend.About
	// Doubt says of an object that nobody knows yet what became of an operation on it, ""
	// where that is known. nil: nothing is in doubt.
	Doubt func(backend.Ref) string
}

// doubt is that of an object, or of the VM that a snapshot is of.
func (s Selection) doubt(o backend.Object) string {
	if s.Doubt == nil {
		return ""
	}
	if why := s.Doubt(o.Ref()); why != "" || o.Ref().Kind != backend.KindSnapshot {
		return why
	}
	return s.Doubt(o.Owner())
}

// First is the first object; nil when there is none.
func (s Selection) First() backend.Object {
	if len(s.Objects) == 0 {
		return nil
	}
	return s.Objects[0]
}

// FieldType is how a form asks for an argument.
type FieldType uint8

// The field types.
const (
	TextField FieldType = iota
	ToggleField
	ChoiceField
	FixedField  // not asked: its Default goes with the answers
	NumberField // a whole number from Min to Max
	SizeField   // written as "10 GiB"; the answer is in bytes
	PathField   // a file of this machine
	SecretField // masked; never offered again
)

// Field is one question of a form.
type Field struct {
	Name, Label, Hint string
	Type              FieldType
	Default           string // "yes" and "no" for toggles, a Value for choices
	Choices           []FieldChoice
	// Suggested says that Default is an offer, which the first letter typed replaces.
	Suggested bool
	// Required fields must not be empty. Min and Max bound numbers and sizes; Max 0 is
	// no bound.
	Required bool
	Min, Max int64
	// Only says whether the field matters, after the answers to those before it; nil:
	// always.
	Only func(Args) bool
	// Check says what is wrong with a value; "" when nothing.
	Check func(value string) string
	// Off says why the field cannot be set; "" when it can.
	Off string
}

// FieldChoice is one value of a ChoiceField.
type FieldChoice struct{ Value, Label string }

// Args are the answers of a form by field name.
type Args map[string]string

// On reports whether a toggle was set.
func (a Args) On(name string) bool { return a[name] == "yes" }

// Int is the answer to a NumberField or SizeField; missing when it was left empty.
func (a Args) Int(name string, missing int64) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(a[name]), 10, 64)
	if err != nil {
		return missing
	}
	return n
}

// Fits splits the selection into what the action may run on and the reasons for
// what it skips, in the order of the selection.
func (a Action) Fits(s Selection) (fit []backend.Object, skipped []Skip) {
	for _, o := range s.Objects {
		if why := a.Why(s, o); why != "" {
			skipped = append(skipped, Skip{o, why})
			continue
		}
		fit = append(fit, o)
	}
	return fit, skipped
}

// Skip is an object that an action leaves alone, and why.
type Skip struct {
	Object backend.Object
	Why    string
}

// Why is "" when the action may run on the object, else the reason, as it is shown
// on a greyed entry.
func (a Action) Why(s Selection, o backend.Object) string {
	if !a.takes(o.Ref().Kind) {
		return "not for a " + o.Ref().Kind.String()
	}
	if a.Needs != "" {
		if why := s.Caps(o.Ref().Conn).Why(a.Needs); why != "" {
			return why
		}
	}
	if a.Mutates() {
		if why := s.doubt(o); why != "" {
			return why
		}
	}
	if a.When != nil {
		return a.When(s, o)
	}
	return ""
}

func (a Action) takes(k backend.Kind) bool {
	if len(a.Kinds) == 0 {
		return true
	}
	for _, have := range a.Kinds {
		if have == k {
			return true
		}
	}
	return false
}

// WhyNone is the reason why the action can run on nothing of the selection; "" when
// it can run on something.
func (a Action) WhyNone(s Selection) string {
	if !a.Mutates() && a.Needs == "" {
		return ""
	}
	if len(s.Objects) == 0 {
		return "nothing is selected"
	}
	if a.Arity == One && len(s.Objects) > 1 {
		return "works on one object at a time"
	}
	first := ""
	for _, o := range s.Objects {
		why := a.Why(s, o)
		if why == "" {
			return ""
		}
		if first == "" {
			first = why
		}
	}
	return first
}
