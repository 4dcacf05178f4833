package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// header of the table, in the order of fields.
var header = []string{"at", "figure", "measured", "unit", "target", "", "peer", "ratio"}

// report prints the table: the figures by place, then how cost grows with the
// inventory, the notes, and the targets that are missed.
func (b *bench) report(w io.Writer) {
	var lines [][]string
	missed := 0
	for _, f := range b.figures {
		line, over := f.fields()
		if over {
			missed++
		}
		lines = append(lines, line)
	}
	lines = append(lines, b.growth()...)
	if b.markdown {
		markdown(w, lines)
	} else {
		columns(w, lines)
	}
	for _, n := range b.notes {
		fmt.Fprintln(w, n)
	}
	b.judge(w, missed)
}

func (b *bench) judge(w io.Writer, missed int) {
	judged := 0
	for _, f := range b.figures {
		if _, ok := targetOf(f); ok {
			judged++
		}
	}
	fmt.Fprintf(w, "\n%d of %d targets missed; the exit status does not say so.\n", missed, judged)
	for _, f := range b.figures {
		if text, over := f.judged(); over {
			fmt.Fprintf(w, "MISSED  %s: %s: %s %s, target %s\n", f.at, f.name, number(f.value), f.unit, text)
		}
	}
}

func (p place) String() string {
	out := p.server
	if p.vms > 0 {
		out += " " + thousands(p.vms)
	}
	if p.size != mainSize {
		out += " " + p.size.String()
	}
	return out
}

func (f figure) fields() (line []string, missed bool) {
	target, missed := f.judged()
	mark := ""
	switch {
	case missed:
		mark = "MISSED"
	case target != "-":
		mark = "ok"
	}
	peer, ratio := "-", "-"
	if f.peerIs > 0 {
		peer, ratio = f.peer+" "+number(f.peerIs), fmt.Sprintf("%.2f", f.value/f.peerIs)
	}
	return []string{f.at.String(), f.name, number(f.value), f.unit, target, mark, peer, ratio}, missed
}

func columns(w io.Writer, lines [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.Join(header, "\t"))
	for _, l := range lines {
		fmt.Fprintln(t, strings.Join(l, "\t"))
	}
	_ = t.Flush()
}

func markdown(w io.Writer, lines [][]string) {
	fmt.Fprintln(w, "| "+strings.Join(header, " | ")+" |")
	fmt.Fprintln(w, strings.Repeat("|---", len(header))+"|")
	for _, l := range lines {
		fmt.Fprintln(w, "| "+strings.ReplaceAll(strings.Join(l, " | "), "MISSED", "**missed**")+" |")
	}
}

// thousands writes a number with commas.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
