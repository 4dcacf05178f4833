package soak

import "strings"

// kept is how many of the last steps are kept.
const kept = 50

// trail is what was done last, a line each.
type trail struct{ lines []string }

func (t *trail) begin(line string) {
	t.lines = append(t.lines, line)
	if len(t.lines) > kept {
		t.lines = append([]string(nil), t.lines[len(t.lines)-kept:]...)
	}
}

// add continues the last line.
func (t *trail) add(words ...string) {
	if len(t.lines) == 0 {
		t.begin("")
	}
	t.lines[len(t.lines)-1] += " " + strings.Join(words, " ")
}

func (t *trail) text() string { return strings.Join(t.lines, "\n") + "\n" }
