package tty

import (
	"fmt"
	"image/color"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

func TestLean(t *testing.T) {
	const grey, red = "\x1b[38;5;59m", "\x1b[31;1m"
	for _, c := range []struct{ frame, want string }{
		{"", ""}, {"text", "text"}, {"\x1b[31mx\x1b[m ", "\x1b[31mx\x1b[m "}, {"\x1b[m" + grey + "│\x1b[m \x1b[m", "\x1b[m" + grey + "│ \x1b[m"},
		{"\x1b[m" + grey + "│\x1b[m\x1b[9X\x1b[3;20H" + grey + "│\x1b[m", "\x1b[m" + grey + "│\x1b[9X\x1b[3;20H│\x1b[m"},
		{"\x1b[m" + red + "a\x1b[m " + red + "b\x1b[m", "\x1b[m" + red + "a b\x1b[m"},
		{"\x1b[m" + red + "a\x1b[m " + grey + "b\x1b[m", "\x1b[m" + red + "a \x1b[0;38;5;59mb\x1b[m"},
		{"\x1b[m" + grey + "│\x1b[m \x1b[9b" + grey + "│\x1b[m", "\x1b[m" + grey + "│ \x1b[9b│\x1b[m"}, // a repetition has to follow its character
		{"\x1b[m" + red + "-\x1b[9b\x1b[m \x1b[8b-", "\x1b[m" + red + "-\x1b[9b \x1b[8b\x1b[m-"},
		{"\x1b[m\x1b[44ma\x1b[m b", "\x1b[m\x1b[44ma\x1b[m b"}, {"\x1b[m\x1b[4ma\x1b[m b", "\x1b[m\x1b[4ma\x1b[m b"},
		{"\x1b[m" + grey + "a\x1b[m \u0301", "\x1b[m" + grey + "a\x1b[m \u0301"},
		{"\x1b[m" + grey + "a\x1b[m\x1b]2;t\x07" + grey + "b", "\x1b[m" + grey + "a\x1b[m\x1b]2;t\x07" + grey + "b"},
		{"\x1b[>4;2m" + grey + "a", "\x1b[>4;2m" + grey + "a"}, {"\x1b[m\x1b[77mx\x1b[31m y", "\x1b[m\x1b[77mx\x1b[31m y"},
	} {
		if got := string(lean([]byte(c.frame))); got != c.want {
			t.Errorf("%q became %q, want %q", c.frame, got, c.want)
		}
	}
}

// cell is a cell of a terminal as it is seen, and where it is.
type cell struct {
	x, y       int
	content    string
	fg, bg, ul rgba
	underline  ansi.Underline
	attrs      uint8
}

// rgba is a color; the zero value is none.
type rgba struct {
	set        bool
	r, g, b, a uint32
}

func colorOf(of color.Color) (c rgba) {
	if of != nil {
		c.set = true
		c.r, c.g, c.b, c.a = of.RGBA()
	}
	return c
}

// shown is what a frame and a character behind it leave on a terminal; of a blank only
// what can be seen of it. fell is set where the emulator ended at the frame, as it does at
// margins that it can't keep.
func shown(frame []byte) (cells []cell, fell any) {
	const w, h = 32, 8
	defer func() { fell = recover() }()
	emu := vt.NewEmulator(w, h)
	go func() { // what it answers
		buf := make([]byte, 1024)
		for {
			if _, err := emu.Read(buf); err != nil {
				return
			}
		}
	}()
	if pipe, ok := emu.InputPipe().(io.Closer); ok {
		defer func() { _ = pipe.Close() }()
	}
	_, _ = emu.Write(frame)
	_, _ = emu.WriteString("e")
	for y := range h {
		for x := range w {
			c := emu.CellAt(x, y)
			if c == nil {
				c = &uv.Cell{Content: " ", Width: 1}
			}
			seen := look(c)
			seen.x, seen.y = x, y
			cells = append(cells, seen)
		}
	}
	return cells, nil
}

// look is a cell as it is seen.
func look(c *uv.Cell) cell {
	const onBlank = uv.AttrReverse | uv.AttrStrikethrough
	s := c.Style
	out := cell{content: c.Content, fg: colorOf(s.Fg), bg: colorOf(s.Bg), ul: colorOf(s.UnderlineColor), underline: s.Underline, attrs: s.Attrs}
	if strings.TrimLeft(c.Content, " ") == "" {
		out.content = " "
		out.attrs &= onBlank
		if s.Attrs&onBlank == 0 && s.Underline == ansi.UnderlineNone {
			out.fg = rgba{}
		}
	}
	if s.Underline == ansi.UnderlineNone {
		out.ul = rgba{}
	}
	return out
}

// pieces are what frames are made of, and what they are not.
func pieces() []string {
	return []string{
		"a", "word", " ", "    ", "│", "──", "日", "e\u0301", " \u0301", "\r\n", "\n", "\b", "\t", "\x1b[m", "\x1b[m", "\x1b[m", "\x1b[0m", "\x1b[1m", "\x1b[2;3m", "\x1b[22m", "\x1b[4m", "\x1b[4:3m", "\x1b[24m",
		"\x1b[7m", "\x1b[27m", "\x1b[9m", "\x1b[29m", "\x1b[31m", "\x1b[38;5;59m", "\x1b[38;2;1;2;3m", "\x1b[39m", "\x1b[44m", "\x1b[48;5;17m", "\x1b[48;2;9;8;7;1m", "\x1b[49m", "\x1b[58;5;9m", "\x1b[59m", "\x1b[97;101m",
		"\x1b[5X", "\x1b[K", "\x1b[1J", "\x1b[2@", "\x1b[P", "\x1b[L", "\x1b[M", "\x1b[S", "\x1b[T", "\x1b[3;4H", "\x1b[8;30H", "\x1b[H\x1b[2J", "\x1b[5d", "\x1b[7G", "\x1b[2C", "\x1b[A", "\x1b[3b",
		"\x1b[2;6r", "\x1b[r", "\x1b[?2026h", "\x1b[?25l", "\x1b[?1049h", "\x1b[?1049l", "\x1b7", "\x1b8", "\x1b[s", "\x1b[u", "\x1b]2;x\x07", "\x1b[>4;2m", "\x1b[38;5m", "\x1b[", "\x9b31m", "\x1b[38:2::9:9:9m", "\x18", "\x0e", "\x1b[!p",
	}
}

// A frame that was made lean looks as before, whatever it is made of.
func TestLeanLooksTheSame(t *testing.T) {
	random, all := rand.New(rand.NewPCG(7, 7)), pieces()
	saved := 0
	for range 400 {
		var b strings.Builder
		for range random.IntN(40) {
			b.WriteString(all[random.IntN(len(all))])
		}
		frame := []byte(b.String())
		thin := lean(frame)
		saved += len(frame) - len(thin)
		if other, fell := differently(frame, thin); other != "" || fell != nil {
			t.Fatalf("%q became %q and looks different: %s %v", frame, thin, other, fell)
		}
	}
	if saved <= 0 {
		t.Errorf("%d bytes were left out", saved)
	}
}

// differently is the first cell in which two frames look different; "" when they look
// alike. fell is set where the emulator ended at the first and so can't say.
func differently(frame, thin []byte) (other string, fell any) {
	before, fell := shown(frame)
	if fell != nil {
		return "", fell
	}
	after, fell := shown(thin)
	if fell != nil {
		return fmt.Sprintf("the emulator ended: %v", fell), nil
	}
	for i := range before {
		if before[i] != after[i] {
			return fmt.Sprintf("%+v, then %+v", before[i], after[i]), nil
		}
	}
	return "", nil
}

func FuzzLean(f *testing.F) {
	long := regexp.MustCompile(`\d{4}`) // the emulator takes minutes to repeat something so often
	f.Add([]byte(strings.Join(pieces(), "")))
	f.Fuzz(func(t *testing.T, frame []byte) {
		if len(frame) > 1024 || long.Match(frame) {
			return
		}
		thin := lean(frame)
		if other, _ := differently(frame, thin); other != "" {
			t.Fatalf("%q became %q and looks different: %s", frame, thin, other)
		}
	})
}
