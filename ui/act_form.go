package ui

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend/guard"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/form"
)

// gatherTime bounds what reads the file, or runs the command, that an answer names.
const gatherTime = time.Minute

// askForm asks for the arguments; before are earlier answers to begin with.
func (m *Model) askForm(a keymap.Action, s keymap.Selection, before keymap.Args) tea.Cmd {
	fields := a.Form(s)
	if len(fields) == 0 {
		return m.ascertain(a, s, nil)
	}
	for i, f := range fields {
		if v, given := before[f.Name]; given && f.Type != keymap.FixedField && f.Type != keymap.SecretField {
			fields[i].Default, fields[i].Suggested = v, false
		}
	}
	m.ask(strings.TrimSuffix(a.Title, "…")+": "+m.targetWords(s.Objects), formFields(fields), func(v form.Values) tea.Cmd {
		return m.answered(a, s, answers(fields, v))
	})
	return nil
}

// answers are the values of a form as an action reads them: sizes in bytes, and what
// was not asked.
func answers(fields []keymap.Field, v form.Values) keymap.Args {
	args := keymap.Args(maps.Clone(v))
	for _, f := range fields {
		value, given := v[f.Name]
		switch {
		case f.Type == keymap.FixedField:
			args[f.Name] = f.Default
		case given && f.Type == keymap.SizeField && strings.TrimSpace(value) != "":
			args[f.Name] = strconv.FormatInt(v.Bytes(f.Name), 10)
		}
	}
	return args
}

// answered goes on with a form's answers, once what they name has been read.
func (m *Model) answered(a keymap.Action, s keymap.Selection, args keymap.Args) tea.Cmd {
	if a.Gather == nil {
		return m.ascertain(a, s, args)
	}
	fault := m.o.Fault
	return func() (msg tea.Msg) {
		defer guard.Recover("gather", func(err error) { fault(err); msg = FaultMsg{err} })
		ctx, cancel := context.WithTimeout(context.Background(), gatherTime)
		defer cancel()
		full, err := a.Gather(ctx, maps.Clone(args))
		return gatheredMsg{a, s, args, full, err}
	}
}

// gatheredMsg brings the completed answers of a form.
type gatheredMsg struct {
	action keymap.Action
	sel    keymap.Selection
	asked  keymap.Args
	full   keymap.Args
	err    error
}

// gathered goes on, or says what is wrong and shows the form again with its answers.
func (m *Model) gathered(g gatheredMsg) tea.Cmd {
	if g.err == nil {
		return m.ascertain(g.action, g.sel, g.full)
	}
	cmd := m.askForm(g.action, g.sel, g.asked)
	m.message(strings.TrimSuffix(g.action.Title, "…"), g.err.Error(), theme.StateBad)
	return cmd
}

// formFields turns declared fields into the widget's; one that is off is left out.
func formFields(fields []keymap.Field) []form.Field {
	var out []form.Field
	for _, f := range fields {
		if f.Off != "" || f.Type == keymap.FixedField {
			continue
		}
		out = append(out, formField(f))
	}
	return out
}

func formField(f keymap.Field) form.Field {
	w := form.Field{
		Key: f.Name, Label: f.Label, Hint: f.Hint, Default: f.Default, Suggested: f.Suggested,
		Required: f.Required, Min: f.Min, Max: f.Max, Kind: formKind(f.Type),
	}
	if n, err := strconv.ParseInt(f.Default, 10, 64); err == nil && f.Type == keymap.SizeField {
		w.Default = sizeWords(n)
	}
	for _, c := range f.Choices {
		w.Choices = append(w.Choices, form.Option{Value: c.Value, Label: c.Label})
	}
	if f.Check != nil {
		w.Validate = func(v string) error {
			if why := f.Check(v); why != "" {
				return errors.New(why)
			}
			return nil
		}
	}
	if f.Only != nil {
		w.Only = func(v form.Values) bool { return f.Only(keymap.Args(v)) }
	}
	return w
}

func formKind(t keymap.FieldType) form.Kind {
	switch t {
	case keymap.ToggleField:
		return form.YesNo
	case keymap.ChoiceField:
		return form.Choice
	case keymap.NumberField:
		return form.Number
	case keymap.SizeField:
		return form.Size
	case keymap.PathField:
		return form.Path
	case keymap.SecretField:
		return form.Secret
	default:
		return form.Text
	}
}

// sizeWords writes bytes so that they read back the same.
func sizeWords(n int64) string {
	words := form.FormatSize(n)
	if back, err := form.ParseSize(words); err == nil && back == n {
		return words
	}
	return strconv.FormatInt(n, 10)
}
