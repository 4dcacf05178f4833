package main

import (
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The two kinds of servers.
const (
	onVsphere = "vsphere"
	onLibvirt = "libvirt"
)

// mainSize is where every figure is taken; at other sizes those of keys and bytes.
var mainSize = size{120, 40}

// options say what of the whole is measured.
type options struct {
	program  string
	chosen   bool // by name: the rest is left out
	servers  []string
	parts    []string // empty: all
	vms      []int
	sizes    []size
	markdown bool
	count    int           // of runs of the Go benchmarks; over 1 nothing else is run
	soak     time.Duration // over 0 only the flatness over that time is measured
}

// others are the parts that have no session on a server.
var others = []string{"bare", "less", "storage", "go"}

func partNames() []string {
	var out []string
	for _, p := range parts() {
		out = append(out, p.name)
	}
	return append(out, others...)
}

// wants says whether a part was asked for; by reports whether by its name.
func (o options) wants(part string) (yes, byName bool) {
	byName = slices.Contains(o.parts, part)
	all := len(o.parts) == 0 && (!o.chosen || !slices.Contains(others, part))
	return byName || all, byName
}

// parse reads the command line and the environment's COUNT.
func parse(args []string, env func(string) string) (options, error) {
	o := options{count: 1}
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.StringVar(&o.program, "program", "./hvdeck", "the built program")
	only := fs.String("only", "", "servers and parts, with commas: vsphere, libvirt, "+strings.Join(partNames(), ", "))
	vms := fs.String("vms", "10,1000,10000,50000", "sizes of the inventory; over 10,000 on vSphere only")
	sizes := fs.String("size", "120x40,80x24,250x70", "sizes of the terminal; the whole set is taken at 120x40")
	fs.BoolVar(&o.markdown, "markdown", false, "print the table as Markdown")
	hour := fs.Bool("hour", false, "only watch memory, goroutines and files for an hour")
	fs.DurationVar(&o.soak, "for", 0, "the same for another time")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if *hour && o.soak == 0 {
		o.soak = time.Hour
	}
	if text := env("COUNT"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("COUNT=%s: want a number of runs", text)
		}
		o.count = n
	}
	return o, errors.Join(o.choose(*only), o.inventories(*vms), o.terminals(*sizes))
}

// choose sorts names into servers and parts.
func (o *options) choose(list string) error {
	o.chosen = list != ""
	for name := range strings.SplitSeq(list, ",") {
		switch {
		case name == "":
		case name == onVsphere || name == onLibvirt:
			o.servers = append(o.servers, name)
		case slices.Contains(partNames(), name):
			o.parts = append(o.parts, name)
		default:
			return fmt.Errorf("-only: no part %q; there are vsphere, libvirt, %s", name, strings.Join(partNames(), ", "))
		}
	}
	if len(o.servers) == 0 {
		o.servers = []string{onVsphere, onLibvirt}
	}
	return nil
}

func (o *options) inventories(list string) error {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-vms: %q is no number of VMs", text)
		}
		o.vms = append(o.vms, n)
	}
	return nil
}

func (o *options) terminals(list string) error {
	for text := range strings.SplitSeq(list, ",") {
		var s size
		if n, err := fmt.Sscanf(text, "%dx%d", &s.columns, &s.rows); err != nil || n != 2 || s.columns < 20 || s.rows < 5 {
			return fmt.Errorf("-size: %q is no size like 120x40", text)
		}
		o.sizes = append(o.sizes, s)
	}
	return nil
}
