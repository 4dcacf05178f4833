package soak

import (
	"slices"
	"strings"
	"testing"
)

func TestTheCursorIsLookedForInTheRightPane(t *testing.T) {
	screen := func(cursor string) []string {
		return strings.Split(" hvdeck\n╭ 1 [Hosts] ── 1 ╮╭ 0 Details ──╮\n│›● host         ││ net: 2 VMs  │\n╰────────────────╯│             │\n"+
			"╭ 2 VMs ───── 2 ╮│             │\n│   NAME▴  STATE ││             │\n│"+cursor+"● a      run   ││             │\n│ ○ b      off   ││             │\n"+
			"╰────────────────╯╰─────────────╯\n x every action", "\n")
	}
	names, at, found := vms(screen("❯"))
	if !found || at != 0 || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%q, cursor %d, %v", names, at, found)
	}
	if _, at, found := vms(screen(" ")); found || at != -1 {
		t.Errorf("a cursor at %d where there is none", at)
	}
	if !atHome(screen("❯")) || atHome([]string{" hvdeck", "╭ Help ──╮", "╰────────╯", " x every action"}) {
		t.Error("the panes are not told from a screen")
	}
}
