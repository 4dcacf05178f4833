package pane

import (
	"strings"
	"testing"

	"hvdeck/theme"
	"hvdeck/ui/kind"
)

// A filter looks at a field where the list has it, and takes the rest as words.
func TestListFields(t *testing.T) {
	rows := []string{"web-1 power off", "db-1 web-1 was asked", "web-10 power on"}
	l := NewList(kind.NewEnv(nil, &theme.Theme{}), nil, func(s string) string { return s }, func() []string { return rows }, func(s string) string { return s }).
		Fields(func(s, name string) (string, bool) {
			object, _, _ := strings.Cut(s, " ")
			return object, name == "object"
		})
	for filter, want := range map[string]int{
		"web-1": 3, "object:web-1": 2, "object:=web-1": 1, "!object:web": 1, "object:web power": 2, "nothing:web": 0, "object:": 3,
	} {
		words := strings.Fields(filter)
		n := 0
		for _, r := range rows {
			if l.matches(r, words) {
				n++
			}
		}
		if n != want {
			t.Errorf("%q: %d rows, want %d", filter, n, want)
		}
	}
}
