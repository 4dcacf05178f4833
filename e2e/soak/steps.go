package soak

import (
	"fmt"
	"strings"
	"time"

	"hvdeck/ui/uitest"
)

// step is something an operator does; what it opens, home closes.
type step struct {
	name   string
	weight int
	do     func(*Soak)
}

func steps() []step {
	return []step{
		{"move", 20, (*Soak).move},
		{"filter", 6, (*Soak).filter},
		{"sort", 5, (*Soak).sort},
		{"turn tabs", 5, (*Soak).tabs},
		{"menu", 5, (*Soak).menu},
		{"form", 5, (*Soak).form},
		{"palette", 4, (*Soak).palette},
		{"screen", 10, (*Soak).screen},
		{"documents", 5, (*Soak).documents},
		{"mark", 4, (*Soak).mark},
		{"power", 5, (*Soak).power},
		{"snapshot", 5, (*Soak).snapshot},
		{"revert", 3, (*Soak).revert},
		{"console", 3, (*Soak).console},
		{"resize", 4, (*Soak).resize},
		{"paste", 2, (*Soak).paste},
		{"mouse", 4, (*Soak).mouse},
		{"new", 3, (*Soak).wizard},
		{"zoom", 3, (*Soak).zoom},
		{"edit", 2, (*Soak).edit},
		{"hold a key", 2, (*Soak).hold},
		{"anything", 4, (*Soak).anything},
	}
}

// of chooses one.
func (s *Soak) of(words ...string) string { return words[s.random.IntN(len(words))] }

// fields chooses one of the words of a text.
func (s *Soak) fields(text string) string { return s.of(strings.Fields(text)...) }

func (s *Soak) upTo(n int) int { return 1 + s.random.IntN(n) }

// wander moves in whatever has the focus.
func (s *Soak) wander(n int) {
	for range s.upTo(n) {
		s.keys(s.fields("j k G j g ctrl+d j k ctrl+u j pgdown down pgup up"))
	}
}

func (s *Soak) pane() { s.keys(s.fields("1 2 2 2 2 3 4 5 6 0 tab shift+tab")) }

func (s *Soak) move() {
	s.pane()
	s.wander(10)
}

func (s *Soak) filter() {
	s.pane()
	s.keys("/")
	s.typed(s.of("t0", "k", "DC0", "!off", "state:run", "name:m0", "conn:vc", "zzz", "\"a b", "guest", "=spare", "host:lab", "日本"))
	if s.random.IntN(2) == 0 {
		s.keys("enter")
		s.wander(6)
	}
	if s.random.IntN(3) == 0 {
		s.keys("/", "backspace", "backspace", "enter")
	}
}

func (s *Soak) sort() {
	s.keys(s.fields("1 2 2 2 4 5"), s.fields("N S C M I H U P V Z O N"))
	s.wander(4)
}

func (s *Soak) tabs() {
	s.keys(s.fields("1 5 0 0 4"))
	for range s.upTo(6) {
		s.keys(s.fields("] ] ["), s.fields("j k G"))
	}
	s.keys("1", "[", "[", "[", "5", "[", "[")
}

// menu looks at menus and takes nothing.
func (s *Soak) menu() {
	s.pane()
	for range s.upTo(3) {
		s.keys(s.fields("p s v x n"), s.fields("down up esc"), "esc")
	}
}

// form opens a form, fills something in, and leaves it.
func (s *Soak) form() {
	opens := s.of("2 v r", "2 v c", "2 s c", "2 v e", "4 n", "5 n n", "2 v d", "2 v n", "2 v m", "2 v M", "4 v n", "3 s e", "2 v k", "2 v g", "6 C")
	for _, k := range strings.Fields(opens) {
		s.keys(k)
	}
	for range s.upTo(4) {
		switch s.random.IntN(4) {
		case 0:
			s.typed(s.of("x", "new name", "../..", "12", "é"))
		case 1:
			s.keys("tab")
		case 2:
			s.keys(s.fields("down up left right space"))
		case 3:
			s.keys("ctrl+u")
		}
	}
	s.keys("esc")
}

func (s *Soak) palette() {
	s.keys(":")
	s.typed(s.of("snap", "t01", "power", "sort", "k", "help", "zzzz", "DC0"))
	for range s.upTo(4) {
		s.keys(s.fields("down up"))
	}
}

// screen goes through one of the screens.
func (s *Soak) screen() {
	s.pane()
	key := s.fields("? b i u ! ctrl+e b m u t f y d ctrl+o")
	s.keys(key)
	if key == "f" {
		s.typed(s.of("guest", "DC0", "k", "t00", "10.0.0.1", "/DC0/vm/x"))
		s.keys("enter")
	}
	s.wander(5)
	for range s.upTo(4) {
		s.keys(s.fields("] [ j k h l + _ w z G g"))
	}
}

