package terminal

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
	"hvdeck/vitals"
)

// center is a console on a vCenter of its own, which counts who is logged in.
func center(t *testing.T, s desk.Setup) (*desk.Console, *lab.Vcsim) {
	t.Helper()
	v := desk.Vcenter(t)
	t.Parallel()
	s.Config, s.Env = desk.VcenterAt("vc", v), append(s.Env, desk.Password()...)
	c := desk.Start(t, s)
	return c, v
}

// loggedOut waits until the program is logged in nowhere.
func loggedOut(t *testing.T, v *lab.Vcsim) {
	t.Helper()
	desk.Eventually(t, 5*time.Second, "the log-out", func() bool { return desk.Sessions(v) == 0 })
}

// underWay is what the program holds when every part of its session is under way.
func underWay(c *desk.Console, v *lab.Vcsim) vitals.Vitals {
	v.Govc("object.rename", "/DC0/vm/DC0_C0_RP0_VM2", "seen-VM2")
	c.Pane("VMs").WaitFor("seen-VM2")
	was := c.Vitals()
	for same := 0; same < 3; {
		time.Sleep(300 * time.Millisecond)
		now := c.Vitals()
		if same++; now.Grown(was) != "" {
			same = 0
		}
		was = now
	}
	return was
}

func inventory(c *desk.Console) { c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0") }

// The window is closed: a signal tells, or nothing does but the end of the terminal itself.
func TestTheTerminalGoesAway(t *testing.T) { //nolint:tparallel // a simulator has to be started before
	for name, s := range map[string]desk.Setup{"with its session": {}, "without a signal": {NoSession: true}} {
		t.Run(name, func(t *testing.T) {
			c, v := center(t, s)
			inventory(c)
			if n := desk.Sessions(v); n != 1 {
				t.Fatalf("%d sessions", n)
			}
			c.HangUp()
			if status := c.WaitExit(soon); status != 0 {
				t.Errorf("status %d", status)
			}
			loggedOut(t, v)
		})
	}
}

// The shell that the console was started from is killed.
func TestTheShellIsKilled(t *testing.T) {
	v := desk.Vcenter(t)
	t.Parallel()
	home := t.TempDir()
	desk.WriteFile(t, filepath.Join(home, "hvdeck/config.toml"), desk.VcenterAt("vc", v))
	s := uitest.Spawn(t, uitest.Command{
		Path: "/bin/bash", Args: []string{"--norc", "--noprofile", "-i"}, Size: uitest.Size{W: 120, H: 40},
		Env: append(desk.Password(), "HOME="+home, "XDG_STATE_HOME="+home, "XDG_CONFIG_HOME="+home, "PS1=shell> "),
	})
	s.WaitFor("shell>").Type(desk.Program() + " --config " + home + "/hvdeck/config.toml\r")
	s.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	s.Signal("KILL")
	desk.Eventually(t, soon, "the console to end", func() bool { return len(processes(home+"/hvdeck/config.toml")) == 0 })
	loggedOut(t, v)
}

// Nobody reads the terminal, as when a window is stopped with ctrl-s or its line is dead.
// Connections live on, memory stays, and what was typed is done when it reads again.
func TestNobodyReads(t *testing.T) {
	c, v := center(t, desk.Setup{})
	inventory(c)
	vms := c.Pane("VMs")
	vms.Select("VM0")
	before := underWay(c, v)
	c.StopReading()
	end := time.Now().Add(quietTime())
	for i := 0; time.Now().Before(end); i++ {
		v.Govc("object.rename", "/DC0/vm/"+[]string{"DC0_C0_RP0_VM1", "churned"}[i%2], []string{"churned", "DC0_C0_RP0_VM1"}[i%2])
		c.Resize(140+i%2, 45) // each size is a whole frame
	}
	meanwhile := c.Vitals()
	if grown := int64(meanwhile.Resident) - int64(before.Resident); grown > 32<<20 && !desk.RaceDetector {
		t.Errorf("it took %d MiB more while nobody read", grown>>20)
	}
	if more := meanwhile.Goroutines - before.Goroutines; more > 20 {
		t.Errorf("%d goroutines more while nobody read: %v", more, meanwhile.Grown(before))
	}
	if desk.Sessions(v) != 1 {
		t.Error("the session did not live on")
	}
	c.Resize(140, 45)
	c.Press("j", "j", "/").Type("VM2")
	v.Govc("object.rename", "/DC0/vm/seen-VM2", "last-VM2")
	c.GoOn()
	c.WaitFor("/VM2", 5*time.Second).WaitFor("last-VM2", soon)
	c.Press("enter", "esc").WaitGone("/VM2")
	vms.Select("VM0") // what is under the cursor has its own questions
	c.NothingLeaked(before, soon)
	c.Press("ctrl+c")
	ends(t, c)
	loggedOut(t, v)
}

// quietTime is how long nobody reads; the race detector's run has to be short.
func quietTime() time.Duration {
	if desk.RaceDetector {
		return 12 * time.Second
	}
	return 31 * time.Second
}

// A console on a terminal that takes nothing more ends when it is told to, is logged out,
// and the terminal is found in order when it is read again.
func TestNobodyReadsTheEnd(t *testing.T) { //nolint:tparallel // a simulator has to be started before
	for _, signal := range []string{"TERM", "HUP"} {
		t.Run(signal, func(t *testing.T) {
			c, v := center(t, desk.Setup{})
			inventory(c)
			c.StopReading()
			blocked(t, c)
			c.Signal(signal)
			began := time.Now()
			if status := c.WaitExit(soon); status != 0 {
				t.Errorf("status %d", status)
			}
			t.Logf("ended after %v", time.Since(began).Round(time.Millisecond))
			loggedOut(t, v)
			c.GoOn()
			putBack(t, c)
		})
	}
}

// blocked makes the program write until nothing more is taken, or far more than a terminal
// holds: a write that waits.
func blocked(t *testing.T, c *desk.Console) {
	t.Helper()
	n := 0
	desk.Eventually(t, soon, "a write that waits", func() bool {
		n++
		c.Resize(140+n%2, 45)
		return n > 100 || waitsToWrite(c.Pid())
	})
}

// waitsToWrite reports whether the output queue of the program's terminal is full: a thread
// stands in a write, or the file is not ready for one.
func waitsToWrite(pid int) bool {
	f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/1", pid), os.O_WRONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }()
	return !writable(f)
}

// A key that suspends finds no shell: the console goes on.
func TestNoShellToGoBackTo(t *testing.T) {
	t.Parallel()
	c := desk.Start(t, desk.Setup{Args: []string{"--demo"}})
	c.Pane("VMs").WaitFor("NAME")
	c.Press("ctrl+z").WaitFor("there is no shell to go back to")
	c.Press("ctrl+c")
	ends(t, c)
}

// A console that is stopped and continued, by a signal, while its server is lost comes
// back with the whole screen and the connection.
func TestStoppedDuringAFault(t *testing.T) {
	c, v := center(t, desk.Setup{})
	inventory(c)
	before := underWay(c, v)
	v.Freeze()
	c.Signal("STOP")
	desk.Eventually(t, soon, "the program to stand still", func() bool { return state(c.Pid()) == "T" })
	v.Thaw()
	c.Signal("CONT")
	c.WaitFor("● vc", 45*time.Second)
	v.Govc("object.rename", "/DC0/vm/DC0_C0_RP0_VM1", "renamed")
	c.Pane("VMs").WaitFor("renamed", soon)
	c.NothingLeaked(before, soon)
	c.Press("ctrl+c")
	ends(t, c)
	loggedOut(t, v)
}

// state is the letter of a process's state.
func state(pid int) string {
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	_, rest, _ := strings.Cut(string(text), ") ")
	return rest[:min(len(rest), 1)]
}
