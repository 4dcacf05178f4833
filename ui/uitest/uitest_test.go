package uitest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// sample is a program with what the DSL must handle: panes, a cursor, the mouse,
// pasting, sizes, wide characters, an end.
type sample struct {
	w, h, cursor int
	kitty        int
	last         string
}

func (m *sample) Init() tea.Cmd { return nil }

func (m *sample) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.w, m.h = msg.Width, msg.Height
	case tea.KeyboardEnhancementsMsg:
		m.kitty = msg.Flags
	case tea.PasteMsg:
		m.last = "paste " + msg.Content
	case tea.MouseClickMsg:
		m.last = fmt.Sprintf("click %d %d", msg.X, msg.Y)
	case tea.MouseWheelMsg:
		m.last = "wheel " + msg.Button.String()
	case tea.KeyPressMsg:
		return m, m.key(msg.String())
	}
	return m, nil
}

func (m *sample) key(name string) tea.Cmd {
	m.last = "key " + name
	switch name {
	case "j":
		m.cursor = min(m.cursor+1, 4)
	case "k":
		m.cursor = max(m.cursor-1, 0)
	case "q":
		return tea.Quit
	case "!":
		panic("asked for")
	}
	return nil
}

func (m *sample) View() tea.View {
	lines := []string{"╭ 1 Guests ── 5 of 5 ╮╭ 2 [Other] ──╮"}
	for i, n := range []string{"web-01", "web-02", "日本語", "db-01", "db-02"} {
		row, blank := " "+n, strings.Repeat(" ", 19-ansi.StringWidth(n))
		if i == m.cursor {
			row = "\x1b[1;48;2;38;58;92m❯" + n + "\x1b[m"
		}
		lines = append(lines, fmt.Sprintf("│%s%s││ right %d     │", row, blank, i))
	}
	lines = append(lines, "╰────────────────────╯╰─────────────╯", fmt.Sprintf("size %dx%d last <%s>", m.w, m.h, m.last), fmt.Sprintf("kitty %d", m.kitty))
	v := tea.NewView(strings.Join(lines, "\n"))
	v.AltScreen, v.MouseMode, v.WindowTitle = true, tea.MouseModeCellMotion, "sample"
	return v
}

func TestMain(m *testing.M) {
	if os.Getenv("UITEST_SAMPLE") == "" {
		os.Exit(m.Run())
	}
	if _, err := tea.NewProgram(&sample{}).Run(); err != nil {
		os.Exit(3)
	}
}

// both runs a test in process and in a pseudo-terminal.
func both(t *testing.T, size Size, fn func(t *testing.T, s *Screen)) {
	t.Run("in process", func(t *testing.T) { fn(t, Run(t, &sample{}, size)) })
	t.Run("pty", func(t *testing.T) {
		fn(t, Spawn(t, Command{Path: os.Args[0], Env: []string{"UITEST_SAMPLE=1"}, Size: size}))
	})
}

func TestKeysReachTheProgramByName(t *testing.T) {
	names := []string{
		"j", "G", "é", "enter", "esc", "tab", "shift+tab", "space", "backspace", "up", "down", "left", "right", "home", "end",
		"pgup", "pgdown", "insert", "delete", "f1", "f4", "f5", "f12", "ctrl+u", "ctrl+d", "ctrl+space", "ctrl+\\", "alt+x", "ctrl+right", "shift+up",
	}
	both(t, Size{80, 24}, func(_ *testing.T, s *Screen) {
		s.WaitFor("web-01")
		for _, n := range names {
			s.Press(n).WaitFor("last <key " + n + ">")
		}
	})
}

