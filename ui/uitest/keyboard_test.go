package uitest

import (
	"testing"
	"time"
)

// hand is a program that draws when a key comes.
type hand struct {
	s    *Screen
	draw func()
}

func (h *hand) send([]byte) error     { h.draw(); return nil }
func (h *hand) resize(int, int) error { return nil }
func (h *hand) signal(string) error   { return nil }
func (h *hand) kill()                 { h.s.ended(0) }
func (h *hand) release()              {}

// Where the cursor was is not taken from half a frame: the other half would look like
// what the key did, and the next key like lost.
func TestHalfAFrameIsNoPlaceOfTheCursor(t *testing.T) {
	s := newScreen(t, 10, 3)
	write := func(text string) { _, _ = s.Write([]byte(text)) }
	answers := make(chan struct{})
	s.drv = &hand{s: s, draw: func() {
		<-answers
		write("\x1b[?2026h\x1b[2J\x1b[2;1H❯\x1b[?2026l")
	}}
	s.start()
	t.Cleanup(s.Close)
	write("\x1b[?2026h\x1b[2;1H❯") // half of a frame
	k := &Keyboard{s: s, stop: make(chan struct{})}
	pressed := make(chan struct{})
	go func() { defer close(pressed); k.press("j") }()
	const pause = 50 * time.Millisecond
	time.Sleep(pause)                     // the half is all that there is to see
	write("\x1b[2J\x1b[1;1H❯\x1b[?2026l") // the whole
	select {
	case <-pressed:
		t.Error("the key counts before the program did anything")
	case <-time.After(pause):
	}
	close(answers)
	<-pressed
	if l := k.Lap(); l.Missed > 0 || len(l.Times) != 1 {
		t.Errorf("%v", l)
	}
}
