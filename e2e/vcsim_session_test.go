package e2e

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

func TestEveryWayOutLogsOut(t *testing.T) {
	v := desk.Vcenter(t)
	for name, leave := range map[string]func(*console){
		"q":       func(c *console) { c.Press("q") },
		"ctrl-c":  func(c *console) { c.Press("ctrl+c") },
		"SIGTERM": func(c *console) { c.Signal("TERM") },
		"SIGHUP":  func(c *console) { c.Signal("HUP") },
		"SIGINT":  func(c *console) { c.Signal("INT") },
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
			c.WaitFor("● vc vCenter").Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
			if n := desk.Sessions(v); n != 1 {
				t.Errorf("%d sessions while it runs", n)
			}
			leave(c)
			began := time.Now()
			if status := c.WaitExit(); status != 0 {
				t.Errorf("status %d", status)
			}
			t.Logf("gone after %v", time.Since(began).Round(time.Millisecond))
			if n := desk.Sessions(v); n != 0 {
				t.Errorf("%d sessions left at the server", n)
			}
			if left := c.LeftBehind(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestPasswordIsAskedForAndWrongOnesAreRefused(t *testing.T) {
	v := desk.Vcenter(t, "-user", "operator", "-pass", "correct horse")
	c := start(t, desk.Setup{Args: []string{"http://operator@" + v.Addr() + "/sdk"}})
	c.Calm("Password").Type("wrong").Press("enter")
	c.Calm("The server refused the user name or password")
	c.Reject("wrong") // what is typed never shows
	c.Type("correct horse").Press("enter")
	c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	if strings.Contains(c.Log(), "correct horse") || strings.Contains(c.Log(), "wrong") {
		t.Errorf("a password is in the log: %s", c.Log())
	}
}

func TestDecliningThePasswordWaitsForTheOperator(t *testing.T) {
	v := desk.Vcenter(t, "-user", "operator", "-pass", "secret")
	c := start(t, desk.Setup{Config: desk.Connection("vc", "http://operator@"+v.Addr()+"/sdk")})
	c.Calm("Password").Press("esc").WaitFor("vc refused")
	c.Press("i").WaitFor(regexp.MustCompile(`vc +refused.*ctrl-r`)).Press("esc")
	c.Press("ctrl+r")
	c.Calm("Password").Type("secret").Press("enter")
	c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
}

func TestAnUnknownCertificateIsAskedAboutOnce(t *testing.T) {
	v := desk.Vcenter(t, "-tls")
	s := desk.Setup{Config: desk.Connection("vc", "https://user@"+v.Addr()+"/sdk"), Env: desk.Password(), Home: t.TempDir()}
	c := start(t, s)
	c.WaitFor("Unknown certificate of").WaitFor("SHA-256").WaitFor("Trust this certificate")
	c.Calm("Cancel").Press("enter").WaitFor("vc refused") // the safe answer has the focus
	c.Press("ctrl+r")
	c.Calm("Trust this certificate").Press("down", "enter")
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
	v := desk.Vcenter(t)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
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
	c.seen(t, "a change after that", desk.Row("DC0_C0_RP0_VM0", "off"))
}
