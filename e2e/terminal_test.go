package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// demo is the program with nothing but itself.
func demo(t *testing.T, s desk.Setup) *console {
	t.Helper()
	s.Args = append(s.Args, "--demo")
	c := start(t, s)
	c.WaitFor(regexp.MustCompile(`\S`), time.Minute) // the simulators are started first
	return c
}

func TestTheTerminalIsPutBack(t *testing.T) {
	for name, leave := range map[string]func(*console){
		"q":      func(c *console) { c.Press("q") },
		"ctrl-c": func(c *console) { c.Press("ctrl+c") },
		"TERM":   func(c *console) { c.Signal("TERM") },
		"HUP":    func(c *console) { c.Signal("HUP") },
	} {
		t.Run(name, func(t *testing.T) {
			c := demo(t, desk.Setup{})
			c.Pane("VMs").WaitFor("NAME")
			if len(c.LeftBehind()) == 0 {
				t.Fatal("nothing was seen of the program holding the terminal")
			}
			leave(c)
			if status := c.WaitExit(); status != 0 {
				t.Errorf("status %d", status)
			}
			if left := c.LeftBehind(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestSuspendAndForeground(t *testing.T) {
	home := t.TempDir()
	s := uitest.Spawn(t, uitest.Command{
		Path: "/bin/bash", Args: []string{"--norc", "--noprofile", "-i"}, Size: uitest.Size{W: 120, H: 40},
		Env: []string{"HOME=" + home, "XDG_STATE_HOME=" + home, "XDG_CONFIG_HOME=" + home, "PS1=shell> "},
	})
	s.WaitFor("shell>").Type(desk.Program() + " --demo\r")
	s.Pane("VMs").WaitFor("NAME")
	s.Press("ctrl+z").WaitFor("Stopped").WaitGone("2 VMs")
	if s.Mode(1049) || !s.Mode(25) {
		t.Error("the shell did not get its screen back")
	}
	s.Type("echo shell-${SHLVL}-works\r").WaitFor(regexp.MustCompile(`shell-\d+-works`))
	s.Type("fg\r").Pane("VMs").WaitFor("NAME")
	s.Press("j").Press("q").WaitFor("shell>")
	s.Type("echo status $?\r").WaitFor("status 0").Type("exit\r")
	s.WaitExit()
}

func TestNoColour(t *testing.T) {
	c := demo(t, desk.Setup{Env: []string{"NO_COLOR=1"}})
	c.Pane("VMs").WaitFor("ad-1")
	w, h := c.Size()
	for y := range h {
		for x := range w {
			if cell := c.CellAt(x, y); cell.FG != nil || cell.BG != nil {
				t.Fatalf("cell %d,%d %q has a colour: %v on %v", x, y, cell.Text, cell.FG, cell.BG)
			}
		}
	}
	c.Press("j").Pane("VMs").WaitFor("❯")
}

func TestDumbTerminalAndOldLocale(t *testing.T) {
	for name, env := range map[string][]string{"TERM=dumb": {"TERM=dumb"}, "LANG=C": {"LANG=C"}, "--ascii": nil} {
		t.Run(name, func(t *testing.T) {
			s := desk.Setup{Env: env}
			if env == nil {
				s.Args = []string{"--ascii"}
			}
			c := demo(t, s)
			c.WaitFor("1 [Hosts]").WaitFor("NAME")
			for y, l := range c.Lines() {
				for _, r := range l {
					if r > '~' {
						t.Fatalf("row %d is not ASCII: %q", y, l)
					}
				}
			}
			c.Press("q")
			if status := c.WaitExit(); status != 0 {
				t.Errorf("status %d", status)
			}
		})
	}
}

// refused runs the program with what it cannot work with: one line, and a status.
func refused(t *testing.T, s desk.Setup, status int, want ...string) {
	t.Helper()
	s.Size = uitest.Size{W: 400, H: 10}
	c := start(t, s)
	if got := c.WaitExit(); got != status {
		t.Errorf("status %d, want %d", got, status)
	}
	var lines []string
	for _, l := range c.Lines() {
		if l != "" {
			lines = append(lines, l)
		}
	}
	if len(lines) != 1 {
		t.Fatalf("%d lines: %q", len(lines), lines)
	}
	for _, w := range want {
		if !strings.Contains(lines[0], w) {
			t.Errorf("%q does not say %q", lines[0], w)
		}
	}
}

func TestMistakesAreOneLineAndStatusTwo(t *testing.T) {
	home := t.TempDir()
	bad := filepath.Join(home, "bad.toml")
	desk.WriteFile(t, bad, "theme = \"dark\"\nascii = maybe\n")
	unknown := filepath.Join(home, "unknown.toml")
	desk.WriteFile(t, unknown, "theme = \"dark\"\ncolour = true\n")
	twins := filepath.Join(home, "twins.toml")
	desk.WriteFile(t, twins, desk.Connection("a", "qemu:///system")+desk.Connection("a", "test:///default"))
	clash := filepath.Join(home, "clash.toml")
	desk.WriteFile(t, clash, "[keys]\ntop = [\"m\"]\n")
	nokey := filepath.Join(home, "nokey.toml")
	desk.WriteFile(t, nokey, "[keys]\ntopp = [\"m\"]\n")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"unknown flag":     {[]string{"--frobnicate"}, []string{"there is no flag --frobnicate", "--help"}},
		"flag after a URI": {[]string{"test:///default", "--frobnicate"}, []string{"there is no flag --frobnicate"}},
		"missing value":    {[]string{"--config"}, []string{"--config"}},
		"unknown scheme":   {[]string{"bad://host/x"}, []string{`unknown driver "bad"`, "qemu:///system"}},
		"no path":          {[]string{"qemu+ssh://kvm1"}, []string{"the path is missing"}},
		"not a URI":        {[]string{"qemu://%zz/system"}, []string{"hvdeck: "}},
		"demo with a URI":  {[]string{"--demo", "qemu:///system"}, []string{"--demo brings its own hosts"}},
		"missing file":     {[]string{"--config", "/nonexistent.toml"}, []string{"/nonexistent.toml", "--config"}},
		"bad line":         {[]string{"--config", bad}, []string{"line 2"}},
		"unknown setting":  {[]string{"--config", unknown}, []string{"line 2", `"colour"`}},
		"two of one name":  {[]string{"--config", twins}, []string{`two connections are named "a"`}},
		"clashing keys":    {[]string{"--config", clash, "--demo"}, []string{`"top"`, `"node"`, `"m"`}},
		"unknown action":   {[]string{"--config", nokey, "--demo"}, []string{`"topp"`}},
		"unknown theme":    {[]string{"--theme", "pink", "--demo"}, []string{"pink"}},
		"password in URI":  {[]string{"qemu+ssh://root:hunter2@kvm1/system"}, []string{"password"}},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, desk.Setup{Args: c.args}, 2, c.want...)
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for arg, want := range map[string]string{"--help": "Each URI is one connection", "--version": "hvdeck ", "--print-config": "# [[connection]]"} {
		c := start(t, desk.Setup{Args: []string{arg}, Size: uitest.Size{W: 120, H: 60}})
		c.WaitFor(want)
		if status := c.WaitExit(); status != 0 {
			t.Errorf("%s: status %d", arg, status)
		}
	}
}

func TestNoPasswordIsEverShown(t *testing.T) {
	c := start(t, desk.Setup{Args: []string{"https://user:hunter2@127.0.0.1:1/sdk"}})
	c.WaitFor("unreachable").Press("i").WaitFor("Connections").Press("enter")
	c.WaitFor("State: unreachable").WaitFor("refuses the connection").Reject("hunter2")
	if strings.Contains(c.Log(), "hunter2") {
		t.Errorf("a password is in the log: %s", c.Log())
	}
}

func TestNothingToConnectToSaysWhatToDo(t *testing.T) {
	c := start(t, desk.Setup{})
	c.WaitFor("hvdeck has nothing to connect to").WaitFor("hvdeck --demo").Press("q")
	if status := c.WaitExit(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestEnvironmentNamesTheConnections(t *testing.T) {
	v := desk.Vcenter(t)
	c := start(t, desk.Setup{Env: []string{"GOVC_URL=http://user:pass@" + v.Addr() + "/sdk", "LIBVIRT_DEFAULT_URI=qemu+unix:///system?socket=/nonexistent"}})
	c.WaitFor("unreachable").Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
}

// Editors come and go: what they took to run is given back each time, and what is typed while
// one runs is for it alone.
func TestEditorsLeaveNothing(t *testing.T) {
	home := t.TempDir()
	desk.WriteFile(t, filepath.Join(home, "editor.sh"), "touch '"+home+"/typed'; echo ready for $(wc -l <'"+home+"/typed'); read typed; echo \"$typed\" >>'"+home+"/typed'\n")
	c := demo(t, desk.Setup{Home: home, Env: []string{"EDITOR=sh '" + home + "/editor.sh'"}})
	vms := c.Pane("VMs").WaitFor("ad-1")
	vms.Focus()
	c.Press("/").Type("git-01").Pane("VMs").WaitFor(regexp.MustCompile(`❯\S git-01`))
	c.Press("enter")
	typed := func() string { text, _ := os.ReadFile(filepath.Join(home, "typed")); return string(text) }
	edits := func(n int) {
		for range n {
			was := strings.Count(typed(), "\n")
			c.Press("e").WaitFor(fmt.Sprintf("ready for %d", was)).Type("jqk:\r")
			desk.Eventually(t, 10*time.Second, "the editor to end", func() bool { return strings.Count(typed(), "\n") > was })
			vms.WaitFor(regexp.MustCompile(`❯\S git-01`))
		}
	}
	edits(1)
	before := c.Vitals().OpenFiles()
	edits(4)
	desk.Eventually(t, 10*time.Second, "what was opened to be closed", func() bool { return c.Vitals().OpenFiles() <= before })
	if got := typed(); got != strings.Repeat("jqk:\n", 5) {
		t.Errorf("the editor was given %q", got)
	}
	c.Press("ctrl+c")
	if status := c.WaitExit(); status != 0 {
		t.Errorf("status %d", status)
	}
}
