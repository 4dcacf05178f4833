package uitest

import "time"

// Grace is longer than a box that opened by itself lets keys fall that were under way.
const Grace = 450 * time.Millisecond

// Calm waits for a box that opens by itself, and until it takes keys.
func (s *Screen) Calm(text any) *Screen {
	s.t.Helper()
	s.WaitFor(text)
	time.Sleep(Grace) // a screen in which something moves never settles
	return s
}

// Answer gives keys to a box that opens by itself, and waits until it is gone.
func (s *Screen) Answer(text any, keys ...string) *Screen {
	s.t.Helper()
	return s.Calm(text).Press(keys...).WaitGone(text)
}

// Dismiss closes a message that opens by itself.
func (s *Screen) Dismiss(text any) *Screen {
	s.t.Helper()
	return s.Answer(text, "esc")
}
