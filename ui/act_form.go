package ui

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/form"
)

// gatherTime bounds what reads the file, or runs the command, that an answer names.
const gatherTime = time.Minute

// askForm asks for the arguments; before are earlier answers to begin with.
func (m *Model) askForm(a keymap.Action, s keymap.Selection, before keymap.Args) tea.Cmd {
	fields := a.Form(s)
	if len(formFields(fields)) == 0 {
		args, _ := answers(fields, form.Values{})
		return m.ascertain(a, s, args)
	}
	for i, f := range fields {
		if v, given := before[f.Name]; given && f.Type != keymap.FixedField && f.Type != keymap.SecretField {
			fields[i].Default, fields[i].Suggested = v, false
		}
	}
	m.ask(m.formTitle(a, s), formFields(fields), func(v form.Values) tea.Cmd {
		args, typed := answers(fields, v)
		return m.answered(a, s, args, typed)
	})
	return nil
}

// formTitle says what the form is about, and on which object.
func (m *Model) formTitle(a keymap.Action, s keymap.Selection) string {
	title := strings.TrimSuffix(a.Title, "…")
	if a.Makes != backend.KindNone {
		return "New: " + title + " on " + m.underWords(s.First())
	}
	return title + ": " + m.targetWords(s.Objects)
}

// answers are the values of a form as an action reads them: sizes in bytes, what was
// not asked, and a secret by itself.
func answers(fields []keymap.Field, v form.Values) (args keymap.Args, typed backend.Hidden) {
	args = keymap.Args(maps.Clone(v))
	for _, f := range fields {
		value, given := v[f.Name]
		switch {
		case f.Type == keymap.SecretField:
			delete(args, f.Name)
			if value != "" {
				typed = backend.Hide([]byte(value))
			}
		case f.Type == keymap.FixedField:
			args[f.Name] = f.Default
		case given && f.Type == keymap.SizeField && strings.TrimSpace(value) != "":
			args[f.Name] = strconv.FormatInt(v.Bytes(f.Name), 10)
		}
	}
	return args, typed
}

// answered goes on with a form's answers, once the secret that they name has been read.
func (m *Model) answered(a keymap.Action, s keymap.Selection, args keymap.Args, typed backend.Hidden) tea.Cmd {
	if a.Gather == nil {
		return m.ascertain(a, s, args)
	}
	life, asked := m.lifetime(), m.here()
	return m.aside("gather", func() func() tea.Cmd {
		ctx, cancel := context.WithTimeout(life, gatherTime)
		defer cancel()
		secret, err := a.Gather(ctx, args, typed)
		return func() tea.Cmd {
			return m.askArrived(asked, commandName(a), func() tea.Cmd { return m.gathered(a.Holding(secret), s, args, err) })
		}
	})
}

// gathered goes on, or says what is wrong and shows the form again with its answers.
func (m *Model) gathered(a keymap.Action, s keymap.Selection, args keymap.Args, err error) tea.Cmd {
	if err == nil {
		return m.ascertain(a, s, args)
	}
	cmd := m.askForm(a, s, args)
	m.message(strings.TrimSuffix(a.Title, "…"), errorWords(err), theme.StateBad)
	return cmd
}

// askDetailed fetches the dear fields of what is selected, then asks: a form about
// devices must not be opened before they are known.
func (m *Model) askDetailed(a keymap.Action, s keymap.Selection) tea.Cmd {
	looking := "looking at " + m.targetWords(s.Objects) + "…"
	m.say(theme.StateBusy, looking)
	first, asked := s.First().Ref(), m.here()
	return direct(m, "look at "+s.First().Title(), first.Conn, func(ctx context.Context, b backend.Backend) (*backend.Detail, error) {
		return b.Get(ctx, first)
	}, func(d *backend.Detail, err error) tea.Cmd {
		m.unsay(looking)
		if err != nil {
			m.messageArrived(asked, strings.TrimSuffix(a.Title, "…"), errorWords(err))
			return nil
		}
		m.store.PutDetail(d)
		return m.askArrived(asked, commandName(a)+" "+m.targetWords(s.Objects), func() tea.Cmd { return m.askForm(a, s, nil) })
	})
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
