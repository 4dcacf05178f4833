package ui

import (
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/kind"
)

// detailTabs are the pages of the details of what is under the cursor.
func (m *Model) detailTabs() []string {
	tabs := []string{"Overview"}
	o := m.subject()
	if o == nil {
		return tabs
	}
	for _, t := range m.specs.Of(o.Ref().Kind).Tabs {
		tabs = append(tabs, t.Title)
	}
	return append(tabs, "Events")
}

// detailSections is the page that is open.
func (m *Model) detailSections(o backend.Object) []kind.Section {
	spec := m.specs.Of(o.Ref().Kind)
	var page []kind.Section
	switch {
	case m.detailTab == 0:
		page = append(m.alarmSections(o), spec.Sections(o)...)
	case m.detailTab <= len(spec.Tabs):
		page = spec.Tabs[m.detailTab-1].Sections(o)
	default:
		page = m.eventSections(o)
	}
	return append(m.currency(o), page...)
}

// currency says first when what is shown is not current: old, or gone.
func (m *Model) currency(o backend.Object) []kind.Section {
	if !m.env.Live(o.Ref().Conn) {
		return []kind.Section{m.staleSection(o)}
	}
	if m.store.Object(o.Ref()) == nil {
		return []kind.Section{{Facts: []kind.Fact{{Name: "GONE", Value: "it does not exist any more; this is how it was", Tok: theme.StateWarn}}}}
	}
	return nil
}

// staleSection says first that nothing below is current.
func (m *Model) staleSection(o backend.Object) kind.Section {
	c := m.env.Conn(o.Ref().Conn)
	facts := []kind.Fact{{Name: "STALE", Value: string(c.ID) + " is " + c.Phase.String(), Tok: theme.StateWarn}}
	if !c.LastGood.IsZero() {
		facts = append(facts, kind.Fact{Name: "Data from", Value: kind.Age(m.env.Now.Sub(c.LastGood)) + " ago", Tok: theme.StateWarn})
	}
	if c.Err != "" {
		facts = append(facts, kind.Fact{Name: "Why", Value: c.Err, Tok: theme.Text})
	}
	return kind.Section{Facts: facts}
}

// eventSections are the events of an object, the newest first.
func (m *Model) eventSections(o backend.Object) []kind.Section {
	var lines []string
	events := m.store.Events()
	for i := len(events) - 1; i >= 0 && len(lines) < 200; i-- {
		if events[i].Object == o.Ref() {
			lines = append(lines, events[i].At.Local().Format(time.TimeOnly)+"  "+strings.ReplaceAll(events[i].Text, "\n", " "))
		}
	}
	if len(lines) == 0 {
		lines = []string{"No events since hvdeck was started."}
	}
	return []kind.Section{{Lines: lines}}
}

// detailPage is how far a page of the details scrolls.
func (m *Model) detailPage() int { return max(m.h-6, 1) }
