package kind

import (
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

func alarmSpec(e *Env) *Spec {
	a := func(o backend.Object) *backend.Alarm { return o.(*backend.Alarm) }
	look := func(o backend.Object) (string, theme.Token) {
		switch {
		case a(o).Acked:
			return e.Theme.Glyphs.Done, theme.Muted
		case a(o).Status == backend.HealthRed:
			return e.Theme.Glyphs.Failed, theme.StateBad
		default:
			return e.Theme.Glyphs.Warn, theme.StateWarn
		}
	}
	since := columnOf("since", "SINCE", 'S', 5, 9, 2, false)
	since.Cell = func(o backend.Object) table.Cell {
		if a(o).Since.IsZero() {
			return cell("-", theme.Muted)
		}
		return cell(AgeShort(e.Now.Sub(a(o).Since)), theme.Muted)
	}
	status := Column{Column: columnOf("status", "STATUS", 'T', 6, 13, 3, false), Falling: true}
	status.Cell = func(o backend.Object) table.Cell {
		_, tok := look(o)
		return cell(alarmWord(a(o)), tok)
	}
	status.SortKey = func(o backend.Object) Key { return Key{Num: AlarmRank(a(o))} }
	return &Spec{
		Kind: backend.KindAlarm, Title: "Alarms", Names: []string{"alarms", "alarm"},
		Columns: []Column{
			{Column: table.Column[backend.Object]{Key: "glyph", Min: 1, Max: 1, Cell: func(o backend.Object) table.Cell {
				g, tok := look(o)
				return e.sign(o, g, tok)
			}}},
			status,
			e.textColumn(columnOf("object", "OBJECT", 'B', 8, 30, 1, false), theme.Text, func(o backend.Object) string { return a(o).ObjectName }),
			e.nameColumn(),
			{Column: since, SortKey: bootKey(func(o backend.Object) time.Time { return a(o).Since })},
			e.textColumn(columnOf("by", "ACKNOWLEDGED", 'K', 6, 20, 5, false), theme.Muted, func(o backend.Object) string { return a(o).AckedBy }),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "state":
				return alarmWord(a(o))
			case "object":
				return a(o).ObjectName
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			return strings.Join([]string{o.Title(), a(o).ObjectName, alarmWord(a(o)), string(o.Ref().Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section {
			out := []Section{{Facts: plus(compact([]Fact{
				{"Alarm", o.Title(), theme.Text},
				{"Object", a(o).ObjectName, theme.Text},
				{"Status", alarmWord(a(o)), theme.Text},
				{"Since", When(a(o).Since), theme.Text},
				{"Acknowledged by", a(o).AckedBy, theme.Text},
				{"Acknowledged at", When(a(o).AckedAt), theme.Text},
				{"Connection", string(o.Ref().Conn), theme.Text},
			}), a(o).Extra)}}
			if a(o).Text != "" {
				out = append(out, Section{Title: "About", Lines: strings.Split(a(o).Text, "\n")})
			}
			return out
		},
	}
}

// alarmWord is the status in a word, as filters know it.
func alarmWord(a *backend.Alarm) string {
	if a.Acked {
		return healthWord(a.Status) + ", acked"
	}
	return healthWord(a.Status)
}

// AlarmRank orders alarms: those that nobody has acknowledged first, then by how bad
// they are, then the newest.
func AlarmRank(a *backend.Alarm) float64 {
	rank := float64(a.Status)
	if !a.Acked {
		rank += float64(backend.HealthRed) + 1
	}
	const ages = 1e11 // seconds: more than any time of a server
	return rank*ages + float64(a.Since.Unix())
}
