package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// figure is a line of the table.
type figure struct {
	name   string
	value  float64
	unit   string
	target float64 // at most; 0 is none
	peer   string
	peerIs float64 // what the peer needed, in the same unit; 0 is none
}

func (f figure) fields() []any {
	target, mark, ratio := "-", "", "-"
	if f.target > 0 {
		target = "≤ " + number(f.target)
		if mark = "ok"; f.value > f.target {
			mark = "OVER"
		}
	}
	if f.peerIs > 0 {
		ratio = fmt.Sprintf("%.2f x %s (%s)", f.value/f.peerIs, f.peer, number(f.peerIs))
	}
	return []any{f.name, number(f.value), f.unit, target, mark, ratio}
}

func number(v float64) string {
	if v >= 100 || v == float64(int(v)) {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.1f", v)
}

func print(w io.Writer, figures []figure) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "figure\tmeasured\tunit\ttarget\t\tbeside")
	for _, f := range figures {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", f.fields()...)
	}
	_ = t.Flush()
}
