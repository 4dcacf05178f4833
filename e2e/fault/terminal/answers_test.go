package terminal

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

// A terminal that answers no question: the first picture waits for none, keys act.
func TestATerminalThatAnswersNothing(t *testing.T) {
	c := demo(t, desk.Setup{Mute: true})
	began := time.Now()
	vms := c.Pane("VMs").WaitFor("NAME")
	t.Logf("the first picture came after %v", time.Since(began).Round(time.Millisecond))
	vms.Select("ad-1")
	c.Press("ctrl+c")
	ends(t, c)
}

// Terminals that are not described: no name, one that nobody knows.
func TestATerminalThatIsNotKnown(t *testing.T) {
	t.Parallel()
	for name, env := range map[string][]string{"none": {"TERM="}, "unknown": {"TERM=no-such-terminal", "COLORTERM="}} {
		t.Run(name, func(t *testing.T) {
			c := demo(t, desk.Setup{Env: env})
			c.WaitFor("VMs").WaitFor("NAME")
			c.Press("j", "ctrl+c")
			ends(t, c)
		})
	}
}

// rubbish is what a terminal, or a line that drops bytes, may send: answers that nobody
// asked for, answers cut off, sequences without an end, bytes that are no text. What is no
// sequence at all, as "ESC [ - 1", ends in keys for every program and is not among it.
func rubbish() []string {
	long := strings.Repeat("9;", 5000)
	return []string{
		"\x1b]11;rgb:zzzz/\xff\xff\x07", "\x1b]11;" + strings.Repeat("f", 20000) + "\x1b\\", "\x1b[?" + long + "c", "\x1b[?2026;9$y", "\x1b[?2027;1$y",
		"\x1b[" + long + "R", "\x1bP1+r" + strings.Repeat("5A", 5000) + "\x1b\\", "\x1bP>|\x1b\\", "\x1b[?u", "\x1b[?4294967295u", "\x1b[<0;99999;99999M",
		"\x1b[M\xff\xff\xff", "\x1b[27;5;99999999~", "\x1b[1114112u", "\x1b[8;0;0t", "\x1b[48;0;0;0;0t", "\xff\xfe\x80\xc0",
		"\x1b_Gi=1;OK\x1b\\", "\x1b^" + strings.Repeat("x", 5000) + "\x1b\\", "\x1b[I\x1b[O",
	}
}

func TestATerminalThatAnswersRubbish(t *testing.T) {
	c, v := center(t, desk.Setup{})
	vms := c.Pane("VMs")
	vms.Select("VM0")
	before := underWay(c, v)
	for _, text := range rubbish() {
		c.Send(text).Settle(60 * time.Millisecond) // longer than the rest of a sequence is waited for
	}
	random := rand.New(rand.NewPCG(5, 5))
	for range 50 {
		noise := make([]byte, 200)
		for i := range noise {
			noise[i] = byte(random.IntN(128)) | 0x80 // no key among them
		}
		c.Send(string(noise))
	}
	c.Settle(200 * time.Millisecond)
	c.Resize(141, 45).Press("ctrl+l")
	vms.WaitFor("VM0")
	c.NothingLeaked(before, soon)
	c.Press("ctrl+c")
	ends(t, c)
	loggedOut(t, v)
}

// A paste of a megabyte, by mistake: it does nothing, also where text is taken, and the
// keys are back soon.
func TestAPasteOfAMegabyte(t *testing.T) {
	c := demo(t, desk.Setup{})
	vms := c.Pane("VMs").WaitFor("NAME")
	vms.Select("ad-1")
	text := strings.Repeat("rm -rf / # pf y\n", 1<<20/16)
	c.Paste(text).Press("j", "k")
	vms.WaitFor("ad-1")
	c.Press("/").WaitFor("/").Paste(text).Press("esc")
	c.Settle(300 * time.Millisecond)
	began := time.Now()
	c.Press("?").WaitFor("Help", desk.LiveWithin(2*soon)) // two megabytes, letter by letter
	t.Logf("keys are back after %v", time.Since(began).Round(time.Millisecond))
	c.Press("esc").WaitGone("Help")
	c.Reject("power:")
	c.Press("ctrl+c")
	ends(t, c)
}

// A paste whose end got lost on the way: esc gives the keys back, ctrl-c does and leaves.
func TestAPasteWithoutAnEnd(t *testing.T) {
	t.Parallel()
	t.Run("esc", func(t *testing.T) {
		c := demo(t, desk.Setup{})
		c.Pane("VMs").WaitFor("NAME")
		c.Send("\x1b[200~half of it").Send("j").Press("esc").Settle(100 * time.Millisecond)
		c.Press("?").WaitFor("Help", soon).Press("q").WaitGone("Help")
		c.Press("ctrl+c")
		ends(t, c)
	})
	t.Run("ctrl-c of old", func(t *testing.T) {
		c := demo(t, desk.Setup{OldKeys: true})
		c.Pane("VMs").WaitFor("NAME")
		c.Send("\x1b[200~half of it").Press("ctrl+c")
		ends(t, c)
	})
}

// Standard input that is no terminal, or closed, is refused with a line.
func TestNoTerminalToReadFrom(t *testing.T) {
	t.Parallel()
	for name, redirect := range map[string]string{"/dev/null": "</dev/null", "closed": "<&-", "output closed": ">&-"} {
		c := exec.CommandContext(t.Context(), "/bin/sh", "-c", "exec "+desk.Program()+" --demo "+redirect)
		c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		c.Env = []string{"HOME=" + t.TempDir(), "TERM=xterm"}
		out, err := c.CombinedOutput()
		if c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "have to be a terminal") || strings.Count(string(out), "\n") != 1 {
			t.Errorf("%s: %v %q", name, err, out)
		}
	}
}

// While an editor has the terminal the console is told to end, or the terminal goes: the
// editor ends too, the text is gone from the disk.
func TestEndDuringAnEditor(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*desk.Console){
		"TERM": func(c *desk.Console) { c.Signal("TERM") }, "HUP": func(c *desk.Console) { c.Signal("HUP") },
		"the terminal goes": func(c *desk.Console) { c.HangUp() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			// An editor that hears nothing: it has to be killed.
			desk.WriteFile(t, filepath.Join(home, "editor.sh"), "trap '' TERM HUP\necho editing; : >"+home+"/begun\nwhile :; do sleep 0.1; echo .; done\n")
			if err := os.Mkdir(filepath.Join(home, "run"), 0o700); err != nil {
				t.Fatal(err)
			}
			c := desk.Start(t, desk.Setup{Home: home, Args: []string{"--demo"}, Env: []string{"EDITOR=sh '" + home + "/editor.sh'"}})
			finds(c, "git-01")
			c.Press("e").WaitFor("editing")
			end(c)
			if status := c.WaitExit(soon); status != 0 {
				t.Errorf("status %d", status)
			}
			if left, _ := filepath.Glob(filepath.Join(home, "run", "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			desk.Eventually(t, 5*time.Second, "the editor to end", func() bool { return len(processes(home+"/editor.sh")) == 0 })
			if name != "the terminal goes" {
				putBack(t, c)
			}
		})
	}
}
