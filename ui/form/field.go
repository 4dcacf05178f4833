package form

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is what a field takes.
type Kind uint8

// The kinds of fields.
const (
	Text   Kind = iota
	Secret      // masked; never in Values of a cancelled form
	Choice      // one of Choices
	YesNo       // "yes" or "no"
	Number      // a whole number, Min to Max
	Size        // a size such as "10 GiB"; Min and Max are bytes
	Path        // of a file on this machine
)

// Option is one of the values of a choice.
type Option struct {
	Value string
	Label string // shown; empty shows the value
}

// Field describes one question.
type Field struct {
	Key     string // names the value
	Label   string
	Hint    string // shown while the field has the focus
	Kind    Kind
	Default string // as it would be typed
	// Suggested says that Default is an offer: the first letter typed replaces it.
	Suggested bool
	Choices   []Option
	Required  bool
	Min, Max  int64                    // of numbers and sizes; Max 0 is no limit
	Validate  func(value string) error // after the kind's own check; its text is shown
	// Only says whether the field matters, after the values of those before it; one that
	// does not is neither shown nor checked, and has no value. nil: always.
	Only func(Values) bool
	// Heading stands above the field, where a group of fields begins.
	Heading string
	// Warn is said under the field, also without the focus, as the values stand; what it
	// warns of is no reason not to submit. nil, or "": nothing.
	Warn func(Values) string
}

// check is the complaint about a value, in the words for the operator; nil when good.
func (f *Field) check(value string) error {
	if strings.TrimSpace(value) == "" {
		if f.Required {
			return fmt.Errorf("%s is needed", strings.ToLower(f.Label))
		}
		if f.Kind != Choice && f.Kind != YesNo {
			return f.own(value)
		}
	}
	if err := f.checkKind(value); err != nil {
		return err
	}
	return f.own(value)
}

func (f *Field) own(value string) error {
	if f.Validate == nil {
		return nil
	}
	return f.Validate(value)
}

func (f *Field) checkKind(value string) error {
	switch f.Kind {
	case Text, Secret, Choice, YesNo, Path: // anything
	case Number:
		n, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", value)
		}
		return f.checkRange(n, func(n int64) string { return strconv.FormatInt(n, 10) })
	case Size:
		n, err := ParseSize(value)
		if err != nil {
			return err
		}
		return f.checkRange(n, FormatSize)
	}
	return nil
}

func (f *Field) checkRange(n int64, show func(int64) string) error {
	if n < f.Min {
		return fmt.Errorf("at least %s", show(f.Min))
	}
	if f.Max > 0 && n > f.Max {
		return fmt.Errorf("at most %s", show(f.Max))
	}
	return nil
}
