package libvirt

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/backend/wrap"
	"hvdeck/e2e/desk"
)

// Procedures of libvirt's remote protocol.
const (
	procResume  = 28
	procSuspend = 34
)

// ends is how the audit log says that an operation ended: without "started".
func ends(all []wrap.Record) (results []string) {
	for _, o := range all {
		if o.Result != "started" {
			results = append(results, o.Result)
		}
	}
	return results
}

// An operation whose answer is lost was done, and one whose call is lost was not. Neither
// is ever sent again; what is said of them is what virsh says.
func TestAnAnswerThatIsLost(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	line := lab.StartFrameLine(t, l)
	r := begin(t, l, desk.Connection("kvm", line.URI("qemu")), "kvm")
	r.likeVirsh(1)
	r.steady("guest")
	line.SetFrames(func(f lab.Frame) ([][]byte, bool) {
		if f.Way == lab.ToClient && f.Procedure == procSuspend {
			return nil, false
		}
		return [][]byte{f.Bytes}, true
	})
	r.Menu("p", "power: guest", "s")
	r.Yes("Suspend: guest?")
	r.says("a lost answer is not called an outcome", "checking", noticed)
	r.during("an answer is lost", func() {
		r.back("kvm")
		r.Pane("VMs").WaitFor(desk.Row("guest", "pau"), recovers)
	})
	desk.Domstate(t, l, "guest", "paused")
	r.once(line, procSuspend, "suspend", "unknown", "success")

	line.SetFrames(func(f lab.Frame) ([][]byte, bool) {
		if f.Way == lab.ToServer && f.Procedure == procResume {
			return nil, false
		}
		return [][]byte{f.Bytes}, true
	})
	r.Menu("p", "power: guest", "u")
	r.says("a lost call is not called an outcome", "checking", noticed)
	line.SetFrames(nil)
	r.back("kvm")
	desk.Domstate(t, l, "guest", "paused")
	if got := r.AuditOf("resume"); slices.Contains(ends(got), "success") {
		t.Errorf("what was never done is called done: %v", got)
	}
	l.Virsh("resume", "guest") // now somebody else does it
	r.likeVirsh(1)
	if n := line.Calls(procResume); n != 1 {
		t.Errorf("resume was sent %d times", n)
	}
	r.unharmed()
}

// once holds that an operation was sent once, and that the audit log says of its end
// nothing but this.
func (r *trial) once(line *lab.FrameLine, procedure uint32, operation string, results ...string) {
	r.t.Helper()
	if n := line.Calls(procedure); n != 1 {
		r.t.Errorf("%s was sent %d times", operation, n)
	}
	var got []string
	desk.Eventually(r.t, noticed, "the audit log to say how "+operation+" ended", func() bool {
		got = ends(r.AuditOf(operation))
		return len(got) > 0
	})
	r.t.Logf("audit of %s: %v", operation, r.AuditOf(operation))
	for _, g := range got {
		if !slices.Contains(results, g) {
			r.t.Errorf("%s ended as %q, not as %q", operation, got, results)
		}
	}
}

// A daemon that dies while an operation is under way in a guest that hangs. What became
// of it is found out by what the guest is when the daemon is back.
func TestADaemonThatDiesInTheMiddle(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	line := lab.StartFrameLine(t, l)
	r := begin(t, l, desk.Connection("kvm", line.URI("qemu")), "kvm")
	r.likeVirsh(1)
	r.steady("guest")
	thaw := l.FreezeGuest("guest")
	r.Menu("p", "power: guest", "s")
	r.Yes("Suspend: guest?")
	desk.Eventually(t, noticed, "the call to be under way", func() bool { return line.Calls(procSuspend) == 1 })
	time.Sleep(time.Second) // so that the daemon has passed it on
	r.during("a daemon dies in the middle", func() {
		l.Kill()
		r.lost("kvm")
		r.says("it is not called an outcome", "checking", noticed)
		thaw()
		l.Restart()
		r.back("kvm")
	})
	state := strings.TrimSpace(l.Virsh("domstate", "guest"))
	t.Logf("virsh says %s", state)
	if state == "running" { // the guest never got it; it still might, until the look ends
		r.Pane("VMs").Expect(regexp.MustCompile(`guest +suspend…`))
		r.once(line, procSuspend, "suspend", "unknown")
		l.Virsh("suspend", "guest")
	}
	r.likeVirsh(1)
	r.once(line, procSuspend, "suspend", "unknown", "success")
	r.unharmed()
}
