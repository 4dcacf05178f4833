package uitest

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"
)

// found says whether want, a string or a *regexp.Regexp, is in text. An expression may
// reach over lines.
func found(text string, want any) bool {
	switch w := want.(type) {
	case string:
		return strings.Contains(text, w)
	case *regexp.Regexp:
		return w.MatchString(text)
	}
	panic(fmt.Sprintf("want a string or a *regexp.Regexp, not %T", want))
}

// until waits for cond, which is asked under mu after every change of the screen;
// false when time ran out, or the program ended, before it held. A frame that a
// program is in the middle of (mode 2026) is not looked at.
func (s *Screen) until(limit time.Duration, cond func() bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		s.mu.Lock()
		ok := !s.modes[int(ansi.ModeSynchronizedOutput)] && cond()
		changed, over := s.changed, s.exited
		s.mu.Unlock()
		if ok {
			return true
		}
		if over {
			return false
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

func limitOf(limit []time.Duration) time.Duration {
	if len(limit) > 0 {
		return limit[0]
	}
	return patience
}

// WaitFor waits until want (a string, or a *regexp.Regexp) is on the screen, for 10 s
// or the limit given, and fails with the screen printed when it does not come.
func (s *Screen) WaitFor(want any, limit ...time.Duration) *Screen {
	s.t.Helper()
	if !s.until(limitOf(limit), func() bool { return found(strings.Join(s.lines(), "\n"), want) }) {
		s.fatal("waited for %q", want)
	}
	return s
}

// WaitGone waits until want is not on the screen.
func (s *Screen) WaitGone(want any, limit ...time.Duration) *Screen {
	s.t.Helper()
	if !s.until(limitOf(limit), func() bool { return !found(strings.Join(s.lines(), "\n"), want) }) {
		s.fatal("waited for %q to go", want)
	}
	return s
}

// WaitUntil waits until cond holds of the lines of the screen; what names it in the
// failure.
func (s *Screen) WaitUntil(what string, cond func(lines []string) bool, limit ...time.Duration) *Screen {
	s.t.Helper()
	if !s.until(limitOf(limit), func() bool { return cond(s.lines()) }) {
		s.fatal("waited for %s", what)
	}
	return s
}

// Settle waits until the program has written nothing for quiet, at most 10 s.
func (s *Screen) Settle(quiet time.Duration) *Screen {
	s.t.Helper()
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-time.After(quiet):
			return s
		}
	}
	s.fatal("the screen did not come to rest for %v", quiet)
	return s
}

// Expect fails when want is not on the screen now.
func (s *Screen) Expect(want any) *Screen {
	s.t.Helper()
	if !found(strings.Join(s.Lines(), "\n"), want) {
		s.fatal("expected %q", want)
	}
	return s
}

// Reject fails when want is on the screen now.
func (s *Screen) Reject(want any) *Screen {
	s.t.Helper()
	if found(strings.Join(s.Lines(), "\n"), want) {
		s.fatal("did not expect %q", want)
	}
	return s
}

func (s *Screen) fatal(format string, args ...any) {
	s.t.Helper()
	s.mu.Lock()
	dump := s.dump()
	s.mu.Unlock()
	s.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), dump)
}

// Press presses keys by the names that the program knows them by: "j", "G", "ctrl+u",
// "enter", "esc", "shift+tab", "space", "f1", "alt+x". An unknown name fails.
func (s *Screen) Press(keys ...string) *Screen {
	s.t.Helper()
	for _, k := range keys {
		s.mu.Lock()
		application, kitty := s.modes[int(ansi.ModeCursorKeys)], s.speaks && s.kitty > 0
		s.mu.Unlock()
		seq, ok := keySequence(k, application)
		if special, yes := kittyKey(k); kitty && yes {
			seq, ok = special, true
		}
		if !ok {
			s.fatal("no key is called %q", k)
		}
		s.Send(seq)
	}
	return s
}

// Type types text letter by letter.
func (s *Screen) Type(text string) *Screen { return s.Send(text) }

// Paste pastes text, bracketed when the program asked for that.
func (s *Screen) Paste(text string) *Screen {
	if s.Mode(int(ansi.ModeBracketedPaste)) {
		text = ansi.BracketedPasteStart + text + ansi.BracketedPasteEnd
	}
	return s.Send(text)
}

// Send sends bytes as they are.
func (s *Screen) Send(bytes string) *Screen {
	select {
	case s.input <- []byte(bytes):
	case <-s.closed:
	}
	return s
}

// Click presses and releases the left button at a cell, counted from 0.
func (s *Screen) Click(x, y int) *Screen {
	return s.Send(fmt.Sprintf("\x1b[<0;%d;%dM\x1b[<0;%d;%dm", x+1, y+1, x+1, y+1))
}

// Wheel turns the wheel n notches down, up when negative, at a cell.
func (s *Screen) Wheel(x, y, n int) *Screen {
	button := 65
	if n < 0 {
		button, n = 64, -n
	}
	return s.Send(strings.Repeat(fmt.Sprintf("\x1b[<%d;%d;%dM", button, x+1, y+1), n))
}

// Resize changes the size of the terminal.
func (s *Screen) Resize(w, h int) *Screen {
	s.t.Helper()
	s.mu.Lock()
	s.emu.Resize(w, h)
	s.mu.Unlock()
	if err := s.drv.resize(w, h); err != nil {
		s.fatal("resize to %dx%d: %v", w, h, err)
	}
	return s
}

// Signal sends a signal by its name ("INT", "TERM", "HUP", "TSTP", "CONT").
func (s *Screen) Signal(name string) *Screen {
	s.t.Helper()
	if err := s.drv.signal(name); err != nil {
		s.fatal("signal %s: %v", name, err)
	}
	return s
}
