package libvirt

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
)

// openFrame is a REMOTE_PROC_CONNECT_OPEN call as the library writes it.
func openFrame(serial uint32) []byte {
	body := append(frameOf(0x01000000, 4), []byte("x://")...)
	body = append(body, frameOf(0)...)
	return append(frameOf(uint32(frameHeadLen+len(body)), programRemote, 1, procConnectOpen, frameCall, serial, 0), body...)
}

// TestOutgoingFollowsFrames: however the library cuts its writes, calls are noted
// and the end of each frame is known.
func TestOutgoingFollowsFrames(t *testing.T) {
	stream := append(openFrame(7), frameOf(frameHeadLen, programRemote, 1, 66, frameCall, 8, 0)...)
	for size := 1; size <= len(stream); size++ {
		var o outgoing
		var calls []uint32
		for at := 0; at < len(stream); at += size {
			chunk := stream[at:min(at+size, len(stream))]
			if got := o.note(chunk, false, func(h frameHead) { calls = append(calls, h.serial) }); !bytes.Equal(got, chunk) {
				t.Fatalf("in pieces of %d: changed %x to %x", size, chunk, got)
			}
			sent := min(at+size, len(stream))
			whole := sent == len(openFrame(7)) || sent == len(stream)
			if o.midFrame() == whole {
				t.Fatalf("in pieces of %d: after %d bytes midFrame is %v", size, sent, o.midFrame())
			}
		}
		if !slices.Equal(calls, []uint32{7, 8}) {
			t.Fatalf("in pieces of %d: calls %v", size, calls)
		}
	}
}

func TestReadOnlyFlagIsSet(t *testing.T) {
	var o outgoing
	frame := openFrame(1)
	got := o.note(frame, true, func(frameHead) {})
	if flags := binary.BigEndian.Uint32(got[len(got)-4:]); flags != openReadOnly {
		t.Errorf("flags %d", flags)
	}
	if !bytes.Equal(got[:len(got)-4], frame[:len(frame)-4]) || frame[len(frame)-1] != 0 {
		t.Error("something else was changed")
	}
}

// TestFenceAnswersPings: a daemon that checks on us gets its answer.
func TestFenceAnswersPings(t *testing.T) {
	near, far := net.Pipe()
	f := newFence(near, false)
	go func() { _, _ = io.Copy(io.Discard, f) }()
	defer f.fail(errClosed)
	if _, err := far.Write(keepaliveFrame(keepalivePing)); err != nil {
		t.Fatal(err)
	}
	_ = far.SetReadDeadline(time.Now().Add(5 * time.Second))
	pong := make([]byte, frameHeadLen)
	if _, err := io.ReadFull(far, pong); err != nil || !bytes.Equal(pong, keepaliveFrame(keepalivePong)) {
		t.Errorf("%x %v", pong, err)
	}
}

// FuzzFence: no bytes of a peer make it panic or hang.
func FuzzFence(f *testing.F) {
	f.Add([]byte("HTTP/1.1 400 Bad Request"))
	f.Add(frameOf(frameHeadLen, programRemote, 1, 66, frameReply, 1, 0))
	f.Add(append(frameOf(40, programRemote, 1, procDomainLifecycle, frameMessage, 0, 0), 0, 0, 0, 0, 0, 0, 0, 9))
	f.Add(keepaliveFrame(keepalivePing))
	f.Fuzz(func(t *testing.T, data []byte) {
		near, far := net.Pipe()
		go func() {
			_, _ = far.Write(data)
			_ = far.Close()
		}()
		fence := newFence(near, false)
		box := newEventBox(&client{})
		receive := box.receive
		fence.onEvent.Store(&receive)
		_, _ = io.Copy(io.Discard, fence)
		select {
		case <-fence.done:
		case <-time.After(5 * time.Second):
			t.Fatal("the fence did not notice the end")
		}
	})
}

