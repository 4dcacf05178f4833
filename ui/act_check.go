package ui

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/keymap"
	"hvdeck/theme"
)

// checkTime bounds what servers are asked before one question.
const checkTime = time.Minute

// verdict is what the servers say before anything is done.
type verdict struct {
	refused map[backend.Ref]string // why the server would refuse it
	warns   []string
}

// check asks the servers what speaks against an action, then goes on to the question. A
// server that can't be asked, or fails to answer, is no reason not to ask the operator.
func (m *Model) check(s startMsg) tea.Cmd {
	m.say(theme.StateBusy, commandName(s.action)+": asking the server what it thinks of it…")
	poller, life := m.o.Poller, m.lifetime()
	ops := make([]backend.Op, len(s.fit))
	for i, o := range s.fit {
		ops[i] = s.action.Make(o, s.sel, s.args)
	}
	return m.aside("check", func() func() tea.Cmd {
		ctx, cancel := context.WithTimeout(life, checkTime)
		defer cancel()
		v := verdict{refused: map[backend.Ref]string{}}
		for i, o := range s.fit {
			b, err := poller.Backend(o.Ref().Conn)
			if err != nil {
				continue // the start says so
			}
			findings, err := guarded(ctx, b, "check", func(ctx context.Context, b backend.Backend) ([]backend.Finding, error) {
				if c, ok := backend.As[backend.Checker](b); ok {
					return c.Check(ctx, ops[i])
				}
				return nil, nil
			}, m.o.Fault)
			v.note(o, findings, err)
		}
		return func() tea.Cmd { return m.checked(s, v) }
	})
}

// note takes in what was found about one object.
func (v *verdict) note(o backend.Object, findings []backend.Finding, err error) {
	if err != nil {
		v.warns = append(v.warns, "It could not be checked beforehand: "+clean.Text(err.Error()))
	}
	for _, f := range findings {
		text := clean.Text(f.Text)
		switch f.Severity {
		case backend.SeverityError:
			v.refused[o.Ref()] = strings.TrimPrefix(v.refused[o.Ref()]+"; "+text, "; ")
		case backend.SeverityWarning:
			v.warns = append(v.warns, "Warning of the server: "+text)
		default:
			v.warns = append(v.warns, text)
		}
	}
}

// checked asks the operator, with what the servers said; what they would refuse is left
// out.
func (m *Model) checked(s startMsg, v verdict) tea.Cmd {
	m.note = note{}
	s.skipped = slices.Clone(s.skipped)
	s.fit = slices.DeleteFunc(slices.Clone(s.fit), func(o backend.Object) bool {
		why := v.refused[o.Ref()]
		if why != "" {
			s.skipped = append(s.skipped, keymap.Skip{Object: o, Why: why})
		}
		return why != ""
	})
	if len(s.fit) == 0 {
		cmd := m.askAgain(s)
		m.message(strings.TrimSuffix(s.action.Title, "…"), m.refusals(s.skipped), theme.StateBad)
		return cmd
	}
	begin := func() tea.Cmd { return func() tea.Msg { return s } }
	if s.action.RiskWith(s.sel, s.args) == keymap.Safe && len(s.skipped) == 0 && len(v.warns) == 0 {
		return begin()
	}
	q := m.question(s.action, s.sel, s.fit, s.skipped, s.args)
	q.Loses = append(q.Loses, v.warns...)
	q.Async = true
	m.confirm(q, begin)
	return nil
}

// askAgain brings the form back with its answers, where there was one.
func (m *Model) askAgain(s startMsg) tea.Cmd {
	if s.action.Form == nil {
		return nil
	}
	return m.askForm(s.action, s.sel, s.args)
}

func (m *Model) refusals(skipped []keymap.Skip) string {
	lines := []string{"The server would refuse it; nothing was done."}
	for _, sk := range skipped {
		lines = append(lines, "", m.targetWords([]backend.Object{sk.Object})+":", strings.ReplaceAll(sk.Why, "; ", "\n"))
	}
	return strings.Join(lines, "\n")
}
