package e2e

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

// boot is how long a guest may take on a busy machine.
const boot = time.Minute

// connected matches the head of a console that is connected.
func connected(name string) *regexp.Regexp {
	return regexp.MustCompile(regexp.QuoteMeta(name) + ` on kvm · serial0 · connected`)
}

// shell waits for the prompt of the guest's shell.
func (c *console) shell() *console {
	c.Press("enter").WaitFor(regexp.MustCompile(`(?m)^(/|~) # *$`), boot)
	return c
}

// A real guest's shell is worked through the console, which outlives being left, a
// reset, and the end of the guest.
func TestSerialConsole(t *testing.T) {
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Both(l)})
	vms := c.Pane("VMs")
	vms.WaitFor(desk.Row("guest", "run"))
	vms.Select("guest")
	c.Press("c").WaitFor(connected("guest"))
	c.shell()
	c.Type("echo sum-$((40+2))").Press("enter").WaitFor(regexp.MustCompile(`(?m)^sum-42$`))
	c.Type(`printf '\033[31mred\033[m gr\303\274n \346\274\242\n'`).Press("enter").WaitFor(regexp.MustCompile(`(?m)^red grün 漢$`))
	c.expectRed(t, "red grün")

	c.Type("echo go''ing; sleep 600").Press("enter").WaitFor("going").Press("ctrl+c").WaitFor(regexp.MustCompile(`\^C|(?m)^going\s+/ #`)) // between two commands the shell echoes none
	c.shell()
	c.Press("ctrl+]").WaitFor("leave").Press("r")
	c.WaitFor("stty rows").Type("stty size").Press("enter").WaitFor(regexp.MustCompile(`(?m)^\d\d \d+$`))

	c.pasteWhole()
	c.Press("ctrl+]").WaitFor("leave").Press("l")
	vms.WaitFor(desk.Row("spare", "off")).Select("spare")
	c.Press("c").WaitFor("spare on kvm · ").WaitFor("waiting: the VM is off")
	c.Press("ctrl+]").WaitFor("leave").Press("1").WaitFor(connected("guest")).WaitFor("ready")

	l.Virsh("reset", "guest")
	c.WaitFor("LAB-GUEST-READY", boot)
	c.Press("ctrl+]").WaitFor("clear").Press("x")
	c.shell()
	l.Virsh("destroy", "guest")
	c.WaitFor("the guest hung up").WaitFor("waiting: the VM is off")
	l.Virsh("start", "guest")
	c.WaitFor("LAB-GUEST-READY", boot)
	c.shell()
	c.Type("echo se''cret").Press("enter").WaitFor(regexp.MustCompile(`(?m)^secret$`))
	c.nowhere(t, "secret")
	c.Press("ctrl+]").WaitFor("leave").Press("c").WaitGone("LAB-GUEST-READY")
}

// pasteWhole pastes 64 KiB, as a terminal hands it over, into a program of the guest,
// which gives back its checksum.
func (c *console) pasteWhole() {
	const size = 64 << 10
	paste := strings.Repeat("0123456789abcdef", size/16)
	c.Press("ctrl+]").WaitFor("clear").Press("x")
	c.shell()
	c.Type(fmt.Sprintf("stty raw -echo; echo rea''dy; head -c %d | sha256sum; stty sane", size)).Press("enter").WaitFor("ready")
	c.Paste(paste)
	c.WaitFor(fmt.Sprintf("%x", sha256.Sum256([]byte(paste))), boot)
	c.shell()
}

// expectRed checks that the guest's colours arrive.
func (c *console) expectRed(t *testing.T, words string) {
	t.Helper()
	for y, l := range c.Lines() {
		if strings.HasPrefix(l, words) {
			if c.CellAt(0, y).FG == nil || c.CellAt(5, y).FG == c.CellAt(0, y).FG {
				t.Errorf("%q is not red: %+v", words, c.CellAt(0, y))
			}
			return
		}
	}
	t.Errorf("no line begins with %q", words)
}

// nowhere checks that what was on a console is in no file of the program.
func (c *console) nowhere(t *testing.T, words string) {
	t.Helper()
	_ = filepath.WalkDir(c.Home, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // what is gone meanwhile holds nothing
		}
		text, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(text), words) {
			t.Errorf("%s holds what was on the console", path)
		}
		return nil
	})
}
