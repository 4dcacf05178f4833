package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/task"
	"hvdeck/theme"
	"hvdeck/ui/edit"
	"hvdeck/ui/overlay"
)

// askApply asks before a draft goes to the server.
func (m *Model) askApply() tea.Cmd {
	s, ok := m.screen().(*reviewScreen)
	if !ok {
		return nil
	}
	d := s.draft
	if d.wrong {
		m.say(theme.StateWarn, "this text can't be applied; e edits it again")
		return nil
	}
	verb := "Apply"
	if d.isNew() {
		verb = "Create"
	}
	q := overlay.Question{Title: capital(d.words()) + "?", Verb: verb, Level: overlay.Disruptive, Targets: []overlay.Target{{Name: d.name, Conn: string(d.conn())}}}
	if d.note != "" {
		q.Loses = []string{d.note}
	}
	m.confirm(q, func() tea.Cmd { return m.apply(d) })
	return nil
}

// apply looks once more at what the server has, so that nobody's change is overwritten
// unseen, then defines.
func (m *Model) apply(d *draft) tea.Cmd {
	if d.isNew() {
		m.define(d)
		return nil
	}
	m.say(theme.StateBusy, "comparing with the server")
	asked := d.text
	return direct(m, "definition", d.conn(), func(ctx context.Context, b backend.Backend) (string, error) {
		return definition(ctx, b, d.object)
	}, func(now string, err error) tea.Cmd {
		m.note = note{}
		switch {
		case !m.onReview(d) || d.text != asked: // discarded, or edited again, while the server was asked
			m.say(theme.StateWarn, d.name+": nothing was applied, the text has changed since it was confirmed")
		case err != nil:
			m.giveBack(d, "Nothing was done. "+errorWords(err), false)
		case !edit.Same(d.kind, d.before, now):
			m.askConflict(d, now)
		default:
			m.define(d)
		}
		return nil
	})
}

func (m *Model) onReview(d *draft) bool {
	s, ok := m.screen().(*reviewScreen)
	return ok && s.draft == d
}

// define starts the task; the draft is kept until it has ended.
func (m *Model) define(d *draft) {
	op := backend.DefineOp{Kind: d.kind, Under: d.under, Object: d.object, XML: d.text, Transient: d.transient}
	m.closeReview(d)
	m.defining[m.tasks.Start(op, task.Target{Name: d.name, ConnName: string(d.conn())})] = d
}

// askConflict says that somebody else has changed the definition.
func (m *Model) askConflict(d *draft, now string) {
	box := overlay.NewAsk(d.name+" was changed at the server meanwhile",
		"Its definition is no longer the one that you began with: somebody else has changed it. Nothing was done.\n\n"+
			"Your text compared with the new definition shows what applying it would undo.",
		[]overlay.MenuItem{{Title: "Back to the text"}, {Title: "Compare with the definition as it is now"}}).Async()
	m.overlays = append(m.overlays, overlayEntry{box: box, update: func(k tea.KeyPressMsg) (bool, tea.Cmd) {
		switch box.Update(k) {
		case overlay.Open:
			return false, nil
		case overlay.Chosen:
			if i, _ := box.Choice(); i == 1 {
				d.before = now
				m.giveBack(d, "", false)
			}
			return true, nil
		default:
			return true, nil
		}
	}})
}

// askDiscard asks before the changes are dropped.
func (m *Model) askDiscard() {
	s, ok := m.screen().(*reviewScreen)
	if !ok {
		return
	}
	d := s.draft
	q := overlay.Question{
		Title: "Discard the text?", Verb: "Discard", Level: overlay.Disruptive,
		Loses: []string{"What you have written is lost. The server keeps what it has."}, Targets: []overlay.Target{{Name: d.name, Conn: string(d.conn())}},
	}
	m.confirm(q, func() tea.Cmd {
		m.closeReview(d)
		m.say(theme.StateOff, d.name+": discarded, nothing was done")
		return nil
	})
}
