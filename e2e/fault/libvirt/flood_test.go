package libvirt

import (
	"bytes"
	"crypto/rand"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// capture notes the last event that passes, and how to send more of its kind.
type capture struct {
	mu   sync.Mutex
	last lab.Frame
	seen bool
}

func (c *capture) fault(f lab.Frame) ([][]byte, bool) {
	if f.Way == lab.ToClient && f.Event() {
		c.mu.Lock()
		c.last, c.seen = f, true
		c.mu.Unlock()
	}
	return [][]byte{f.Bytes}, true
}

// event has changes made until one is told of: the console may not listen yet to the first.
func (c *capture) event(t *testing.T, change func()) lab.Frame {
	t.Helper()
	desk.Eventually(t, noticed, "an event on the line", func() bool {
		change()
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.seen
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// flood sends batches of an event until it is stopped, each of a VM with another UUID
// where strangers is set.
func flood(f lab.Frame, uuid []byte, strangers bool) (stop func() (sent int64)) {
	var over atomic.Bool
	var sent atomic.Int64
	var done sync.WaitGroup
	at := bytes.Index(f.Bytes, uuid)
	done.Go(func() {
		const batch = 64
		for !over.Load() {
			var all []byte
			for range batch {
				one := bytes.Clone(f.Bytes)
				if strangers {
					_, _ = rand.Read(one[at : at+len(uuid)])
				}
				all = append(all, one...)
			}
			if f.Send(all) != nil {
				return
			}
			sent.Add(batch)
		}
	})
	return func() int64 { over.Store(true); done.Wait(); return sent.Load() }
}

// A daemon that sends events without end: of one VM, and of ever other ones.
func TestAFloodOfEvents(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	l.DefineMany(3)
	line := lab.StartFrameLine(t, l)
	var seen capture
	line.SetFrames(seen.fault)
	r := begin(t, l, desk.Connection("kvm", line.URI("qemu")), "kvm")
	r.likeVirsh(1)
	event := seen.event(t, func() { l.Virsh("desc", "m00000", time.Now().String()) })
	uuid := rawUUID(t, l, "m00000")
	if !bytes.Contains(event.Bytes, uuid) {
		t.Fatalf("an event of another VM: %x", event.Bytes)
	}
	r.steady("m00000")
	for _, kind := range []string{"one VM", "strangers"} {
		var sent int64
		r.during("events of "+kind+" flood", func() {
			stop := flood(event, uuid, kind == "strangers")
			name := map[string]string{"one VM": "zaa", "strangers": "zbb"}[kind]
			path := domain(t, l, name)
			time.Sleep(2 * time.Second) // of flood
			l.Virsh("define", path)
			r.says("a change meanwhile", desk.Row(name, "off"), noticed)
			r.Expect("● kvm ")
			sent = stop()
		})
		now := r.Vitals()
		t.Logf("%d events; heap %d MiB, resident %d MiB, was %d MiB", sent, now.Heap>>20, now.Resident>>20, r.before.Resident>>20)
		if now.Resident > r.before.Resident+(64<<20) {
			t.Errorf("%d MiB are resident, were %d before the flood", now.Resident>>20, r.before.Resident>>20)
		}
	}
	r.likeVirsh(1)
	r.unharmed()
}
