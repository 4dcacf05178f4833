package vsphere

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
	"hvdeck/vitals"
)

const (
	soon    = 10 * time.Second // until the screen names the state
	mending = 45 * time.Second // until it is back, with the longest pause between two tries
)

// bad is a console on a vCenter that is about to fail, its cursor on a VM of its own.
type bad struct {
	*desk.Console
	t      *testing.T
	v      *lab.Vcsim
	user   string // its own at the server
	vm     string
	before vitals.Vitals
	keys   *uitest.Keyboard
	calm   uitest.Latency
	since  time.Time // the measuring began
	during uitest.Latency
}

// open starts a console and measures the keyboard while all is well.
func open(t *testing.T, v *lab.Vcsim, uri, vm string) *bad {
	t.Helper()
	user, _, _ := strings.Cut(uri[strings.Index(uri, "://")+3:], "@")
	b := &bad{t: t, v: v, user: user, vm: vm}
	b.Console = desk.Start(t, desk.Setup{Config: desk.Connection("vc", uri), Env: desk.Password(), Size: uitest.Size{W: 120, H: 60}})
	return b
}

// ready waits for the inventory, and measures the keyboard while all is well.
func (b *bad) ready() *bad {
	b.t.Helper()
	b.WaitFor("● vc vCenter").Pane("VMs").WaitFor(desk.Row(b.vm, "run")).Focus()
	b.down()
	b.Pane("Overview").WaitFor("Hardware, read")
	b.before = held(b.Console)
	b.press()
	b.calm = b.Enough(b.keys, b.since).Stop()
	most(b.before, held(b.Console))
	return b
}

// down takes the cursor to the console's own VM, which is below it.
func (b *bad) down() {
	b.t.Helper()
	for range 40 {
		at := b.under()
		if at == b.vm {
			return
		}
		b.Press("j")
		desk.Eventually(b.t, 10*time.Second, "the cursor to leave "+at, func() bool { return b.under() != at })
	}
	b.t.Fatalf("the cursor did not come to %s", b.vm)
}

// under is the name in the row of the cursor; the figures beside it move by themselves.
func (b *bad) under() string {
	words := strings.Fields(b.Pane("VMs").CursorLine())
	if len(words) < 2 {
		return ""
	}
	return words[1]
}

// held is the most that the program holds in some looks at it while all is well: what
// comes and goes is in one of them, and so is the file of the audit log.
func held(c *desk.Console) vitals.Vitals {
	v := c.Vitals()
	for range 4 {
		time.Sleep(250 * time.Millisecond) // what goes on every second is in one of the looks
		most(v, c.Vitals())
	}
	v.Files[c.State("audit.jsonl")] = 1
	return v
}

// most raises v to what is more in another look.
func most(v, other vitals.Vitals) {
	for name, n := range other.Standing {
		v.Standing[name] = max(n, v.Standing[name])
	}
	for name, n := range other.Files {
		v.Files[name] = max(n, v.Files[name])
	}
}

// powerOff asks for it and confirms; the keys are measured again from then on.
func (b *bad) powerOff() {
	b.t.Helper()
	b.Menu("p", "power: "+b.vm, "f")
	b.Yes("Power off, hard: " + b.vm)
	b.press()
}

func (b *bad) press() {
	b.since = time.Now()
	b.keys = b.Measure(desk.KeyGap, "j", "k")
}

// names waits until the screen names the state of the connection.
func (b *bad) names(words any) {
	b.t.Helper()
	began := time.Now()
	b.WaitFor(words, desk.LiveWithin(soon))
	took := time.Since(began)
	b.t.Logf("%q after %v", words, took.Round(10*time.Millisecond))
	if took > soon+time.Second {
		b.t.Errorf("it took %v until the screen said %q", took, words)
	}
}

// prompt ends the measuring.
func (b *bad) prompt() {
	b.t.Helper()
	b.during = b.Enough(b.keys, b.since).Stop()
}

