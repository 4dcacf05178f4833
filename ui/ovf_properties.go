package ui

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/ovf"
	"hvdeck/ui/form"
	"hvdeck/ui/wizard"
)

// again names the second field of a password, which has to be typed twice.
const again = "\x00again"

// settable are the properties that the operator may give, by category.
func (i *ovfImport) settable() []ovf.Property {
	var out []ovf.Property
	at := map[string]int{} // categories in the order of the package
	for _, p := range i.read.descriptor.Properties {
		if !p.Settable {
			continue
		}
		if _, ok := at[p.Category]; !ok {
			at[p.Category] = len(at)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b ovf.Property) int { return at[a.Category] - at[b.Category] })
	return out
}

// propertyStep asks for the properties. Only what is changed is kept: another deployment
// option brings other defaults.
func (i *ovfImport) propertyStep() ovfStep {
	var shown form.Values // as the page came up
	return ovfStep{name: pageProperties, page: func() wizard.Page {
		f := form.New("", i.propertyFields())
		shown = f.Values()
		return &wizard.Fields{Name: pageProperties, Form: f, Sound: i.passwordsMatch}
	}, leave: func(p wizard.Page) {
		i.keepProperties(shown, p.(*wizard.Fields).Form.Values())
	}}
}

func (i *ovfImport) propertyFields() []form.Field {
	var fields []form.Field
	category := ""
	for _, p := range i.settable() {
		made := i.propertyField(p)
		if p.Category != category {
			category = p.Category
			made[0].Heading = shortLine(category)
		}
		fields = append(fields, made...)
	}
	return fields
}

// longestInput is how long a value may be, in bytes, to be edited in its field, where it is
// read anew at every key.
const longestInput = 500

// propertyField is the field of a property, and a second one of a password.
func (i *ovfImport) propertyField(p ovf.Property) []form.Field {
	value, changed := i.answers.properties[p.Key]
	if !changed {
		value = p.Default
	}
	f := form.Field{Key: p.Key, Label: propertyLabel(p), Hint: propertyHint(p), Default: value, Validate: checkedBy(p)}
	switch {
	case p.Password:
		return i.passwordFields(p, f)
	case len(p.Choices) > 0:
		f.Kind, f.Choices = form.Choice, choicesWith(p.Choices, value)
	case p.Type == "boolean":
		f.Kind, f.Choices = form.Choice, booleanChoices(value)
	case len(value) > longestInput:
		f.Default = ""
		f = keptWhenEmpty(f, fmt.Sprintf("empty keeps what is set: %d characters", utf8.RuneCountInString(value)))
	}
	return []form.Field{f}
}

// keptWhenEmpty is a field that does not show what is set, and keeps it when nothing is
// typed; words say so.
func keptWhenEmpty(f form.Field, words string) form.Field {
	check := f.Validate
	f.Label += " (kept)"
	f.Hint = strings.TrimPrefix(f.Hint+"\n"+words, "\n")
	f.Validate = func(v string) error {
		if v == "" {
			return nil
		}
		return check(v)
	}
	return f
}

func propertyLabel(p ovf.Property) string {
	return shortLine(orElse(clean.Line(beginning(p.Label, longestLabel)), p.Key))
}

// propertyHint is the type with its limits and default, then the description.
func propertyHint(p ovf.Property) string {
	parts := []string{shortLine(p.Type)}
	if p.Limits != "" {
		parts = append(parts, shortLine(p.Limits))
	}
	switch {
	case p.Password:
	case p.Default == "":
		parts = append(parts, "no default")
	default:
		parts = append(parts, "default "+short(p.Default))
	}
	out := strings.Join(parts, ", ")
	if about := strings.TrimSpace(p.About); about != "" {
		out += "\n" + short(about)
	}
	return out
}

func checkedBy(p ovf.Property) func(string) error {
	return func(v string) error {
		if why := p.Check(v); why != "" {
			return errors.New(clean.Text(why))
		}
		return nil
	}
}

// choicesWith offers the values, and what is set now where that is none of them.
func choicesWith(values []string, now string) []form.Option {
	var out []form.Option
	if !slices.Contains(values, now) {
		out = append(out, form.Option{Value: now, Label: orNotSet(now)})
	}
	for _, v := range values {
		out = append(out, form.Option{Value: v, Label: orNotSet(v)})
	}
	return out
}

func orNotSet(v string) string {
	if v == "" {
		return "not set"
	}
	return shortLine(v)
}

// booleanChoices spells true and false as the default does.
func booleanChoices(now string) []form.Option {
	yes, no := "True", "False"
	switch strings.ToLower(now) {
	case "true":
		yes = now
	case "false":
		no = now
	default:
		return []form.Option{{Value: now, Label: orNotSet(now)}, {Value: no, Label: "no"}, {Value: yes, Label: "yes"}}
	}
	return []form.Option{{Value: no, Label: "no"}, {Value: yes, Label: "yes"}}
}

// passwordFields ask twice. One that was typed before stays when both are left empty, and
// so does the default of the package; neither is ever shown.
func (i *ovfImport) passwordFields(p ovf.Property, f form.Field) []form.Field {
	f.Kind, f.Default = form.Secret, ""
	switch {
	case !i.answers.secrets[p.Key].Empty():
		f = keptWhenEmpty(f, "empty keeps what was typed before")
	case p.Default != "":
		f = keptWhenEmpty(f, "empty keeps the default of the package")
	}
	second := form.Field{Key: p.Key + again, Label: "  once more", Kind: form.Secret, Hint: "the same again"}
	return []form.Field{f, second}
}

func (i *ovfImport) passwordsMatch(f *form.Form) bool {
	v := f.Values()
	for _, p := range i.settable() {
		if p.Password && v[p.Key] != v[p.Key+again] {
			f.SetError(p.Key+again, errors.New("this differs from the first"))
			return false
		}
	}
	return true
}

func (i *ovfImport) keepProperties(shown, now form.Values) {
	for _, p := range i.settable() {
		v := now[p.Key]
		switch {
		case v == shown[p.Key], p.Password && v != now[p.Key+again]:
		case p.Password:
			clear(i.answers.secrets[p.Key].Reveal())
			i.answers.secrets[p.Key] = backend.Hide([]byte(v))
		default:
			i.answers.properties[p.Key] = v
		}
	}
}
