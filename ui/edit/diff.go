package edit

import (
	"regexp"
	"strconv"
	"strings"

	"hvdeck/backend"
)

// Op is what happened to a line.
type Op byte

// The ops, as they are written before a line.
const (
	Kept    Op = ' '
	Removed Op = '-'
	Added   Op = '+'
)

// Change is a line of a difference: Old and New are its indexes in either text, -1
// where it is not in one.
type Change struct {
	Op       Op
	Old, New int
}

// hardest bounds the work of a comparison: beyond so many lines taken away and added,
// what lies between the common beginning and end counts as replaced.
const hardest = 2000

// Diff compares texts line by line, with the fewest lines taken away and added: after
// E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986).
func Diff(before, after []string) []Change {
	head := 0
	for head < len(before) && head < len(after) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && tail < len(after)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	out := make([]Change, 0, max(len(before), len(after)))
	for i := range head {
		out = append(out, Change{Kept, i, i})
	}
	for _, c := range middle(before[head:len(before)-tail], after[head:len(after)-tail]) {
		if c.Old >= 0 {
			c.Old += head
		}
		if c.New >= 0 {
			c.New += head
		}
		out = append(out, c)
	}
	for i := tail; i > 0; i-- {
		out = append(out, Change{Kept, len(before) - i, len(after) - i})
	}
	return out
}

// middle compares what differs in its first and its last line.
func middle(a, b []string) []Change {
	trace := forward(a, b)
	if trace == nil {
		return replaced(len(a), len(b))
	}
	return backward(trace, a, b)
}

func replaced(a, b int) []Change {
	out := make([]Change, 0, a+b)
	for i := range a {
		out = append(out, Change{Removed, i, -1})
	}
	for i := range b {
		out = append(out, Change{Added, -1, i})
	}
	return out
}

// forward finds how far each diagonal k = x-y reaches with d changes, for every d up to
// the answer. trace[d][k+d] is x; nil when it takes more than the hardest.
func forward(a, b []string) [][]int32 {
	var trace [][]int32
	for d := 0; d <= min(len(a)+len(b), hardest); d++ {
		row := make([]int32, 2*d+1)
		for k := -d; k <= d; k += 2 {
			x := int(start(trace, d, k))
			for x < len(a) && x-k < len(b) && a[x] == b[x-k] {
				x++
			}
			row[k+d] = int32(x) //nolint:gosec // lines of a text of 4 MiB
			if x >= len(a) && x-k >= len(b) {
				return append(trace, row)
			}
		}
		trace = append(trace, row)
	}
	return nil
}

// start is where diagonal k begins its d-th change: from the one above by an added
// line, or from the one below by a removed one, whichever reaches farther.
func start(trace [][]int32, d, k int) int32 {
	if d == 0 {
		return 0
	}
	if down(trace, d, k) {
		return trace[d-1][k+1+d-1]
	}
	return trace[d-1][k-1+d-1] + 1
}

func down(trace [][]int32, d, k int) bool {
	before := trace[d-1]
	return k == -d || (k != d && before[k-1+d-1] < before[k+1+d-1])
}

// backward walks the way found from its end to its beginning.
func backward(trace [][]int32, a, b []string) []Change {
	x, y := len(a), len(b)
	var out []Change
	for d := len(trace) - 1; d >= 0; d-- {
		k := x - y
		fromX, fromY := 0, 0
		if d > 0 {
			from := k - 1
			if down(trace, d, k) {
				from = k + 1
			}
			fromX = int(trace[d-1][from+d-1])
			fromY = fromX - from
		}
		for x > fromX && y > fromY {
			x, y = x-1, y-1
			out = append(out, Change{Kept, x, y})
		}
		switch {
		case d == 0:
		case x == fromX:
			y--
			out = append(out, Change{Added, -1, y})
		default:
			x--
			out = append(out, Change{Removed, x, -1})
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// Hunk is a part of a difference with a few unchanged lines around it.
type Hunk struct {
	Changes []Change
}

// Head is the line that a hunk has in a unified diff: "@@ -1,7 +1,6 @@".
func (h Hunk) Head() string {
	oldAt, newAt, oldN, newN := -1, -1, 0, 0
	for _, c := range h.Changes {
		if c.Old >= 0 {
			if oldAt < 0 {
				oldAt = c.Old
			}
			oldN++
		}
		if c.New >= 0 {
			if newAt < 0 {
				newAt = c.New
			}
			newN++
		}
	}
	return "@@ -" + span(oldAt, oldN) + " +" + span(newAt, newN) + " @@"
}

// span is where lines stand, counted from 1.
func span(at, n int) string {
	if n == 0 {
		return "0,0"
	}
	return strconv.Itoa(at+1) + "," + strconv.Itoa(n)
}

// Hunks takes out what is more than context lines away from a change.
func Hunks(changes []Change, context int) []Hunk {
	var out []Hunk
	end := -1 // of the last hunk
	for i, c := range changes {
		if c.Op == Kept {
			continue
		}
		from, to := max(i-context, 0), min(i+context+1, len(changes))
		if len(out) > 0 && from <= end {
			out[len(out)-1].Changes = append(out[len(out)-1].Changes, changes[end:max(to, end)]...)
		} else {
			out = append(out, Hunk{Changes: append([]Change(nil), changes[from:to]...)})
		}
		end = max(to, end)
	}
	return out
}

// Lines divides a text; the line end at its end begins no line.
func Lines(text string) []string {
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// figures are what a pool's definition tells of its use, which changes by itself.
func figures() *regexp.Regexp {
	return regexp.MustCompile(`<(capacity|allocation|available)\b[^>]*>[^<]*</`)
}

// Same says that two definitions of a kind, as a server gives them, are the same but for
// what changes by itself.
func Same(k backend.Kind, a, b string) bool {
	if k == backend.KindPool {
		a, b = figures().ReplaceAllString(a, "<$1></"), figures().ReplaceAllString(b, "<$1></")
	}
	return a == b
}