// judge compares the keys during the fault with those while all was well.
func (b *bad) judge() {
	b.t.Helper()
	b.Prompt("it fails", b.calm, b.during)
}

// story is what the connection's entry says.
func (b *bad) story(words any) {
	b.t.Helper()
	b.Press("i").WaitFor("Connections").WaitFor("URI: ").WaitFor(words)
	b.Press("esc").WaitGone("Connections")
}

// back waits until the console has recovered without a key, and shows what the server has.
func (b *bad) back() {
	b.t.Helper()
	began := time.Now()
	b.WaitFor("● vc vCenter", mending)
	b.t.Logf("it was back %v after the fault", time.Since(began).Round(100*time.Millisecond))
	b.WaitUntil("the inventory of govc", b.likeGovc(), 20*time.Second)
}

// likeGovc compares the rows of the VMs in sight with what govc says.
func (b *bad) likeGovc() func([]string) bool {
	b.t.Helper()
	states := powerStates(b.t, b.v)
	return func(lines []string) bool {
		text := strings.Join(lines, "\n")
		for name, word := range states {
			if !desk.Row(name, word).MatchString(text) {
				return false
			}
		}
		return true
	}
}

// powerStates are the names of all VMs and the words that the screen has for their states.
func powerStates(t *testing.T, v *lab.Vcsim) map[string]string {
	t.Helper()
	var list struct {
		VirtualMachines []struct {
			Name    string
			Runtime struct{ PowerState string }
		}
	}
	if err := json.Unmarshal([]byte(v.Govc("vm.info", "-json", "*")), &list); err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, vm := range list.VirtualMachines {
		out[vm.Name] = map[string]string{"poweredOn": "run", "poweredOff": "off", "suspended": "sus"}[vm.Runtime.PowerState]
	}
	return out
}

// doneOnce holds what the console says of its operation against what the server and the
// audit log have.
func (b *bad) doneOnce() {
	b.t.Helper()
	b.Pane("VMs").WaitFor(desk.Row(b.vm, "off"))
	desk.Eventually(b.t, 20*time.Second, "the task to be settled", func() bool {
		return regexp.MustCompile(`msg=task what="power off" object=` + b.vm + ` connection=vc state=success`).MatchString(b.Log())
	})
	events := b.v.Govc("events", "-n", "200", "/DC0/vm/"+b.vm)
	if n := strings.Count(events, "is powered off"); n != 1 {
		b.t.Errorf("the server says %d times that %s was powered off:\n%s", n, b.vm, events)
	}
	if n := b.audited(); n != 1 {
		b.t.Errorf("the audit log has %d power operations", n)
	}
}

// audited counts the operations in the audit log.
func (b *bad) audited() int {
	b.t.Helper()
	ids := map[string]bool{}
	for _, r := range b.Audit() {
		ids[r.ID] = true
	}
	return len(ids)
}

// sessions counts those of this console at the server.
func (b *bad) sessions() int {
	n := 0
	for line := range strings.Lines(b.v.Govc("session.ls")) {
		if strings.Contains(line, "hvdeck/") && strings.Contains(line, " "+b.user+" ") {
			n++
		}
	}
	return n
}

// nothingLeft looks for what leaked, and leaves.
func (b *bad) nothingLeft() {
	b.t.Helper()
	b.judge()
	b.NothingLeaked(b.before, 20*time.Second)
	if n := b.sessions(); n != 1 {
		b.t.Errorf("%d sessions at the server after the fault:\n%s", n, b.v.Govc("session.ls"))
	}
	b.Press("q")
	if status := b.WaitExit(); status != 0 {
		b.t.Errorf("status %d", status)
	}
	if n := b.sessions(); n != 0 {
		b.t.Errorf("%d sessions left at the server", n)
	}
}

func regexpOf(text string) *regexp.Regexp { return regexp.MustCompile(text) }
