package main

import "fmt"

// target is what a figure may be at most at 120x40. Of its limits those count that are
// not 0; times and plus go by the peer of the same line.
type target struct {
	figure string
	server string // "": on any
	upTo   int    // VMs that were asked for; 0: any number
	most   float64
	times  float64
	plus   float64
	none   bool // nothing at all
}

// targets are all that there are to meet; the first that fits counts.
func targets() []target {
	out := []target{
		{figure: firstRow, server: onVsphere, upTo: 10000, most: 400},
		{figure: firstRow, server: onVsphere, upTo: 50000, most: 900},
		{figure: firstRow, server: onLibvirt, upTo: 10000, most: 250},
		{figure: filtering, upTo: 10000, most: 50},
		{figure: filtering, upTo: 50000, most: 200},
		{figure: sorting, upTo: 10000, most: 50},
		{figure: sorting, upTo: 50000, most: 200},
		{figure: heldLag, most: 20},
		{figure: keysLost, none: true},
		{figure: moveBytes, most: 300},
		{figure: scrollBytes, most: 1200},
		{figure: switchBytes, most: 1500},
		{figure: idleBytes, most: 200},
		{figure: idleCPU, plus: 0.5},
		{figure: memoryNow, upTo: 1000, most: 60},
		{figure: memoryNow, upTo: 10000, most: 100},
		{figure: memoryMost, upTo: 1000, most: 60},
		{figure: memoryMost, upTo: 10000, most: 100},
		{figure: slowPaint, most: 1000},
		{figure: slowMove, most: 300},
		{figure: slowLost, none: true},
		{figure: slowLag, most: 1500},
		{figure: slowGrowth, most: 1.25},
		{figure: volumeList, times: 1.5},
		{figure: upload, times: 1 / 0.9},
		{figure: download, times: 1 / 0.9},
		{figure: soakMemory, most: 5},
		{figure: soakGoroutines, none: true},
		{figure: soakFiles, none: true},
	}
	for _, during := range []string{quiet, refreshed, renewed, hanging} {
		out = append(out,
			target{figure: keyTo(during, 50), times: 1.25},
			target{figure: keyTo(during, 95), times: 1.25},
			target{figure: keyTo(during, 99), most: 20},
			target{figure: unanswered(during), none: true})
	}
	return out
}

// fits says whether the target is for a figure.
func (t target) fits(f figure) bool {
	console := f.at.server == onVsphere || f.at.server == onLibvirt
	return console && t.figure == f.name && (t.server == "" || t.server == f.at.server) && (t.upTo == 0 || f.at.vms <= t.upTo) && f.at.size == mainSize
}

// limit is the most that a figure beside this peer may be, and how it is written.
func (t target) limit(peer string, is float64) (most float64, text string) {
	switch {
	case t.none:
		return 0, "none"
	case t.times > 0:
		return t.times * is, fmt.Sprintf("≤ %s (%.2f x %s)", number(t.times*is), t.times, peer)
	case t.plus > 0:
		return is + t.plus, fmt.Sprintf("≤ %s (%s + %.1f)", number(is+t.plus), peer, t.plus)
	}
	return t.most, "≤ " + number(t.most)
}

// targetOf is the target of a figure.
func targetOf(f figure) (target, bool) {
	for _, t := range targets() {
		if t.fits(f) {
			return t, true
		}
	}
	return target{}, false
}
