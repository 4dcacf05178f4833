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
	target float64 // at most; 0 when there is none to meet
	peer   string
	peerIs float64 // what the peer needed, in the same unit; 0 is none
}

// none is the target of what must not happen at all.
const none = -1

// judged gives the target in words, and whether it is met.
func (f figure) judged() (target, mark string) {
	most := f.target
	switch f.target {
	case 0:
		return "-", ""
	case none:
		target, most = "none", 0
	default:
		target = "≤ " + number(f.target)
	}
	if f.value > most {
		return target, "OVER"
	}
	return target, "ok"
}

func (f figure) fields() []any {
	target, mark := f.judged()
	ratio := "-"
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