func FuzzEvents(f *testing.F) {
	f.Add(uint32(procDomainLifecycle), []byte{0, 0, 0, 1, 0, 0, 0, 1, 'x', 0, 0, 0})
	f.Add(uint32(procSecretLifecycle), append(make([]byte, 24), 0, 0, 0, 1, 'x', 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0))
	f.Add(uint32(procDeviceUpdate), []byte{0, 0, 0, 1, 0, 0, 0, 5, 'n', 'e', 't', '_', 'x', 0, 0, 0})
	f.Add(uint32(procPoolLifecycle), bytes.Repeat([]byte{255}, 64))
	f.Fuzz(func(t *testing.T, procedure uint32, payload []byte) {
		b := newEventBox(&client{id: "c"})
		b.receive(procedure, payload)
		b.receive(procedure, payload) // what is told twice is one change
		n := b.take()
		for i := range n.happened {
			if n.happened[i].Conn != "c" {
				t.Errorf("it happened on %q", n.happened[i].Conn)
			}
			backendtest.Shown(t, &n.happened[i])
		}
		for k, ids := range n.changed {
			if len(ids) > 1 {
				t.Errorf("one event is about %d objects of kind %v", len(ids), k)
			}
		}
	})
}

func TestEventBoxIsBounded(t *testing.T) {
	c := &client{}
	b := newEventBox(c)
	for i := range 5 * maxHappened {
		b.touch(backend.KindVM, string(rune('a'+i%1000)))
		b.tell(backend.Ref{}, "x", "y", backend.SeverityInfo)
	}
	n := b.take()
	if len(n.happened) != maxHappened {
		t.Errorf("%d lines", len(n.happened))
	}
	n.happened = nil
	deltas := c.deltas(n)
	if len(deltas) != 1 || len(deltas[0].(backend.Invalidate).Query.Refs) != 0 {
		t.Errorf("%+v", deltas)
	}
}

func TestWithDescription(t *testing.T) {
	cases := []struct{ name, in, description, want string }{
		{"replace", "<s><name>a</name><description>old</description><x y='1'/></s>", "<new>", "<s><name>a</name><description>&lt;new&gt;</description><x y='1'/></s>"},
		{"add", "<s><name>a</name></s>", "new", "<s><description>new</description><name>a</name></s>"},
		{"remove", "<s><description>old</description></s>", "", "<s></s>"},
		{"not the domain's", "<s><domain><description>d</description></domain></s>", "n", "<s><description>n</description><domain><description>d</description></domain></s>"},
		{"empty element", "<s><description/></s>", "n", "<s><description>n</description></s>"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := withDescription(c.in, c.description)
			if err != nil || got != c.want {
				t.Errorf("%q %v, want %q", got, err, c.want)
			}
		})
	}
	if _, err := withDescription("<a><b></a>", "x"); err == nil {
		t.Error("broken XML was taken")
	}
}

func TestPowerStates(t *testing.T) {
	cases := []struct {
		state, reason int64
		want          backend.PowerState
		words         string
	}{
		{1, 1, backend.PowerOn, ""}, {1, 4, backend.PowerOn, "from snapshot"}, {2, 0, backend.PowerIdle, ""},
		{3, 5, backend.PowerPaused, "I/O error"}, {3, 99, backend.PowerPaused, ""}, {4, 1, backend.PowerShuttingDown, "by operator"},
		{5, 2, backend.PowerOff, "destroyed"}, {6, 1, backend.PowerCrashed, "panicked"}, {7, 0, backend.PowerSuspended, ""},
		{0, 0, backend.PowerUnknown, ""}, {42, -1, backend.PowerUnknown, ""},
	}
	for _, c := range cases {
		state, words := power(c.state, c.reason)
		if state != c.want || words != c.words {
			t.Errorf("%d/%d: %v %q", c.state, c.reason, state, words)
		}
	}
}

func TestCPUMapText(t *testing.T) {
	got := cpuMap{online: []int{0, 1, 2, 3, 8}, present: 16}.text()
	if got != "0-3,8 online of 16 present" {
		t.Error(got)
	}
}
