package soak

import "testing"

func TestRowsAreCompared(t *testing.T) {
	servers := append(fromVirsh(" 1    guest   running\n -    spare   shut off\n"), fromGovc("a\nsuspended\nb\nsuspended\n")...)
	same := []string{"  NAME▴  STATE  CPU", "❯● guest  run  1%", " ○ spare  off  -", " ◐ a suspended -", " ◐ b sus -", ""}
	if d := differ(fromScreen(same), servers); d != "" {
		t.Errorf("equal rows differ: %s", d)
	}
	for _, lines := range [][]string{
		{"❯● guest  run  1%", " ○ spare  off  -", " ◐ a sus -"},
		{"❯● guest  pau  1%", " ○ spare  off  -", " ◐ a sus -", " ◐ b sus -"},
		{"❯● guest  run  1%", " ○ spare  off  -", " ◐ a sus -", " ◐ b sus -", " ◐ b sus -"},
	} {
		if differ(fromScreen(lines), servers) == "" {
			t.Errorf("%q is not what the servers have", lines)
		}
	}
}
