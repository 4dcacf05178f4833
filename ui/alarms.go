package ui

import (
	"fmt"

	tea "charm.land/bubbletea/v2"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
	"hvdeck/keymap"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/pane"
)

// alarmsKnown sums up the alarms of the store, once for each change of them: the header
// and the details are drawn far more often.
type alarmsKnown struct {
	rev   uint64
	open  int            // that nobody has acknowledged
	worst backend.Health // of these
	of    map[backend.Ref][]*backend.Alarm
}

// alarmsNow are the alarms as they stand.
func (m *Model) alarmsNow() *alarmsKnown {
	rev := m.revs[store.Of(backend.KindAlarm)]
	if m.alarms != nil && m.alarms.rev == rev {
		return m.alarms
	}
	all := m.store.All(backend.KindAlarm)
	kind.Order(all, func(o backend.Object) kind.Key { return kind.Key{Num: kind.AlarmRank(o.(*backend.Alarm))} }, true)
	now := &alarmsKnown{rev: rev, of: map[backend.Ref][]*backend.Alarm{}}
	for _, o := range all {
		a := o.(*backend.Alarm)
		now.of[a.Object] = append(now.of[a.Object], a)
		if !a.Acked {
			now.open++
			now.worst = max(now.worst, a.Status)
		}
	}
	m.alarms = now
	return now
}

// alarmChip counts the alarms that nobody has acknowledged, for the header; nothing where
// there are none.
func (m *Model) alarmChip(b *line.Builder) {
	now := m.alarmsNow()
	if now.open == 0 {
		return
	}
	sign, tok := m.env.Theme.Glyphs.Warn, theme.StateWarn
	if now.worst == backend.HealthRed {
		sign, tok = m.env.Theme.Glyphs.Failed, theme.StateBad
	}
	words := sign + " " + countWords(now.open, "alarm")
	const roomy = 90
	if a, ok := m.reg.ByID("alarms"); ok && len(a.Keys) > 0 && b.Left() > roomy {
		words += " (" + a.Keys[0] + ")"
	}
	b.Gap(1).Add(tok, words).Gap(1)
}

// alarmSections are the alarms of an object, for its details.
func (m *Model) alarmSections(o backend.Object) []kind.Section {
	alarms := m.alarmsNow().of[o.Ref()]
	if len(alarms) == 0 {
		return nil
	}
	s := kind.Section{Title: "Alarms"}
	for _, a := range alarms {
		words, tok := m.env.HealthLook(a.Status)
		if words == "" {
			words = "unknown"
		}
		text := a.Name
		if !a.Since.IsZero() {
			text += ", for " + kind.Age(m.env.Now.Sub(a.Since))
		}
		if a.Acked {
			tok = theme.Muted
			text += ", acknowledged"
			if a.AckedBy != "" {
				text += " by " + a.AckedBy
			}
		}
		s.Facts = append(s.Facts, kind.Fact{Name: words, Value: text, Tok: tok})
	}
	return []kind.Section{s}
}

// alarmsScreen lists the alarms of every connection, the worst first.
type alarmsScreen struct {
	pane *pane.Pane
}

func alarmsAction() keymap.Action {
	return act("alarms", "Alarms", "Alarms of every connection, those that nobody has acknowledged first; enter goes to the object.", keymap.Global, "Console", "!")
}

func (m *Model) openAlarms() {
	p := pane.New(m.env, m.specs.Of(backend.KindAlarm), m.fault)
	p.SortBy("status")
	p.ShowConns(m.env.Several())
	m.push(&alarmsScreen{p})
}

func (s *alarmsScreen) title(m *Model) string {
	out := "Alarms"
	if f := s.pane.FilterText(); f != "" {
		out += " /" + f
	}
	return out + fmt.Sprintf("  %s, %d not acknowledged", s.pane.Counts(), m.alarmsNow().open)
}

func (s *alarmsScreen) scopes() []keymap.Scope {
	return []keymap.Scope{keymap.Rows(backend.KindAlarm), keymap.List, keymap.Global}
}
func (s *alarmsScreen) do(_ *Model, id string) bool               { return s.pane.Do(id) }
func (s *alarmsScreen) refresh(_ *Model, revs store.Revs) tea.Cmd { return s.pane.Refresh(revs) }
func (s *alarmsScreen) searchable() searchable                    { return s.pane }
func (s *alarmsScreen) object() backend.Object                    { return s.pane.Cursor() }
func (s *alarmsScreen) marking() *pane.Pane                       { return s.pane }
func (s *alarmsScreen) interest(_ *Model, in *poll.Interest) {
	in.Kinds = append(in.Kinds, backend.KindAlarm)
}

func (s *alarmsScreen) draw(m *Model, w, h int) []string {
	empty := "no alarms"
	switch why := m.whyNone(""); {
	case s.pane.FilterText() != "":
		empty = "nothing matches"
	case why != "none":
		empty = why
	case !m.alarmsKept():
		empty = "no connection has alarms"
	}
	return s.pane.Draw(w, h, true, m.wide, empty)
}

// alarmsKept reports whether there is a connection that has alarms at all.
func (m *Model) alarmsKept() bool {
	for _, c := range m.store.Conns() {
		if _, known := c.Caps.Can[backend.VerbAlarmAck]; known {
			return true
		}
	}
	return false
}

// open goes to the object of the alarm.
func (s *alarmsScreen) open(m *Model) tea.Cmd {
	a, ok := s.pane.Cursor().(*backend.Alarm)
	if !ok {
		return nil
	}
	o := m.store.Object(a.Object)
	switch {
	case o == nil:
		m.message(a.Name, a.ObjectName+" on "+string(a.ID.Conn)+" is not listed here.\n\n"+a.Text, theme.Focus)
		return nil
	case o.Ref().Kind == backend.KindFolder:
		m.openInventoryAt(o.Ref())
		return nil
	default:
		return m.goTo(o)
	}
}
