package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
)

func secretSpec(e *Env) *Spec {
	secret := func(o backend.Object) *backend.Secret { return o.(*backend.Secret) }
	return &Spec{
		Kind: backend.KindSecret, Title: "Secrets", Names: []string{"secrets", "secret"},
		Columns: []Column{
			e.nameColumn(),
			e.textColumn(columnOf("usage", "USAGE", 'T', 5, 8, 1, false), theme.Muted, func(o backend.Object) string { return secret(o).Usage }),
			e.textColumn(columnOf("traits", "TRAITS", 'S', 6, 18, 3, false), theme.Muted, func(o backend.Object) string { return secretTraits(secret(o)) }),
			e.textColumn(columnOf("description", "DESCRIPTION", 'D', 8, 50, 2, true), theme.Text,
				func(o backend.Object) string { return oneLine(secret(o).Description) }),
			e.textColumn(columnOf("uuid", "UUID", 'U', 36, 36, 5, true), theme.Muted, func(o backend.Object) string { return secret(o).UUID }),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "type":
				return secret(o).Usage
			case "uuid":
				return secret(o).UUID
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			s := secret(o)
			return strings.Join([]string{s.Name, s.UsageID, s.Usage, s.Description, s.UUID, string(s.ID.Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section {
			s := secret(o)
			return []Section{{Facts: plus(compact([]Fact{
				{"Usage", s.Usage, theme.Text},
				{"For", s.UsageID, theme.Text},
				{"Connection", string(s.ID.Conn), theme.Text},
				{"Description", s.Description, theme.Text},
				{"Ephemeral", YesNo(s.Ephemeral), theme.Text},
				{"Private", YesNo(s.Private), theme.Text},
				{"UUID", s.UUID, theme.Text},
			}), s.Extra)}}
		},
	}
}

func secretTraits(s *backend.Secret) string {
	var out []string
	if s.Ephemeral {
		out = append(out, "ephemeral")
	}
	if s.Private {
		out = append(out, "private")
	}
	return strings.Join(out, " ")
}
