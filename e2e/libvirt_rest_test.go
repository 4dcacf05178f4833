package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

func TestPoolsVolumesAndNetworks(t *testing.T) {
	l := desk.Hosts(t)
	target := filepath.Join(l.Dir(), "pool")
	if err := os.MkdirAll(target, 0o755); err != nil {
		t.Fatal(err)
	}
	c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu"))})
	c.Pane("Storage").WaitFor("none")
	l.Virsh("pool-define-as", "images", "dir", "--target", target)
	l.Virsh("pool-start", "images")
	l.Virsh("vol-create-as", "images", "data.qcow2", "64M", "--format", "qcow2")
	c.Pane("Storage").WaitFor(regexp.MustCompile(`images .*dir`)).Focus()
	c.Press("enter").Pane("Storage").WaitTitle("images").WaitFor(regexp.MustCompile(`data\.qcow2 +qcow2 +64M`))
	l.Virsh("vol-create-as", "images", "second.raw", "1M", "--format", "raw")
	c.Pane("Storage").WaitFor(regexp.MustCompile(`second\.raw +raw +1\.0M`), 15*time.Second)
	c.Press("esc").Pane("Storage").WaitFor(regexp.MustCompile(`images .*dir`))

	path := filepath.Join(l.Dir(), "net.xml")
	desk.WriteFile(t, path, `<network><name>lab-net</name><bridge name='virbr77'/><ip address='192.168.177.1' netmask='255.255.255.0'/></network>`)
	l.Virsh("net-define", path)
	c.Pane("Networks").WaitFor("lab-net").Focus()
	c.WaitFor(regexp.MustCompile(`(?m)State +inactive`))
	l.Virsh("net-start", "lab-net")
	c.WaitFor(regexp.MustCompile(`(?m)State +active`)).WaitFor("192.168.177.1/24")
	c.Press("y").WaitFor("<name>lab-net</name>").Press("q").WaitGone("<name>")
}

func TestNodeMonitorMoves(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu"))})
	c.Pane("Hosts").WaitFor("%").Focus()
	figures := regexp.MustCompile(`CPU +\d+% busy +user \d+% .*`)
	c.Press("enter").WaitFor(figures).WaitFor("used of").WaitFor("CPUs").WaitFor("NUMA")
	first := figures.FindString(c.Text())
	c.WaitUntil("the figures to move", func(lines []string) bool {
		now := figures.FindString(strings.Join(lines, "\n"))
		return now != "" && now != first
	})
	c.Press("q").Pane("Hosts").WaitFor("%")
	c.Press("t").WaitFor("Top").WaitFor(desk.Row("guest", "run")).Press("q")
}

func TestHostileNamesOnARealHost(t *testing.T) {
	l := lab.StartLibvirtd(t)
	c := start(t, desk.Setup{Config: desk.Connection("lab", l.URI("test"))})
	vms := c.Pane("VMs").WaitFor(desk.Row("test", "run"))
	for i, name := range []string{
		"&#x202e;evil&#x2066;", "zwj&#x1f468;&#x200d;&#x1f469;&#x200d;&#x1f467;x", strings.Repeat("long", 1000), "tab&#9;bed", "&#x9b;2Jc1", "plain",
	} {
		path := filepath.Join(t.TempDir(), "d.xml")
		desk.WriteFile(t, path, `<domain type='test'><name>`+name+`</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`)
		if out, err := l.TryVirshOn("test", "define", path); err != nil {
			t.Logf("libvirt itself refuses name %d: %s", i, out)
		}
	}
	vms.WaitFor(desk.Row("plain", "off")).Focus()
	c.framed(t)
	for range 6 {
		c.Press("j")
		c.Settle(100 * time.Millisecond)
		c.framed(t)
	}
	c.Press("p").WaitFor("power: ").Press("esc").WaitGone("power: ")
	if c.Title() != "hvdeck" {
		t.Errorf("the window is called %q", c.Title())
	}
}