// documents goes through what a server says of an object in its own words.
func (s *Soak) documents() {
	s.pane()
	s.keys(s.fields("j k G g"), s.fields("d y"))
	for range s.upTo(5) {
		s.keys(s.fields("] [ j k ctrl+d G g # w z n N shift+right shift+left"))
	}
	if s.random.IntN(2) == 0 {
		s.keys("/")
		s.typed(s.of("disk", "name", "e"))
		s.keys("enter", "n", "N")
	}
}

func (s *Soak) mark() {
	s.keys("2")
	for range s.upTo(4) {
		s.keys(s.fields("space * j space ctrl+space k ctrl+\\"))
	}
	s.keys(s.fields("p s v x"), "esc")
}

// chosen answers a question when one is open, mostly with yes.
func (s *Soak) chosen() {
	if !s.saw(question, 600*time.Millisecond) {
		return
	}
	s.keys(s.of("y", "y", "y", "esc"))
}

func (s *Soak) power() {
	s.keys("2")
	s.wander(6)
	s.keys("p", s.fields("o f s u x d r o f b"))
	s.chosen()
}

func (s *Soak) snapshot() {
	s.keys("2")
	s.wander(6)
	s.keys("s", "c")
	s.keys("ctrl+u")
	s.typed(fmt.Sprintf("o%d", s.step))
	s.keys("enter")
	s.chosen()
}

func (s *Soak) revert() {
	s.keys("3")
	s.wander(3)
	s.keys("s", s.fields("d r d D R d m ="))
	s.chosen()
	s.keys("enter")
	s.chosen()
}

// console opens a serial console, says something, and leaves or closes it. One that was
// left is opened again for home to close: what it keeps of the guest's output would look
// like growth.
func (s *Soak) console() {
	if s.random.IntN(2) == 0 {
		s.keys("2", "/")
		s.typed("guest")
		s.keys("enter")
	}
	s.keys("c")
	s.wander(3)
	s.keys("enter")
	if s.saw(inConsole, time.Second) {
		s.typed("ls /")
		s.keys("enter")
		s.trail.add("shift+pgup")
		s.Send("\x1b[5;2~")
		key := s.fields("c l s c o")
		s.keys("ctrl+]", key)
		if key == "l" {
			s.keys("c", "enter")
			s.saw(inConsole, time.Second)
		}
	}
}

func (s *Soak) resize() {
	for range s.upTo(4) {
		sizes := []uitest.Size{{W: 80, H: 24}, {W: 100, H: 30}, {W: 120, H: 40}, {W: 200, H: 60}, {W: 20, H: 5}, {W: 250, H: 70}, {W: 61, H: 17}, {W: 1, H: 1}}
		s.size(sizes[s.random.IntN(len(sizes))])
		s.keys(s.fields("j k tab G g"))
	}
	s.size(usual())
}

func (s *Soak) paste() {
	if s.random.IntN(2) == 0 {
		s.keys("/")
	}
	s.trail.add("paste")
	s.Paste(s.of("guest", "two\nlines\n", strings.Repeat("x", 5000), "qqqq", "\x1b[31mred"))
	s.rest()
}

func (s *Soak) mouse() {
	for range s.upTo(4) {
		x, y := s.random.IntN(140), s.random.IntN(45)
		s.trail.add(fmt.Sprintf("mouse %d,%d", x, y))
		if s.random.IntN(2) == 0 {
			s.Click(x, y)
		} else {
			s.Wheel(x, y, s.random.IntN(9)-4)
		}
		s.rest()
	}
}

// wizard begins to make something, and leaves it.
func (s *Soak) wizard() {
	s.keys("2", "/")
	s.typed(s.of("guest", "DC0", "t00"))
	s.keys("enter", s.fields("n v"), s.fields("n o x t c x"))
	s.typed(s.of("abc", "/nonexistent.ova", ""))
	for range s.upTo(4) {
		s.keys(s.fields("tab down space left enter"))
	}
}

func (s *Soak) zoom() {
	s.pane()
	for range s.upTo(5) {
		s.keys(s.fields("+ + _ j w a"))
	}
}

// edit runs the editor, which changes nothing.
func (s *Soak) edit() {
	s.keys("2")
	s.wander(4)
	s.keys("e")
	s.saw(atHome, 2*time.Second)
}

// hold keeps a key down.
func (s *Soak) hold() {
	key := s.fields("j k pgdown tab")
	s.trail.add("hold", key)
	s.Press("2")
	for range 60 {
		s.Press(key)
		time.Sleep(15 * time.Millisecond)
	}
	s.rest()
}

// anything presses keys as they come, but those that leave the program or the terminal
// and the one that says yes.
func (s *Soak) anything() {
	for range s.upTo(12) {
		s.keys(s.fields("a b c d f g h i j k l m n o p r s t u v w x z A B C D E F G H I J K L M N O P R S T U V W X Z 0 1 2 3 4 5 6 7 8 9 ! # $ % & ( ) * + , - . / : ; < = > ? [ ] _ tab enter esc space backspace up down left right home end pgup pgdown f1 f2 f5 ctrl+a ctrl+e ctrl+l ctrl+k ctrl+w ctrl+r")) //nolint:lll // a list of keys
	}
}
