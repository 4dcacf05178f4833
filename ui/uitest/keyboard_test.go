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
		write("\x1b[?2026h\x1b[2J\x1b[2;1H❯ b\x1b[?2026l")
	}}
	s.start()
	t.Cleanup(s.Close)
	write("\x1b[?2026h\x1b[2;1H❯ c") // half of a frame
	k := &Keyboard{s: s, stop: make(chan struct{})}
	pressed := make(chan struct{})
	go func() {
		defer close(pressed)
		k.press(func(lines []string) (string, func([]string) bool) {
			was := cursorName(lines)
			return "j", func(lines []string) bool { return cursorName(lines) != was }
		})
	}()
	const pause = 50 * time.Millisecond
	time.Sleep(pause)                       // the half is all that there is to see
	write("\x1b[2J\x1b[1;1H❯ a\x1b[?2026l") // the whole
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

// Rows that come above the cursor, and figures that change in its row, are no move; what
// moves it is one, also where as many rows have come above as it went up.
func TestAMoveIsToldByTheName(t *testing.T) {
	screen := func(rows ...string) []string { return append([]string{"╭ 2 VMs ╮"}, rows...) }
	was := cursorName(screen("│❯▶ web   10%│", "│ ▶ zoo   10%│"))
	for what, c := range map[string]struct {
		rows  []string
		moved bool
	}{
		"a row above":             {screen("│ ▶ app   10%│", "│❯▶ web   10%│", "│ ▶ zoo   10%│"), false},
		"a figure":                {screen("│❯◌ web    9%│", "│ ▶ zoo   10%│"), false},
		"down":                    {screen("│ ▶ web   10%│", "│❯▶ zoo   10%│"), true},
		"up, and a row above":     {screen("│ ▶ web   10%│", "│❯▶ app   10%│", "│ ▶ zoo   10%│"), true},
		"in place of what it was": {screen("│❯▶ zoo   10%│"), true},
	} {
		if now := cursorName(c.rows); (now != was) != c.moved {
			t.Errorf("%s: the cursor was on %q and is on %q", what, was, now)
		}
	}
	if none := cursorName(screen("│›▶ web   10%│")); none != "" {
		t.Errorf("%q is under no cursor in focus", none)
	}
}

// What the machine let a key wait is that of the thread that waited longest, in the program
// and in the terminal, and never the whole of the key's time.
func TestWhatTheMachineLetAKeyWait(t *testing.T) {
	const ms = time.Millisecond
	before := [2]waits{{"a": 5 * ms}, {"b": 10 * ms, "c": 0}}
	after := [2]waits{{"a": 8 * ms}, {"b": 20 * ms, "c": 5 * ms, "new": 2 * ms}}
	if got := Waited(before, after); got != 13*ms {
		t.Errorf("waited %v", got)
	}
	if got := Own(50*ms, 13*ms); got != 37*ms {
		t.Errorf("its own time is %v", got)
	}
	if got := Own(time.Second, 10*time.Second); got != 200*ms {
		t.Errorf("of a second %v stay", got)
	}
	if len(WaitsOf(0)[0]) == 0 {
		t.Error("the system does not tell")
	}
}

// Where the cursor is at an end of its list is told from the rows beside it.
func TestTheEndsOfAList(t *testing.T) {
	for what, c := range map[string]struct {
		rows        []string
		first, last bool
	}{
		"first":   {[]string{"╭ 2 VMs ╮╭ 0 ╮", "│   NAME ││   │", "│❯● web  ││ a │", "│ ○ zoo  ││   │", "│        ││   │"}, true, false},
		"last":    {[]string{"│   NAME ││   │", "│ ● web  ││ a │", "│❯○ zoo  ││ ❮ │", "╰────────╯╰───╯"}, false, true},
		"between": {[]string{"│ ● web  │", "│❯○ yak  │", "│ ○ zoo  │"}, false, false},
		"alone":   {[]string{"│   NAME │", "│❯○ zoo  │", "│        │"}, true, true},
		"none":    {[]string{"│   NAME │", "│›○ zoo  │", "│        │"}, false, false},
	} {
		if first, last := cursorEnds(c.rows); first != c.first || last != c.last {
			t.Errorf("%s: %v %v", what, first, last)
		}
	}
}
