package ui

const (
	minWidth  = 40
	minHeight = 10
	// foldWidth is the width below which only the focused pane is shown.
	foldWidth = 100
	// taskLineHeight is the height from which the tasks have a line of their own.
	taskLineHeight = 14
)

// The zoom levels of the focused pane.
const (
	zoomNone = iota
	zoomHalf
	zoomFull
)

type rect struct{ x, y, w, h int }

func (r rect) holds(x, y int) bool { return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h }

// placed is a pane of the stack with its place.
type placed struct {
	slot int
	rect rect
}

// layout is where everything stands; it depends on nothing but the size, the focus
// and the zoom.
type layout struct {
	body    rect
	stack   []placed
	details rect // w 0: not shown
	tasks   bool
}

// weights share the height of the stack among the panes, in their order; the least
// height of a pane is 3: title, a row, bottom.
var weights = [slotCount]int{slotHosts: 5, slotVMs: 14, slotSnapshots: 8, slotStorage: 5, slotNetworks: 5, slotTasks: 4}

func (m *Model) layout() layout {
	lay := layout{tasks: m.h >= taskLineHeight}
	foot := 1
	if lay.tasks {
		foot = 2
	}
	lay.body = rect{0, 1, m.w, m.h - 1 - foot}
	b := lay.body
	switch {
	case m.screen() != nil:
	case m.zoom == zoomFull || m.w < foldWidth:
		m.fold(&lay)
	case m.zoom == zoomHalf:
		left := m.w * 6 / 10
		lay.stack = []placed{{m.stackFocus(), rect{0, b.y, left, b.h}}}
		lay.details = rect{left, b.y, m.w - left, b.h}
	default:
		left := min(max(m.w*45/100, 48), 96)
		lay.stack = stackOf(m.stackFocus(), rect{0, b.y, left, b.h})
		lay.details = rect{left, b.y, m.w - left, b.h}
	}
	return lay
}

// fold gives the body to the focused pane, or to the details when they are open.
func (m *Model) fold(lay *layout) {
	if m.focus == focusDetails {
		lay.details = lay.body
		return
	}
	lay.stack = []placed{{m.stackFocus(), lay.body}}
}

// stackOf shares the height among the panes. Where there is no room for all, those
// after the VMs give way, the focused one last.
func stackOf(focus int, r rect) []placed {
	const least = 3
	shown := shownSlots(focus, r.h/least)
	total := 0
	for _, s := range shown {
		total += weights[s]
	}
	heights := make([]int, len(shown))
	left := r.h
	for i, s := range shown {
		heights[i] = max(r.h*weights[s]/total, least)
		left -= heights[i]
	}
	spread(heights, shown, left)
	out := make([]placed, len(shown))
	y := r.y
	for i, s := range shown {
		out[i] = placed{s, rect{r.x, y, r.w, heights[i]}}
		y += heights[i]
	}
	return out
}

// spread gives what is left over to the VMs, or takes what is missing from the
// tallest.
func spread(heights []int, shown []int, left int) {
	for i, s := range shown {
		if s == slotVMs && left > 0 {
			heights[i] += left
			return
		}
	}
	for left < 0 {
		tallest := 0
		for i := range heights {
			if heights[i] > heights[tallest] {
				tallest = i
			}
		}
		heights[tallest]--
		left++
	}
	if left > 0 {
		heights[len(heights)-1] += left
	}
}

// shownSlots picks n panes, at least the focused one.
func shownSlots(focus, n int) []int {
	drop := []int{slotTasks, slotNetworks, slotStorage, slotSnapshots, slotHosts, slotVMs}
	gone := map[int]bool{}
	for _, s := range drop {
		if slotCount-len(gone) <= max(n, 1) {
			break
		}
		if s != focus {
			gone[s] = true
		}
	}
	var out []int
	for s := range slotCount {
		if !gone[s] {
			out = append(out, s)
		}
	}
	return out
}
