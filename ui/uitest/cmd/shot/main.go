// Command shot takes a picture of a terminal program: it runs it in a pseudo-terminal,
// presses keys, and writes what is on the screen as SVG, and as PNG where rsvg-convert
// is installed.
//
//	shot -o screenshots/vms.svg -size 120x34 -until 'web-01' -keys 'j j p' -- ./hvdeck --demo
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"hvdeck/ui/uitest"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "shot:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	out, keys, until, then string
	size                   uitest.Size
	quiet, patience        time.Duration
	scale                  float64
	light                  bool
	command                []string
}

func parse(args []string) (options, error) {
	var o options
	var size string
	f := flag.NewFlagSet("shot", flag.ContinueOnError)
	f.StringVar(&o.out, "o", "screen.svg", "file to write; a .png lies beside it where rsvg-convert is installed")
	f.StringVar(&size, "size", "120x34", "size of the terminal in cells")
	f.StringVar(&o.until, "until", "", "expression that must be on the screen before the keys")
	f.StringVar(&o.keys, "keys", "", "keys to press, by name, with blanks between; \"text\" in quotes is typed, wait:EXPRESSION waits for the screen")
	f.StringVar(&o.then, "then", "", "expression that must be on the screen after the keys")
	f.DurationVar(&o.quiet, "quiet", 300*time.Millisecond, "how long the screen must have been still")
	f.DurationVar(&o.patience, "patience", 10*time.Second, "how long to wait for each expression")
	f.BoolVar(&o.light, "light", false, "a terminal with a light background")
	f.Float64Var(&o.scale, "scale", 1.5, "of the PNG")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if _, err := fmt.Sscanf(size, "%dx%d", &o.size.W, &o.size.H); err != nil || o.size.W < 1 || o.size.H < 1 {
		return o, fmt.Errorf("size %q is not of the form 120x34", size)
	}
	o.command = f.Args()
	if len(o.command) == 0 {
		return o, errors.New("no program given after --")
	}
	return o, nil
}

// problem carries a failed expectation up to run.
type problem struct{ text string }

// reporter is a test that fails by panic(problem).
type reporter struct{ cleanups []func() }

func (r *reporter) Helper()                           {}
func (r *reporter) Cleanup(fn func())                 { r.cleanups = append(r.cleanups, fn) }
func (r *reporter) Fatalf(format string, args ...any) { panic(problem{fmt.Sprintf(format, args...)}) }

func (r *reporter) finish(err *error) {
	p := recover()
	for _, fn := range r.cleanups {
		fn()
	}
	if p == nil {
		return
	}
	failed, ok := p.(problem)
	if !ok {
		panic(p)
	}
	*err = errors.New(failed.text)
}

func run(args []string) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	until, err := regexp.Compile(o.until)
	if err != nil {
		return err
	}
	then, err := regexp.Compile(o.then)
	if err != nil {
		return err
	}
	r := &reporter{}
	defer r.finish(&err)
	s := uitest.Spawn(r, uitest.Command{Path: o.command[0], Args: o.command[1:], Size: o.size, Light: o.light})
	s.WaitFor(until, o.patience).Settle(o.quiet)
	if err := press(s, o); err != nil {
		return err
	}
	s.WaitFor(then, o.patience).Settle(o.quiet)
	if err := os.WriteFile(o.out, []byte(s.SVG()), 0o644); err != nil {
		return err
	}
	return png(o)
}

// press goes through the keys; what a server has to send first is waited for.
func press(s *uitest.Screen, o options) error {
	for _, k := range strings.Fields(o.keys) {
		if want, ok := strings.CutPrefix(k, "wait:"); ok {
			expr, err := regexp.Compile(want)
			if err != nil {
				return err
			}
			s.WaitFor(expr, o.patience)
			continue
		}
		if len(k) > 2 && strings.HasPrefix(k, `"`) && strings.HasSuffix(k, `"`) {
			s.Type(k[1 : len(k)-1])
			continue
		}
		s.Press(k)
	}
	return nil
}

// png draws the picture in pixels too, where the tool is there.
func png(o options) error {
	tool, err := exec.LookPath("rsvg-convert")
	if err != nil {
		fmt.Fprintln(os.Stderr, "shot: no PNG: rsvg-convert is not installed")
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	to := strings.TrimSuffix(o.out, ".svg") + ".png"
	text, err := exec.CommandContext(ctx, tool, "-z", fmt.Sprint(o.scale), o.out, "-o", to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("rsvg-convert: %w: %s", err, text)
	}
	return nil
}
