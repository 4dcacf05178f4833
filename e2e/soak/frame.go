package soak

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// whole says what is wrong with a frame on a screen of w cells: every row between the
// first and the last corner has to begin and end with a border, at the screen's edges,
// and each box has to be closed before the next one begins. A box on top may hide the
// end of one and the beginning of another.
func whole(lines []string, w int) error {
	first := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "╭") })
	last := -1
	for y, l := range lines {
		if strings.HasPrefix(l, "╰") {
			last = y
		}
	}
	const note = 3 // lines at most, the last of which lies over the border of a pane that is alone
	if end := len(lines) - note; first >= 0 && last < first && end > first && strings.HasPrefix(lines[end], " ") {
		last = end - 1
	}
	if first < 0 || last < first {
		return errors.New("no frame is on the screen")
	}
	var left, right []rune
	for y, l := range lines[first : last+1] {
		cells := []rune(l)
		if width := ansi.StringWidth(l); width != w {
			return fmt.Errorf("row %d is %d cells wide on a screen of %d: %q", first+y, width, w, l)
		}
		left, right = append(left, cells[0]), append(right, cells[len(cells)-1])
	}
	if err := closed(left, '╭', '╰'); err != nil {
		return fmt.Errorf("left border: %w", err)
	}
	if err := closed(right, '╮', '╯'); err != nil {
		return fmt.Errorf("right border: %w", err)
	}
	return nil
}

// closed looks at a column of borders from above.
func closed(column []rune, opens, closes rune) error {
	depth := 0
	for y, r := range column {
		switch {
		case r == opens && depth < 2:
			depth++
		case r == closes && depth > 0:
			depth--
		case r == '│' && depth > 0:
		default:
			return fmt.Errorf("%q in row %d of the frame does not belong there: %s", r, y, string(column))
		}
	}
	return nil
}
