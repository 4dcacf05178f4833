package libvirt

import (
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// rawUUID is a VM's UUID as it is in frames.
func rawUUID(t *testing.T, l *lab.Libvirtd, name string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(l.Virsh("domuuid", name)), "-", ""))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// dam holds events back until they are let go.
type dam struct {
	mu   sync.Mutex
	held []lab.Frame
}

func (d *dam) fault(f lab.Frame) ([][]byte, bool) {
	if f.Way == lab.ToClient && f.Event() {
		d.mu.Lock()
		d.held = append(d.held, f)
		d.mu.Unlock()
		return nil, true
	}
	return [][]byte{f.Bytes}, true
}

// letGo sends what was held in another order, and gives how many that were.
func (d *dam) letGo(order func([]lab.Frame) []lab.Frame) int {
	d.mu.Lock()
	held := d.held
	d.held = nil
	d.mu.Unlock()
	for _, f := range order(held) {
		_ = f.Send(f.Bytes)
	}
	return len(held)
}

func reversed(all []lab.Frame) []lab.Frame {
	slices.Reverse(all)
	return all
}

func doubled(all []lab.Frame) []lab.Frame { return append(all, reversed(slices.Clone(all))...) }

func shuffled(all []lab.Frame) []lab.Frame {
	random := rand.New(rand.NewPCG(3, 9))
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return append(all, all[:len(all)/2]...)
}

// A daemon whose events come late and in another order: removed before defined, started
// after destroyed, twice. What is on the screen in the end is what virsh says.
func TestEventsInAnotherOrder(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	l.DefineMany(2)
	line := lab.StartFrameLine(t, l)
	r := begin(t, l, desk.Connection("kvm", line.URI("qemu")), "kvm")
	r.likeVirsh(1)
	r.steady("guest")
	var d dam
	orders := []struct {
		name  string
		order func([]lab.Frame) []lab.Frame
	}{{"reversed", reversed}, {"doubled", doubled}, {"shuffled", shuffled}}
	for _, o := range orders {
		line.SetFrames(d.fault)
		r.during("events are "+o.name, func() {
			change(t, l, o.name)
			if n := d.letGo(o.order); n < 8 {
				t.Errorf("only %d events were held back", n)
			}
			line.SetFrames(nil)
			r.likeVirsh(1)
		})
	}
	r.Reject("reconnecting")
	r.unharmed()
}

// change does what makes events of every order matter: VMs that come, go, come and go,
// are renamed, run and stop.
func change(t *testing.T, l *lab.Libvirtd, round string) {
	t.Helper()
	l.Virsh("define", domain(t, l, "znew-"+round))
	l.Virsh("define", domain(t, l, "zbrief-"+round))
	l.Virsh("undefine", "zbrief-"+round)
	l.Virsh("domrename", "znew-"+round, "zlate-"+round)
	l.Virsh("suspend", "guest")
	l.Virsh("resume", "guest")
	l.Virsh("start", "spare", "--paused")
	l.Virsh("destroy", "spare")
	if round == "doubled" {
		l.Virsh("undefine", "m00001")
	}
}
