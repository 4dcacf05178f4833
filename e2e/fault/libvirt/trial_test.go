package libvirt

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
	"hvdeck/vitals"
)

const (
	// noticed is how soon a fault has to be on the screen.
	noticed = 10 * time.Second
	// recovers is how long the console may take to come back by itself: the longest
	// pause between two tries, and a login.
	recovers = 45 * time.Second
)

// trial is the program before servers that a fault is done to.
type trial struct {
	*desk.Console
	t      *testing.T
	l      *lab.Libvirtd
	calm   uitest.Latency
	before vitals.Vitals
}

// begin starts the program and waits until every connection named is ready.
func begin(t *testing.T, l *lab.Libvirtd, config string, names ...string) *trial {
	t.Helper()
	// The smaller the screen, the more of a key's time is the program's and not ours.
	return beginOn(t, l, uitest.Size{W: 120, H: 40}, config, names...)
}

// beginOn is begin on a screen of another size.
func beginOn(t *testing.T, l *lab.Libvirtd, size uitest.Size, config string, names ...string) *trial {
	t.Helper()
	r := &trial{t: t, l: l, Console: desk.Start(t, desk.Setup{Config: config, Size: size})}
	r.WaitFor(" VMs ", 30*time.Second)
	for _, name := range names {
		r.WaitFor("● "+name+" ", 30*time.Second)
	}
	return r
}

// steady puts the cursor on a VM, the first of the list, measures the keyboard of a quiet
// console and notes what the process holds.
func (r *trial) steady(vm string) {
	r.t.Helper()
	r.Pane("VMs").Select(vm)
	r.calm = r.CalmKeys()
	r.before = r.Vitals()
	r.before.Files[r.State("audit.jsonl")] = 1 // open from the first operation on
}

// during measures the keyboard while fn looks on; fn presses nothing. From end to end of
// the list the cursor moves whatever comes and goes.
func (r *trial) during(what string, fn func()) {
	r.t.Helper()
	keys, since := r.MeasureEnds(desk.KeyGap), time.Now()
	fn()
	r.Prompt(what, r.calm, r.Enough(keys, since).Stop())
}

// says waits for words on the screen and tells after what time they came.
func (r *trial) says(what string, want any, limit time.Duration) {
	r.t.Helper()
	began := time.Now()
	r.WaitFor(want, limit)
	r.t.Logf("%s: after %v", what, time.Since(began).Round(10*time.Millisecond))
}

// lost waits until a connection is said to be lost.
func (r *trial) lost(name string) {
	r.t.Helper()
	r.says(name+" is said to be lost", regexp.MustCompile(`◌ `+name+` reconnecting`), noticed)
}

// back waits until a connection is live again, without a key.
func (r *trial) back(name string) {
	r.t.Helper()
	r.says(name+" is back", "● "+name+" ", recovers)
}

// stateWords are virsh's states as the screen has them.
func stateWords() map[string]string {
	return map[string]string{"running": "run", "shut off": "off", "paused": "pau"}
}

// inventory is virsh's list: state by name, in the words of the screen.
func (r *trial) inventory(driver string) map[string]string {
	r.t.Helper()
	all := map[string]string{}
	for line := range strings.Lines(r.l.VirshOn(driver, "list", "--all")) {
		f := regexp.MustCompile(`^\s*\S+\s+(\S+)\s+(.+?)\s*$`).FindStringSubmatch(line)
		if f == nil {
			continue
		}
		word := stateWords()[f[2]]
		if word == "" {
			r.t.Fatalf("virsh says %q of %s", f[2], f[1])
		}
		all[f[1]] = word
	}
	return all
}

// likeVirsh waits until the VMs on the screen are those of virsh, once for each of n
// connections to the same daemon, and in the same states. Of many only those in sight are
// compared, and their number.
func (r *trial) likeVirsh(n int) {
	r.t.Helper()
	var all []string
	for name, state := range r.inventory("qemu") {
		for range n {
			all = append(all, name+" "+state)
		}
	}
	slices.Sort(all)
	desk.Eventually(r.t, recovers, "the VMs of virsh: "+strings.Join(all, ", "), func() bool {
		shown, title := r.shown(), r.Pane("VMs").Title()
		return len(shown) > 0 && slices.Equal(shown, all[:min(len(shown), len(all))]) && strings.HasSuffix(strings.TrimSpace(title), fmt.Sprintf(" %d", len(all)))
	})
}

// shown are the VMs in sight from the first on, with their states.
func (r *trial) shown() (all []string) {
	row := regexp.MustCompile(`([a-z]+[a-z0-9-]*) +(?:\S+ )?(run|off|pau)\w*`)
	for _, line := range r.Pane("VMs").Lines() {
		if f := row.FindStringSubmatch(line); f != nil {
			all = append(all, f[1]+" "+f[2])
		}
	}
	slices.Sort(all)
	return all
}

// unharmed is what holds after every fault.
func (r *trial) unharmed() {
	r.t.Helper()
	r.NothingLeaked(r.before, 15*time.Second)
}
