package libvirt

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// strangeEvent says that a VM that nobody knows was defined.
func strangeEvent(n int) []byte {
	w := &xdrWriter{}
	w.uint(1)
	w.string("stranger")
	w.buf = append(w.buf, make([]byte, 16)...)
	binary.BigEndian.PutUint64(w.buf[len(w.buf)-8:], uint64(n))
	for _, v := range []uint32{0, 0, 0} {
		w.uint(v)
	}
	return w.buf
}

// A flood of events takes neither time nor memory, and nothing that it was about is
// taken for known.
func TestAFloodOfEventsIsBounded(t *testing.T) {
	c := &client{caps: backend.Caps{Kinds: []backend.Kind{backend.KindHost, backend.KindVM, backend.KindPool}}}
	known := strangeEvent(1)
	b := newEventBox(c)
	for i := range 20 * mostEvents {
		b.receive(procDomainLifecycle, strangeEvent(i))
	}
	c.networks.by = map[libvirt.UUID]cachedNetwork{{}: {}}
	b.receive(procDomainLifecycle, known)
	if n := len(c.diskUsers.changed); n > 2*mostEvents {
		t.Errorf("%d VMs that nobody knows are remembered", n)
	}
	n := b.take()
	if n.skipped == 0 || len(n.happened) > maxHappened {
		t.Fatalf("%d events were skipped, %d lines", n.skipped, len(n.happened))
	}
	c.flooded(&n)
	if len(c.networks.by) > 0 {
		t.Error("what an unread event may have changed is still taken for known")
	}
	whole := 0
	for _, d := range c.deltas(n) {
		if inv, ok := d.(backend.Invalidate); ok && len(inv.Query.Refs) == 0 && inv.Query.Parent.IsZero() {
			whole++
		}
	}
	if whole != len(c.caps.Kinds) {
		t.Errorf("%d whole lists are asked for", whole)
	}
	if n := b.take(); n.skipped > 0 {
		t.Error("the flood goes on after it was taken")
	}
}

// A message makes room for what comes, not for what it claims to be.
func TestALongMessageTakesNoRoomBeforeItComes(t *testing.T) {
	near, far := net.Pipe()
	f := newFence(near, false)
	go func() { _, _ = io.Copy(io.Discard, f) }()
	before := allocated()
	if _, err := far.Write(frameOf(30<<20, programRemote, 1, procDomainLifecycle, frameMessage, 0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	select {
	case <-f.done:
	case <-time.After(5 * time.Second):
		t.Fatal("the fence did not notice the end")
	}
	if took := allocated() - before; took > 4<<20 {
		t.Errorf("4 bytes took %d", took)
	}
}
