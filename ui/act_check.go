package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/clean"
	"hvdeck/backend/guard"
	"hvdeck/keymap"
	"hvdeck/theme"
)

// How long a server may think about one object, and how many are asked about at once.
const (
	checkTime  = 20 * time.Second
	checkAtOne = 4
)

// verdict is what the servers say before anything is done. It is safe for concurrent use
// until it is read.
type verdict struct {
	mu      sync.Mutex
	refused map[backend.Ref]string // why the server would refuse it
	said    []string               // what else they say, each once
	about   map[string][]string    // and of which objects
}

// check asks the servers what speaks against an action, then goes on to the question. A
// server that can't be asked, or fails to answer, is no reason not to ask the operator.
// While it lasts a box has the keys: esc stops waiting, and nothing is started.
func (m *Model) check(s startMsg) tea.Cmd {
	ctx, cancel := context.WithCancel(m.lifetime())
	box := m.waitBox(strings.TrimSuffix(s.action.Title, "…"), "Asking the server what speaks against it. Nothing has been started;", func() {
		cancel()
		m.say(theme.StateWarn, commandName(s.action)+": stopped, nothing was done")
	})
	ops := make([]backend.Op, len(s.fit))
	for i, o := range s.fit {
		ops[i] = s.action.Make(o, s.sel, s.args)
	}
	return m.aside("check", func() func() tea.Cmd {
		v := m.judge(ctx, s.fit, ops)
		return func() tea.Cmd {
			stopped := ctx.Err() != nil
			cancel()
			if stopped {
				return nil
			}
			m.closeOverlay(box)
			return m.checked(s, v)
		}
	})
}

// judge asks about each object, a few at a time.
func (m *Model) judge(ctx context.Context, objects []backend.Object, ops []backend.Op) *verdict {
	v := &verdict{refused: map[backend.Ref]string{}, about: map[string][]string{}}
	next := make(chan int)
	var group sync.WaitGroup
	for range min(checkAtOne, len(objects)) {
		group.Add(1)
		guard.Go("check", m.o.Fault, func() {
			defer group.Done()
			for i := range next {
				findings, err := m.judgeOne(ctx, ops[i])
				v.note(objects[i], findings, err)
			}
		})
	}
	for i := range objects {
		next <- i
	}
	close(next)
	group.Wait()
	return v
}

func (m *Model) judgeOne(ctx context.Context, op backend.Op) ([]backend.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	b, err := m.o.Poller.Backend(op.Target().Conn)
	if err != nil {
		return nil, nil // the start says so
	}
	return askChecker(ctx, b, op, m.o.Fault)
}

// note takes in what was found about one object.
func (v *verdict) note(o backend.Object, findings []backend.Finding, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case backend.ClassOf(err) == backend.ClassNotFound:
		v.refused[o.Ref()] = "it no longer exists"
	case err != nil:
		v.say(o, "it could not be checked beforehand: "+clean.Text(err.Error()))
	}
	for _, f := range findings {
		text := clean.Text(f.Text)
		switch f.Severity {
		case backend.SeverityError:
			v.refused[o.Ref()] = strings.TrimPrefix(v.refused[o.Ref()]+"; "+text, "; ")
		case backend.SeverityWarning:
			v.say(o, "the server warns: "+text)
		default:
			v.say(o, text)
		}
	}
}

func (v *verdict) say(o backend.Object, text string) {
	if v.about[text] == nil {
		v.said = append(v.said, text)
	}
	if name := clean.Line(o.Title()); !slices.Contains(v.about[text], name) {
		v.about[text] = append(v.about[text], name)
	}
}

// lines are what was said, with the names where it is not about all.
func (v *verdict) lines(objects int) []string {
	out := make([]string, len(v.said))
	for i, text := range v.said {
		out[i] = text
		switch names := v.about[text]; {
		case objects == 1:
		case len(names) == objects:
			out[i] = "all: " + text
		case len(names) > 5:
			out[i] = fmt.Sprintf("%s and %d more: %s", strings.Join(names[:5], ", "), len(names)-5, text)
		default:
			out[i] = strings.Join(names, ", ") + ": " + text
		}
	}
	return out
}

// checked asks the operator, with what the servers said; what they would refuse is left
// out.
func (m *Model) checked(s startMsg, v *verdict) tea.Cmd {
	all := len(s.fit)
	s.skipped = slices.Clone(s.skipped)
	s.fit = slices.DeleteFunc(slices.Clone(s.fit), func(o backend.Object) bool {
		why := v.refused[o.Ref()]
		if why != "" {
			s.skipped = append(s.skipped, keymap.Skip{Object: o, Why: why})
		}
		return why != ""
	})
	if len(s.fit) == 0 {
		return m.refusedByAll(s)
	}
	begin := func() tea.Cmd { return func() tea.Msg { return s } }
	if s.action.RiskWith(s.sel, s.args) == keymap.Safe && len(s.skipped) == 0 && len(v.said) == 0 {
		return begin()
	}
	q := m.question(s.action, s.sel, s.fit, s.skipped, s.args)
	q.Loses = append(q.Loses, v.lines(all)...)
	q.Async = true
	m.confirm(q, begin)
	return nil
}

// refusedByAll says why, over the form with its answers where there was one.
func (m *Model) refusedByAll(s startMsg) tea.Cmd {
	var cmd tea.Cmd
	if s.action.Form != nil {
		cmd = m.askForm(s.action, s.sel, s.args)
	}
	lines := []string{"The server would refuse it; nothing was done."}
	for _, sk := range s.skipped {
		lines = append(lines, "", m.targetWords([]backend.Object{sk.Object})+":", strings.ReplaceAll(sk.Why, "; ", "\n"))
	}
	m.message(strings.TrimSuffix(s.action.Title, "…"), strings.Join(lines, "\n"), theme.StateBad)
	for i := range m.overlays {
		m.overlays[i] = m.overlays[i].quietly()
	}
	return cmd
}
