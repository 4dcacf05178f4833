package ui

import (
	"fmt"
	"slices"
	"strings"

	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/kind"
	"hvdeck/ui/line"
	"hvdeck/ui/spark"
)

// header is the first line: the connections with their states, and the load of the
// host under the cursor.
func (m *Model) header(w int) string {
	b := line.New(m.env.Theme, theme.Plain, w)
	b.Add(theme.Accent, " hvdeck ")
	if m.o.Demo {
		b.Add(theme.StateWarn, "DEMO ")
	}
	b.Add(theme.StateWarn, m.unwrittenChip()).Add(theme.StateWarn, m.alert())
	m.alarmChip(b)
	m.chips(b)
	gauges := m.gauges(b.Left() - 2)
	b.Gap(b.Left() - line.Width(gauges))
	return b.Add(theme.Spark, gauges).String()
}

// chips are the connections; those that find no room are counted.
func (m *Model) chips(b *line.Builder) {
	conns := m.connsWorstFirst()
	for i, c := range conns {
		rest := fmt.Sprintf(" +%d more, i lists them", len(conns)-i)
		chip := m.chip(c)
		last := i == len(conns)-1
		if (last && chip.width() > b.Left()) || (!last && chip.width()+len(rest) > b.Left()) {
			b.Add(theme.StateWarn, rest)
			return
		}
		chip.draw(b)
	}
}

// connsWorstFirst puts what needs a look where it is seen.
func (m *Model) connsWorstFirst() []store.ConnStatus {
	conns := m.store.Conns()
	slices.SortStableFunc(conns, func(a, b store.ConnStatus) int { return rank(a) - rank(b) })
	return conns
}

func rank(c store.ConnStatus) int {
	if c.Phase == store.Ready {
		return 1
	}
	return 0
}

// chip is a connection in the header.
type chip struct {
	sign, name, word      string
	tok, nameTok, wordTok theme.Token
}

func (c chip) width() int {
	return 1 + line.Width(c.sign) + 1 + line.Width(c.name) + line.Width(c.word) + 1
}

func (c chip) draw(b *line.Builder) {
	b.Gap(1).Add(c.tok, c.sign).Gap(1).Add(c.nameTok, c.name)
	if c.word != "" {
		b.Add(c.wordTok, c.word)
	}
	b.Gap(1)
}

func (m *Model) chip(c store.ConnStatus) chip {
	sign, tok := m.phaseLook(c.Phase)
	out := chip{sign: sign, tok: tok, wordTok: tok, name: string(c.ID), nameTok: connToken(c.Colour)}
	if c.Production {
		out.name += " PRODUCTION"
		out.nameTok = theme.Danger
	}
	switch c.Phase {
	case store.Ready:
		if c.About.Product != "" {
			out.word = " " + shortProduct(c.About.Product) + " " + c.About.Version
			out.wordTok = theme.Muted
		}
		if c.ReadOnly {
			out.word += " ro"
		}
	default:
		out.word = " " + c.Phase.String() + m.phaseAge(c)
		if m.asksYou(c.ID) {
			out.word = " waits for your answer"
		}
	}
	return out
}

// phaseAge is how old the data is, or how long it has been trying.
func (m *Model) phaseAge(c store.ConnStatus) string {
	if c.Phase != store.Ready && !c.LastGood.IsZero() {
		return " " + kind.AgeShort(m.env.Now.Sub(c.LastGood))
	}
	if c.Phase != store.Ready {
		return " " + kind.AgeShort(m.env.Now.Sub(c.Since))
	}
	return ""
}

func (m *Model) phaseLook(p store.Phase) (string, theme.Token) {
	g := m.env.Theme.Glyphs
	switch p {
	case store.Ready:
		return g.On, theme.StateOK
	case store.Connecting:
		return g.Waiting, theme.StateBusy
	case store.Stale:
		return g.Waiting, theme.StateWarn
	default:
		return g.Failed, theme.StateBad
	}
}

func connToken(colour string) theme.Token {
	switch colour {
	case "a", "blue":
		return theme.ConnA
	case "b", "green":
		return theme.ConnB
	case "c", "yellow":
		return theme.ConnC
	case "d", "red":
		return theme.ConnD
	default:
		return theme.Text
	}
}

func shortProduct(p string) string {
	switch p {
	case "VMware vCenter Server":
		return "vCenter"
	case "VMware ESXi", "VMware ESX":
		return "ESXi"
	default:
		return p
	}
}

// gauges show the load of the host under the cursor in at most w cells; "" where
// there is no room or no figure.
func (m *Model) gauges(w int) string {
	host := m.slots[slotHosts].pane().Cursor()
	if host == nil || !m.env.Live(host.Ref().Conn) {
		return ""
	}
	s, ok := m.store.Sample(host.Ref())
	if !ok {
		return ""
	}
	cpu, mem := m.store.History(host.Ref())
	g := &m.env.Theme.Glyphs
	name, _, _ := strings.Cut(host.Title(), ".")
	text := fmt.Sprintf("%s cpu %s %4s  mem %s %4s ", name, spark.Sparkline(g, cpu, 6, 100), kind.Percent(s.CPU),
		spark.Sparkline(g, mem, 6, 100), kind.Percent(s.MemUsed/s.MemTotal*100))
	if line.Width(text) > w {
		return ""
	}
	return text
}
