package libvirt

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// late holds every frame of both ways up, one after the other.
func late(d time.Duration) func(*lab.FrameLine) {
	return func(l *lab.FrameLine) { l.Set(lab.Late(d)) }
}

// singleBytes sends what the daemon says byte by byte.
func singleBytes(f lab.Frame) ([][]byte, bool) {
	var on [][]byte
	for i := range f.Bytes {
		on = append(on, f.Bytes[i:i+1])
	}
	return on, true
}

// halves sends each frame of the daemon's in two pieces, at another offset each time,
// until every offset of a header and of short payloads was one.
func halves() func(lab.Frame) ([][]byte, bool) {
	var at atomic.Int64 // of all connections
	return func(f lab.Frame) ([][]byte, bool) {
		cut := int(at.Add(1))%(len(f.Bytes)-1) + 1
		if f.Send(f.Bytes[:cut]) != nil {
			return nil, false
		}
		time.Sleep(200 * time.Microsecond) // so that the pieces are read one by one
		return [][]byte{f.Bytes[cut:]}, true
	}
}

// Lines that are slow or come in pieces from the login on are borne; one on which each
// frame takes 3 s is either live or said to be lost, and comes back.
func TestLinesThatAreSlow(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	l.DefineMany(2)
	borne := []*bad{
		{name: "ms50", fault: late(50 * time.Millisecond)},
		{name: "ms500", fault: late(500 * time.Millisecond)},
		{name: "bytes", fault: toClient(singleBytes)},
		{name: "halves", fault: toClient(halves())},
	}
	slow := lab.StartFrameLine(t, l)
	config := desk.Connection("slow", slow.URI("qemu"))
	names := []string{"slow"}
	for _, b := range borne {
		b.line = lab.StartFrameLine(t, l)
		b.fault(b.line)
		config += desk.Connection(b.name, b.line.URI("qemu"))
		names = append(names, b.name)
	}
	r := beginOn(t, l, uitest.Size{W: 120, H: 50}, config)
	r.phases("ready", names, recovers)
	r.likeVirsh(len(names))
	r.steady("m00000")
	r.during("lines are slow", func() {
		late(3 * time.Second)(slow)
		l.Virsh("define", domain(t, l, "newcomer"))
		r.rows("newcomer", len(borne)-1) // one in 500 ms: a list is many
		r.honest("slow", "newcomer", len(names))
		for _, b := range borne {
			if l.Crashes() > 0 {
				break // then none of them was
			}
			if got := r.lastPhases()[b.name]; !inPhase(got, "ready") {
				t.Errorf("%s: %s", b.name, got)
			}
		}
	})
	slow.Set(nil)
	for _, b := range borne {
		b.line.Set(nil)
		b.line.SetFrames(nil)
	}
	r.during("the slowest line is quick again", func() { r.phases("ready", names, recovers) })
	r.likeVirsh(len(names))
	r.unharmed()
}

// rows waits until there are at least n rows with a name.
func (r *trial) rows(name string, n int) {
	r.t.Helper()
	desk.Eventually(r.t, recovers, fmt.Sprintf("%d rows of %s", n, name), func() bool { return r.rowsOf(name) >= n })
}

func (r *trial) rowsOf(name string) int {
	return strings.Count(strings.Join(r.Pane("VMs").Lines(), "\n"), name)
}

// honest waits until a connection is said to be lost, or shows what all n show: in
// between it may not stay.
func (r *trial) honest(conn, name string, n int) {
	r.t.Helper()
	took := desk.Eventually(r.t, 2*noticed, conn+" to be live or lost", func() bool {
		return inPhase(r.lastPhases()[conn], "reconnecting") || r.rowsOf(name) >= n
	})
	r.t.Logf("%s: after %v: %s", conn, took, r.lastPhases()[conn])
}
