package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
)

// sessions counts the sessions at the server that are the program's.
func sessions(t *testing.T, v *lab.Vcsim) int {
	t.Helper()
	return strings.Count(v.Govc("session.ls"), "hvdeck/")
}

func TestEveryWayOutLogsOut(t *testing.T) {
	v := vcenter(t)
	for name, leave := range map[string]func(*console){
		"q":       func(c *console) { c.Press("q") },
		"ctrl-c":  func(c *console) { c.Press("ctrl+c") },
		"SIGTERM": func(c *console) { c.Signal("TERM") },
		"SIGHUP":  func(c *console) { c.Signal("HUP") },
		"SIGINT":  func(c *console) { c.Signal("INT") },
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, setup{config: vcenterAt("vc", v), env: password()})
			c.WaitFor("● vc vCenter").Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
			if n := sessions(t, v); n != 1 {
				t.Errorf("%d sessions while it runs", n)
			}
			leave(c)
			began := time.Now()
			if status := c.WaitExit(); status != 0 {
				t.Errorf("status %d", status)
			}
			t.Logf("gone after %v", time.Since(began).Round(time.Millisecond))
			if n := sessions(t, v); n != 0 {
				t.Errorf("%d sessions left at the server", n)
			}
			if left := c.LeftBehind(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestPasswordIsAskedForAndWrongOnesAreRefused(t *testing.T) {
	v := vcenter(t, "-user", "operator", "-pass", "correct horse")
	c := start(t, setup{args: []string{"http://operator@" + v.Addr() + "/sdk"}})
	c.calm("Password").Type("wrong").Press("enter")
	c.calm("The server refused the user name or password")
	c.Reject("wrong") // what is typed never shows
	c.Type("correct horse").Press("enter")
	c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	if strings.Contains(c.log(), "correct horse") || strings.Contains(c.log(), "wrong") {
		t.Errorf("a password is in the log: %s", c.log())
	}
}

func TestDecliningThePasswordWaitsForTheOperator(t *testing.T) {
	v := vcenter(t, "-user", "operator", "-pass", "secret")
	c := start(t, setup{config: connection("vc", "http://operator@"+v.Addr()+"/sdk")})
	c.calm("Password").Press("esc").WaitFor("vc refused")
	c.Press("i").WaitFor(regexp.MustCompile(`vc +refused.*ctrl-r`)).Press("esc")
	c.Press("ctrl+r")
	c.calm("Password").Type("secret").Press("enter")
	c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
}

func TestAnUnknownCertificateIsAskedAboutOnce(t *testing.T) {
	v := vcenter(t, "-tls")
	s := setup{config: connection("vc", "https://user@"+v.Addr()+"/sdk"), env: password(), home: t.TempDir()}
	c := start(t, s)
	c.WaitFor("Unknown certificate of").WaitFor("SHA-256").WaitFor("Trust this certificate")
	c.calm("Cancel").Press("enter").WaitFor("vc refused") // the safe answer has the focus
	c.Press("ctrl+r")
	c.calm("Trust this certificate").Press("down", "enter")
	c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	c.Press("q")
	c.WaitExit()

	again := start(t, s)
	again.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	again.Press("q")
	again.WaitExit()

	v.Restart() // with another certificate at the same address
	changed := start(t, s)
	changed.WaitFor("vc refused").Press("i").WaitFor("Connections").Press("enter").WaitFor("the certificate has changed")
}

func TestVCenterThatHangsDiesAndComesBack(t *testing.T) {
	v := vcenter(t)
	c := start(t, setup{config: vcenterAt("vc", v), env: password()})
	vms := c.Pane("VMs")
	vms.Select("DC0_C0_RP0_VM0")
	v.Freeze()
	c.moves(t, "DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1")
	began := time.Now()
	c.WaitFor("vc reconnecting", 45*time.Second)
	t.Logf("a frozen vCenter was noticed after %v", time.Since(began).Round(time.Millisecond))
	c.moves(t, "DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1")
	v.Thaw()
	c.WaitFor("● vc vCenter", 45*time.Second)
	v.Restart()
	c.WaitFor("vc reconnecting", 15*time.Second)
	c.WaitFor("● vc vCenter", 45*time.Second)
	v.Govc("vm.power", "-off", "DC0_C0_RP0_VM0")
	c.seen(t, "a change after that", row("DC0_C0_RP0_VM0", "off"), 2*time.Second)
}
