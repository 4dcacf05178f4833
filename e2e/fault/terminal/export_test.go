package terminal

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// An export that finds no room leaves no file, whole or half, says why, and works where
// there is room.
func TestAnExportFindsNoRoom(t *testing.T) {
	v := desk.Vcenter(t)
	t.Parallel()
	const vm = "DC0_C0_RP0_VM0"
	v.Govc("vm.power", "-off", vm)
	home := t.TempDir()
	d := newDisk(t, filepath.Join(home, "exports"))
	c := desk.Start(t, desk.Setup{Home: home, Config: desk.VcenterAt("vc", v), Env: desk.Password(), Size: uitest.Size{W: 160, H: 45}})
	vms := c.Pane("VMs").WaitFor(desk.Row(vm, "off"))
	vms.Select(vm)
	calm := c.CalmKeys()
	export := func(file, end string) {
		c.Menu("v", "manage: "+vm, "x")
		c.WaitFor("Checksums").Press("ctrl+u").Type(file).Press("enter")
		c.ExportAnswered(end, func() bool { return strings.Contains(c.Text(), end) })
	}
	full := filepath.Join(d.dir, "out.ova")
	export(full, "no space left on device") // in the middle
	c.Dismiss("no space left on device")
	before := c.Vitals() // the audit log is open now
	d.fill()
	export(full, "no space left on device") // before a byte
	c.Dismiss("no space left on device")
	vms.Focus()
	c.Prompt("the disk is full", calm, c.CalmKeys())
	if left, _ := filepath.Glob(filepath.Join(d.dir, "*out*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.NothingLeaked(before, soon)
	file := filepath.Join(home, "out.ova")
	export(file, "✓ export OVF")
	if st, err := os.Stat(file); err != nil || st.Size() == 0 {
		t.Errorf("the file: %v %v", st, err)
	}
	c.Press("ctrl+c")
	ends(t, c)
	loggedOut(t, v)
}

// Two consoles of one user remember a certificate each at the same moment: no line is lost,
// none is written over.
func TestTwoConsolesRememberAtOnce(t *testing.T) {
	near := desk.Vcenter(t)
	servers := []*lab.Vcsim{desk.Vcenter(t, "-tls"), desk.Vcenter(t, "-tls")}
	t.Parallel()
	home := t.TempDir()
	desk.WriteFile(t, filepath.Join(home, "state/hvdeck/known_hosts"), "elsewhere:443 "+strings.Repeat("00:", 31)+"00\n")
	var consoles []*desk.Console
	const password = `password_env = "GOVC_PASSWORD"`
	for i, v := range servers {
		config := filepath.Join(home, fmt.Sprintf("%d.toml", i))
		desk.WriteFile(t, config, desk.Connection("near", "http://user@"+near.Addr()+"/sdk", password)+desk.Connection("far", "https://user@"+v.Addr()+"/sdk", password))
		consoles = append(consoles, desk.Start(t, desk.Setup{Home: home, Args: []string{"--config", config}, Env: desk.Password()}))
	}
	for _, c := range consoles {
		c.Pane("VMs").WaitTitle(" 6 ")
		c.Calm("SHA-256").Press("down")
	}
	for _, c := range consoles {
		c.Press("enter")
	}
	c := consoles[0]
	c.WaitGone("SHA-256").Pane("VMs").Focus()
	keys, since := c.MeasureEnds(desk.KeyGap), time.Now()
	for _, c := range consoles {
		c.Pane("VMs").WaitTitle(" 12 ", 45*time.Second)
	}
	meanwhile := c.Enough(keys, since).Stop()
	text, err := os.ReadFile(filepath.Join(home, "state/hvdeck/known_hosts"))
	if err != nil || strings.Count(string(text), "\n") != 3 {
		t.Errorf("%v %q", err, text)
	}
	for _, v := range servers {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(v.Addr()) + ` ([0-9A-F]{2}:){31}[0-9A-F]{2}$`).Match(text) {
			t.Errorf("%s is not remembered: %q", v.Addr(), text)
		}
	}
	before := underWay(c, near)
	c.Prompt("a certificate is remembered", c.CalmKeys(), meanwhile)
	c.NothingLeaked(before, soon)
	for i, c := range consoles {
		c.Press("ctrl+c")
		ends(t, c)
		loggedOut(t, servers[i])
	}
}
