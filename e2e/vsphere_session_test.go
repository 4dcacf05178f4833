package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

const hunter = "hunt%er2" // as it is; hunt%25er2 in a URL

// TestPasswordInGovcURLIsSeenNowhere: not on the screen, in the log, the audit log, the
// trace or the list of processes.
func TestPasswordInGovcURLIsSeenNowhere(t *testing.T) {
	v := desk.Vcenter(t, "-user", "operator", "-pass", hunter)
	file := filepath.Join(t.TempDir(), "trace")
	c := start(t, desk.Setup{Args: []string{"--trace", file}, Env: []string{"GOVC_URL=http://operator:hunt%25er2@" + v.Addr()}})
	vms := c.WaitFor("vCenter").Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	vms.Select("DC0_C0_RP0_VM0")
	if n := desk.Sessions(v); n != 1 {
		t.Errorf("%d sessions while it runs", n)
	}
	c.Press("i").WaitFor("Connections")
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		text, _ := os.ReadFile(l)
		if strings.Contains(string(text), "--trace\x00"+file) && strings.Contains(string(text), "hunt") {
			t.Errorf("the password is in the list of processes: %q", text)
		}
	}
	screen := c.Text()
	c.Press("esc").Press("q")
	c.WaitExit()
	places := map[string]string{"screen": screen, "log": c.Log()}
	for _, name := range everyFile(t, c.Home, file) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		places[name] = string(text)
	}
	if !strings.Contains(places[file], "WaitForUpdatesEx") || !strings.Contains(places[file], "> Logout") {
		t.Error("the trace does not tell of the calls")
	}
	for where, text := range places {
		if strings.Contains(text, "hunt") || strings.Contains(text, "vmware_soap_session") {
			t.Errorf("the password or the cookie is in the %s", where)
		}
	}
	if n := desk.Sessions(v); n != 0 {
		t.Errorf("%d sessions left at the server", n)
	}
}

// everyFile are the regular files of the home, and more.
func everyFile(t *testing.T, home string, more ...string) []string {
	t.Helper()
	err := filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			more = append(more, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return more
}

// TestSessionEndedByAnAdministrator: the operator notices nothing, and there is one
// session again.
func TestSessionEndedByAnAdministrator(t *testing.T) {
	v := desk.Vcenter(t)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	vms := c.WaitFor("● vc vCenter").Pane("VMs").WaitFor(desk.Row("DC0_C0_RP0_VM0", "run"))
	vms.Select("DC0_C0_RP0_VM1")
	for line := range strings.Lines(v.Govc("session.ls")) {
		if fields := strings.Fields(line); strings.Contains(line, "hvdeck/") {
			v.Govc("session.rm", fields[0])
		}
	}
	v.Govc("vm.destroy", "DC0_C0_RP0_VM2")
	v.Govc("vm.power", "-off", "DC0_C0_RP0_VM0")
	c.WaitGone("DC0_C0_RP0_VM2", 15*time.Second)
	c.WaitFor(desk.Row("DC0_C0_RP0_VM0", "off"), 15*time.Second)
	if at := vms.CursorLine(); !strings.Contains(at, "DC0_C0_RP0_VM1") {
		t.Errorf("the cursor left its VM for %q", at)
	}
	c.Reject("reconnecting")
	if n := desk.Sessions(v); n != 1 {
		t.Errorf("%d sessions after the renewal", n)
	}
	c.Press("q")
	c.WaitExit()
	if n := desk.Sessions(v); n != 0 {
		t.Errorf("%d sessions left at the server", n)
	}
}
