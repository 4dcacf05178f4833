package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"hvdeck/ui/uitest/slowline"
)

// session is the console at work on one server, in a terminal of one size, with the
// bare program beside it.
type session struct {
	*bench
	server *server
	at     place
	t      *terminal
	bare   *terminal // at the console's frame rate
	names  area      // where the names of the VMs stand: only the cursor changes it
}

// part is what can be measured of a session. Parts run in the order of the list.
type part struct {
	name  string
	sizes bool // at each size of the terminal, not only at 120x40
	aside bool // starts programs of its own, and disturbs the session or the server
	once  bool // with 10,000 VMs alone, where nobody names it
	few   bool // with no more than 10,000 VMs, where nobody names it
	run   func(s *session) error
}

func parts() []part {
	return []part{
		{name: "start", aside: true, run: (*session).start},
		{name: "memory", run: (*session).memory},
		{name: "idle", run: (*session).idle},
		{name: "keys", sizes: true, run: (*session).keys},
		{name: "bytes", sizes: true, few: true, run: (*session).bytes},
		{name: "held", run: (*session).held},
		{name: "refresh", run: (*session).refresh},
		{name: "order", run: (*session).order},
		{name: "peak", run: (*session).peak},
		{name: "slowline", aside: true, once: true, run: (*session).slowline},
		{name: "calls", aside: true, once: true, run: (*session).calls},
		{name: "renew", once: true, run: (*session).renew},
		{name: "hang", once: true, run: (*session).hang},
	}
}

// usualVMs is the inventory that most targets speak of.
const usualVMs = 10000

// partsOf are the parts to take of n VMs in a terminal of size z.
func (b *bench) partsOf(n int, z size) []part {
	return slices.DeleteFunc(parts(), func(p part) bool {
		yes, byName := b.wants(p.name)
		left := !byName && (p.once && n != usualVMs || p.few && n > usualVMs)
		return !yes || left || (z != mainSize && (!p.sizes || n != sizedVMs(b.vms)))
	})
}

// sizedVMs is the inventory that other sizes of the terminal are taken with: 10,000 or
// the nearest below.
func sizedVMs(vms []int) int {
	best := slices.Min(vms)
	for _, n := range vms {
		if n <= usualVMs {
			best = max(best, n)
		}
	}
	return best
}

// inventory measures everything with n VMs on a server of a kind.
func (b *bench) inventory(kind string, n int) error {
	if b.soak == 0 && !slices.ContainsFunc(b.sizes, func(z size) bool { return len(b.partsOf(n, z)) > 0 }) {
		return nil
	}
	s, err := b.serve(kind, n)
	if err != nil {
		return err
	}
	defer s.stop()
	if s.took > 10*time.Second {
		b.note("%s took %.0f s to make %d VMs; that is no part of any figure.", kind, s.took.Seconds(), n)
	}
	if b.soak > 0 {
		return b.watched(s)
	}
	var failed error
	for _, z := range b.sizes {
		if err := b.session(s, z, b.partsOf(n, z)); err != nil {
			failed = errors.Join(failed, fmt.Errorf("%v: %w", z, err))
		}
	}
	return failed
}

// session takes the parts, first those aside of it. One that fails leaves the others.
func (b *bench) session(s *server, z size, chosen []part) error {
	if len(chosen) == 0 {
		return nil
	}
	it := &session{bench: b, server: s, at: s.at(z)}
	var within []part
	var failed error
	for _, p := range chosen {
		if !p.aside {
			within = append(within, p)
			continue
		}
		failed = errors.Join(failed, p.take(it))
	}
	if len(within) == 0 {
		return failed
	}
	return errors.Join(failed, it.within(z, within))
}

// within takes the parts of one session; after one that failed it is begun anew.
func (s *session) within(z size, chosen []part) (failed error) {
	var err error
	if s.bare, err = s.startBare(z, consoleFPS, slowline.Line{}); err != nil {
		return err
	}
	defer s.bare.stop()
	for _, p := range chosen {
		if s.t == nil {
			if err := s.begin(z); err != nil {
				return errors.Join(failed, err)
			}
		}
		if err := p.take(s); err != nil {
			failed = errors.Join(failed, err)
			s.t.stop()
			s.t = nil
		}
	}
	if s.t != nil {
		s.t.stop()
	}
	return failed
}

// begin opens the console and finds the names.
func (s *session) begin(z size) (err error) {
	if s.t, err = s.open(s.server, z); err != nil {
		return err
	}
	if s.names, err = nameColumn(s.t); err != nil {
		s.t.stop()
		s.t = nil
	}
	return err
}

// take runs the part and says how long it took.
func (p part) take(s *session) error {
	began, from := time.Now(), len(s.figures)
	if err := p.run(s); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	fmt.Fprintf(os.Stderr, "  %s %s: %.1f s\n", s.at, p.name, time.Since(began).Seconds())
	for _, f := range s.figures[from:] {
		line, _ := f.fields()
		fmt.Fprintln(os.Stderr, "    "+strings.Join(line[1:], "  "))
	}
	return nil
}

// open starts the console and waits until all VMs are shown and it has come to rest.
func (b *bench) open(s *server, z size, more ...string) (*terminal, error) {
	t, err := start(b.dir, z, slowline.Line{}, append([]string{b.program, s.uri}, more...)...)
	if err != nil {
		return nil, err
	}
	if _, err := t.until(total(s.vms), 2*time.Minute); err != nil {
		t.stop()
		return nil, err
	}
	t.still(1500*time.Millisecond, 8*time.Second)
	return t, nil
}

// total is the title of a list that shows n VMs.
func total(n int) string { return fmt.Sprintf(`VMs ─+ %d `, n) }

// nameColumn is where the names of the VMs stand. The scroll position must stay.
func nameColumn(t *terminal) (area, error) {
	head := 0
	for y, l := range t.lines() {
		switch {
		case strings.Contains(l, "2 VMs"):
			head = y + 1
		case head > 0 && y == head && !strings.Contains(l, "NAME"):
			head--
		case head > 0 && y > head && strings.HasPrefix(l, "╰"):
			return area{1, head + 1, 19, y}, nil
		}
	}
	return area{}, fmt.Errorf("no VMs pane on the screen:\n%s", strings.Join(t.lines(), "\n"))
}

// cursor is the place of the VM under the cursor in the sorted list, -1 for none; under
// the terminal's mu.
func (s *session) cursor(t *terminal) int {
	for y := s.names.y0; y < s.names.y1; y++ {
		if _, after, ok := strings.Cut(t.row(y, s.names.x1), "❯"); ok {
			f := strings.Fields(after)
			if len(f) == 0 {
				return -1
			}
			return s.server.number(f[len(f)-1])
		}
	}
	return -1
}

// top puts the cursor on the first VM.
func (s *session) top() error {
	s.t.press("g")
	_, err := s.t.until("❯. "+s.server.name(0), 5*time.Second)
	s.t.still(600*time.Millisecond, 5*time.Second)
	return err
}
