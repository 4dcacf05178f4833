package main

import (
	"strings"
	"testing"
)

func figureAt(server string, vms int, name string, value float64) figure {
	return figure{at: place{server, vms, mainSize}, name: name, value: value}
}

// TestTargets: a figure is held to the target of its server and inventory, beside its
// peer where the target says so.
func TestTargets(t *testing.T) {
	beside := func(f figure, is float64) figure { f.beside("bare", is); return f }
	small := figureAt(onVsphere, 10000, keyTo(quiet, 95), 30)
	small.at.size = size{80, 24}
	for _, c := range []struct {
		f      figure
		target string
		missed bool
	}{
		{figureAt(onVsphere, 10000, firstRow, 401), "≤ 400", true},
		{figureAt(onVsphere, 10, firstRow, 399), "≤ 400", false},
		{figureAt(onVsphere, 50000, firstRow, 899), "≤ 900", false},
		{figureAt(onLibvirt, 10000, firstRow, 251), "≤ 250", true},
		{figureAt("less", 10000, firstRow, 999), "-", false},
		{figureAt(onLibvirt, 1000, memoryMost, 61), "≤ 60", true},
		{figureAt(onLibvirt, 10000, memoryMost, 61), "≤ 100", false},
		{figureAt(onVsphere, 50000, memoryMost, 999), "-", false},
		{figureAt(onVsphere, 10, keysLost, 1), "none", true},
		{figureAt(onVsphere, 10000, firstRow, dist{}.median()), "≤ 400", true},
		{figureAt(onVsphere, 10000, firstRow, dist{500, 400, 300}.median()), "≤ 400", false},
		{figureAt(onVsphere, 10000, firstRow, dist{500, 400, 300}.at(99)), "≤ 400", true},
		{beside(figureAt(onVsphere, 10000, idleCPU, 1.8), 1.2), "≤ 1.7 (bare + 0.5)", true},
		{beside(figureAt(onVsphere, 10000, keyTo(hanging, 95), 12), 10), "≤ 12.5 (1.25 x bare)", false},
		{beside(small, 10), "-", false},
	} {
		target, missed := c.f.judged()
		if target != c.target || missed != c.missed {
			t.Errorf("%v: %s of %v: target %q, missed %v; want %q, %v", c.f.at, c.f.name, c.f.value, target, missed, c.target, c.missed)
		}
	}
}

// TestGrowth: a line tells a figure at each number of VMs, in order.
func TestGrowth(t *testing.T) {
	t.Parallel()
	b := bench{options: options{servers: []string{onVsphere}}}
	b.figures = []figure{figureAt(onVsphere, 10000, sorting, 30), figureAt(onVsphere, 10, sorting, 10), figureAt(onLibvirt, 10, sorting, 5)}
	lines := b.growth()
	if len(lines) != 1 {
		t.Fatalf("%d lines of growth, want 1", len(lines))
	}
	if got := strings.Join(lines[0], "|"); got != "vsphere 10 → 10,000|growth: sort on screen|10 → 30||-||VMs x 1,000|3.00" {
		t.Error(got)
	}
}

// TestParse: what is named is taken and the rest left; mistakes are told.
func TestParse(t *testing.T) {
	t.Parallel()
	env := func(string) string { return "" }
	o, err := parse([]string{"-only", "vsphere,keys", "-vms", "10,1000", "-size", "80x24"}, env)
	if err != nil {
		t.Fatal(err)
	}
	keys, _ := o.wants("keys")
	storage, _ := o.wants("storage")
	if !keys || storage || len(o.servers) != 1 || len(o.vms) != 2 || o.sizes[0] != (size{80, 24}) {
		t.Errorf("%+v", o)
	}
	for _, args := range [][]string{{"-only", "keys,nonsense"}, {"-vms", "many"}, {"-size", "120"}} {
		if _, err := parse(args, env); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
	if o, err := parse(nil, func(string) string { return "10" }); err != nil || o.count != 10 {
		t.Errorf("COUNT=10 gave %d runs, %v", o.count, err)
	}
}

// TestSettling: at rest is who stays at the least, not who is as busy as before.
func TestSettling(t *testing.T) {
	for _, c := range []struct {
		name   string
		shares []float64
		after  int // windows; 0: never
	}{
		{"quiet from the start", []float64{0.014, 0.015, 0.013}, 3},
		{"loads and then rests", []float64{0.9, 0.7, 0.4, 0.014, 0.016, 0.012}, 6},
		{"rests, works, rests", []float64{0.01, 0.01, 0.2, 0.01, 0.01, 0.01}, 6},
		{"works on", []float64{0.5, 0.6, 0.5, 0.7, 0.4, 0.5, 0.6}, 0},
		{"nothing at all", []float64{0, 0, 0}, 3},
	} {
		s, after := newSettling(), 0
		for i, share := range c.shares {
			if s.add(share) && after == 0 {
				after = i + 1
			}
		}
		if after != c.after {
			t.Errorf("%s: at rest after %d windows, want %d", c.name, after, c.after)
		}
	}
}
