package soak

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// short is a state's word as the screen writes it where it has little room.
func short(state string) string { return state[:min(len(state), 3)] }

// fromVirsh makes rows, "name state", of `virsh list --all`.
func fromVirsh(text string) []string {
	row := regexp.MustCompile(`^\s*(?:\d+|-)\s+(\S+)\s+(\S.*?)\s*$`)
	var out []string
	for line := range strings.Lines(text) {
		if m := row.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			out = append(out, m[1]+" "+short(strings.TrimPrefix(m[2], "shut ")))
		}
	}
	return out
}

// fromGovc makes rows of names and power states, a line each, in turn.
func fromGovc(text string) []string {
	words := map[string]string{"poweredOn": "run", "poweredOff": "off", "suspended": "sus"}
	var out []string
	for pair := range slices.Chunk(strings.Fields(text), 2) {
		out = append(out, pair[0]+" "+words[pair[len(pair)-1]])
	}
	return out
}

// fromScreen makes rows of the lines inside a pane of VMs: sign, name, state.
func fromScreen(lines []string) []string {
	var out []string
	for _, l := range lines {
		f := strings.Fields(strings.TrimLeft(l, "❯◈› "))
		if len(f) < 3 || f[0] == "NAME" || strings.HasPrefix(f[0], "NAME") {
			continue
		}
		out = append(out, f[1]+" "+short(f[2]))
	}
	return out
}

// differ names the rows that are on one side only; "" when there are none.
func differ(screen, servers []string) string {
	count := map[string]int{}
	for _, r := range screen {
		count[r]++
	}
	for _, r := range servers {
		count[r]--
	}
	var out []string
	for r, n := range count {
		switch {
		case n > 0:
			out = append(out, fmt.Sprintf("on the screen only: %s", r))
		case n < 0:
			out = append(out, fmt.Sprintf("at the servers only: %s", r))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
