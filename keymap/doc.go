package keymap

import (
	"fmt"
	"strings"
)

// Markdown writes the key page: a table for each group, in the order of
// declaration. The page in docs/ is this, and a test says when it is old.
func (r *Registry) Markdown() string {
	var b strings.Builder
	b.WriteString("# Keys\n\nWritten from the action registry by `make docs`. The name in the last column is what the\nconfiguration file calls the action.\n")
	group := "\x00"
	for _, a := range r.grouped() {
		if a.Group != group {
			group = a.Group
			fmt.Fprintf(&b, "\n## %s\n\n| key | does | name |\n|---|---|---|\n", group)
		}
		fmt.Fprintf(&b, "| %s | %s | `%s` |\n", codes(r.KeyText(a)), sentence(a), a.ID)
	}
	return b.String()
}

func codes(keys string) string {
	if keys == "" {
		return "palette"
	}
	parts := strings.Split(keys, ", ")
	for i, p := range parts {
		parts[i] = "`" + strings.ReplaceAll(p, "|", "\\|") + "`"
	}
	return strings.Join(parts, " ")
}

func sentence(a Action) string {
	s := a.Title
	if a.Help != "" {
		s = a.Help
	}
	switch a.Risk {
	case Safe: // asks nothing
	case Disruptive:
		s += " Asks `y`."
	case Irreversible:
		s += " Asks for the name."
	}
	return s
}

// grouped keeps the order of the first action of each group.
func (r *Registry) grouped() []Action {
	var order []string
	by := map[string][]Action{}
	for _, a := range r.actions {
		if _, ok := by[a.Group]; !ok {
			order = append(order, a.Group)
		}
		by[a.Group] = append(by[a.Group], a)
	}
	var out []Action
	for _, g := range order {
		out = append(out, by[g]...)
	}
	return out
}
