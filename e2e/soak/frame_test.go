package soak

import (
	"strings"
	"testing"
)

func TestABrokenFrameIsSeen(t *testing.T) {
	const good = " hvdeck\n╭ a ╮╭ b ╮\n│ x ││ y │\n╰───╯│ z │\n╭ c ╮│   │\n╰───╯╰───╯\n hints"
	if err := whole(strings.Split(good, "\n"), 10); err != nil {
		t.Errorf("a whole frame: %v", err)
	}
	const noted = " hvdeck\n╭ a     ╮\n│ x     │\n│ y     │\n a note\n of three\n lines"
	if err := whole(strings.Split(noted, "\n"), 9); err != nil {
		t.Errorf("a frame with a long note over its last border: %v", err)
	}
	for what, bad := range map[string]string{
		"a row that is too long":  strings.Replace(good, "│ x ││ y │", "│ xx ││ y │", 1),
		"a row that is too short": strings.Replace(good, "│ x ││ y │", "│ x ││ y", 1),
		"no left border":          strings.Replace(good, "│ x ││ y │", "  x ││ y │", 1),
		"no right border":         strings.Replace(good, "│ x ││ y │", "│ x ││ y x", 1),
		"nothing":                 "",
	} {
		if err := whole(strings.Split(bad, "\n"), 10); err == nil {
			t.Errorf("%s was not seen", what)
		}
	}
}