func TestKittyKeyboard(t *testing.T) {
	s := Spawn(t, Command{Path: os.Args[0], Env: []string{"UITEST_SAMPLE=1"}, Size: Size{80, 24}, Kitty: true})
	s.WaitFor("web-01").WaitFor("kitty 1")
	for _, n := range []string{"esc", "ctrl+space", "ctrl+\\", "ctrl+u", "alt+x", "enter", "j"} {
		s.Press(n).WaitFor("last <key " + n + ">")
	}
	s.Press("q")
	s.WaitExit()
	if left := s.LeftBehind(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestScreenVerbs(t *testing.T) {
	both(t, Size{80, 24}, func(t *testing.T, s *Screen) {
		s.WaitFor(regexp.MustCompile(`size 80x24`)).Expect("web-02").Reject("web-99")
		s.Paste("one\ntwo").WaitFor("last <paste one")
		s.Click(5, 3).WaitFor("click 5 3")
		s.Wheel(1, 1, 1).WaitFor("wheel wheeldown")
		s.Resize(60, 20).WaitFor("size 60x20")
		if w, h := s.Size(); w != 60 || h != 20 {
			t.Errorf("size %dx%d", w, h)
		}
		if y, row := s.Row("db-01"); y != 4 || !strings.Contains(row, "right 3") {
			t.Errorf("row %d %q", y, row)
		}
		s.Type("j").WaitUntil("the cursor on web-02", func(l []string) bool { return strings.Contains(l[2], "❯web-02") })
		if y := s.CursorRow(); y != 2 {
			t.Errorf("cursor in row %d", y)
		}
		if c := s.CellOf("web-02"); !c.Bold || c.BG == nil || c.Text != "w" {
			t.Errorf("cell %+v", c)
		}
		if c := s.CellAt(2, 3); c.Text != "日" || c.Width != 2 || c.Bold {
			t.Errorf("wide cell %+v", c)
		}
		if s.Title() != "sample" || s.Bytes() == 0 || !s.Running() {
			t.Errorf("title %q, %d bytes", s.Title(), s.Bytes())
		}
	})
}

func TestPanes(t *testing.T) {
	both(t, Size{80, 24}, func(t *testing.T, s *Screen) {
		p := s.Pane("Guests").WaitFor("db-02").Expect("日本語").Reject("right")
		s.Pane("Other").Expect("right 4").Reject("web")
		if !strings.Contains(p.WaitTitle("5 of 5").Title(), "5 of 5") {
			t.Errorf("title %q", p.Title())
		}
		p.Select("db-01")
		if got := p.CursorLine(); got != "❯db-01" {
			t.Errorf("cursor on %q", got)
		}
		p.Select("web-02").WaitFor("❯web-02")
	})
}

func TestExitLeavesTheTerminalInOrder(t *testing.T) {
	both(t, Size{80, 24}, func(t *testing.T, s *Screen) {
		s.WaitFor("web-01")
		if len(s.LeftBehind()) == 0 {
			t.Fatal("while it runs the program holds the terminal; nothing was seen of it")
		}
		s.Press("q")
		if status := s.WaitExit(); status != 0 {
			t.Errorf("status %d", status)
		}
		if left := s.LeftBehind(); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestPanicAndSignals(t *testing.T) {
	spawn := func() *Screen {
		s := Spawn(t, Command{Path: os.Args[0], Env: []string{"UITEST_SAMPLE=1"}, Size: Size{80, 24}})
		return s.WaitFor("web-01")
	}
	s := spawn().Press("!")
	if status := s.WaitExit(); status != 3 {
		t.Errorf("status %d after a panic", status)
	}
	if left := s.LeftBehind(); len(left) > 0 {
		t.Errorf("left behind by a panic: %v", left)
	}
	if status := spawn().Signal("TERM").WaitExit(); status != 0 {
		t.Errorf("status %d after SIGTERM", status)
	}
	killed := spawn().Signal("KILL")
	if status := killed.WaitExit(); status != -1 {
		t.Errorf("status %d after SIGKILL", status)
	}
	if left := strings.Join(killed.LeftBehind(), " "); !strings.Contains(left, "line discipline") || !strings.Contains(left, "alternate screen") {
		t.Errorf("a killed program leaves the terminal raw, but only this was seen: %q", left)
	}
}

func TestSlowLinkLosesNoKeys(t *testing.T) {
	s := Spawn(t, Command{Path: os.Args[0], Env: []string{"UITEST_SAMPLE=1"}, Size: Size{80, 24}, Rate: 8000})
	s.WaitFor("web-01")
	for range 4 {
		s.Press("j")
	}
	s.WaitFor("❯db-02")
}

// reporter records a failure instead of ending the test.
type reporter struct {
	testing.TB
	failed string
}

var errFailed = errors.New("failed")

func (r *reporter) Helper() {}
func (r *reporter) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(errFailed)
}

func TestFailuresShowTheScreen(t *testing.T) {
	r := &reporter{TB: t}
	s := Run(r, &sample{}, Size{80, 24}).WaitFor("web-01")
	for name, fn := range map[string]func(){
		"wait":      func() { s.WaitFor("nowhere", 20*time.Millisecond) },
		"wait gone": func() { s.WaitGone("web-01", 20*time.Millisecond) },
		"expect":    func() { s.Expect("nowhere") },
		"reject":    func() { s.Reject("web-01") },
		"row":       func() { s.Row("nowhere") },
		"key":       func() { s.Press("hyper+q") },
		"pane":      func() { s.Pane("Gue").Lines() },
		"exit":      func() { s.WaitExit(20 * time.Millisecond) },
	} {
		r.failed = ""
		func() {
			defer func() {
				if p := recover(); p != nil && p != any(errFailed) {
					t.Fatalf("%s: panic %v", name, p)
				}
			}()
			fn()
		}()
		if !strings.Contains(r.failed, "web-01") {
			t.Errorf("%s: the failure does not show the screen: %q", name, r.failed)
		}
	}
	s.Press("q")
	s.WaitExit()
	start := time.Now()
	func() {
		defer func() { _ = recover() }()
		s.WaitFor("nowhere")
	}()
	if time.Since(start) > time.Second || !strings.Contains(r.failed, "exited with 0") {
		t.Errorf("waiting on an ended program took %v: %q", time.Since(start), r.failed)
	}
}

func TestSVG(t *testing.T) {
	s := Run(t, &sample{}, Size{80, 24}).WaitFor("web-01")
	svg := s.SVG()
	for _, want := range []string{"<svg ", "web-02", "<path ", `fill="#263a5c"`, `font-weight="bold"`, ">日</text>", "</svg>"} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is not in the picture", want)
		}
	}
	if strings.Contains(svg, "╭") || strings.Contains(svg, "│") {
		t.Error("box glyphs are drawn as letters")
	}
	path := t.TempDir() + "/s.svg"
	if err := os.WriteFile(path, []byte(svg), 0o600); err != nil {
		t.Fatal(err)
	}
	tool, err := exec.LookPath("rsvg-convert")
	if err != nil {
		t.Skipf("rsvg-convert not found: %v", err)
	}
	if out, err := exec.Command(tool, path, "-o", path+".png").CombinedOutput(); err != nil {
		t.Errorf("rsvg-convert: %v: %s", err, out)
	}
}
