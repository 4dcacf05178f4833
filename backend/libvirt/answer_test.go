package libvirt

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestMisfit: an answer has a shape to the byte, or not at all.
func TestMisfit(t *testing.T) {
	text := func(s string) []byte { w := &xdrWriter{}; w.string(s); return w.buf }
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	cases := []struct {
		name, shape string
		answer      []byte
		why         string
	}{
		{"words", "ww", frameOf(1, 2), ""},
		{"a word short", "ww", frameOf(1), "more than it does"},
		{"half a word", "w", []byte{1, 2}, "more than it does"},
		{"a word over", "w", frameOf(1, 2), "more than it claims"},
		{"a text", "s", text("hello"), ""},
		{"a text without its padding", "s", text("hello")[:9], "more than it does"},
		{"a list", "[sw]w", join(frameOf(2), text("a"), frameOf(1), text("bcdef"), frameOf(2), frameOf(2)), ""},
		{"a list with one missing", "[sw]w", join(frameOf(2), text("a"), frameOf(1)), "more than it does"},
		{"something left out", "{s}w", frameOf(0, 7), ""},
		{"something there", "{s}w", join(frameOf(1), text("x"), frameOf(7)), ""},
		{"something twice", "{s}w", join(frameOf(2), text("x"), text("y"), frameOf(7)), "more than it does"},
		{"a parameter", "[t]", join(frameOf(1), text("cpu.time"), frameOf(4, 0, 9)), ""},
		{"a parameter of no known type", "[t]", join(frameOf(1), text("cpu.time"), frameOf(8, 0, 9)), "more than it does"},
		{"a refusal", refusalShape, join(frameOf(42, 10, 1), text("no domain"), frameOf(2, 0, 1), text("a"), frameOf(0, 0, 0, 0, 0)), ""},
		{"an answer that is called a refusal", refusalShape, frameOf(1, 2, 0, 0), "more than it does"},
	}
	for _, c := range cases {
		got := misfit(c.shape, c.answer)
		if (c.why == "") != (got == "") || !strings.Contains(got, c.why) {
			t.Errorf("%s: %q, want %q", c.name, got, c.why)
		}
	}
}

// fenced is a fence that has made one call, to CONNECT_GET_ALL_DOMAIN_STATS, and the far
// end of its connection.
func fenced(t *testing.T) (*fence, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	f := newFence(near, false)
	go func() { _, _ = io.Copy(io.Discard, f) }()
	go func() { _, _ = f.Write(frameOf(frameHeadLen, programRemote, 1, 344, frameCall, 1, 0)) }()
	if _, err := io.ReadFull(far, make([]byte, frameHeadLen)); err != nil {
		t.Fatal(err)
	}
	return f, far
}

// TestALengthThatSwallowsTheRest: a frame that says that it is longer than it is would
// eat the answers after it, and the signs of life in them would keep the connection.
func TestALengthThatSwallowsTheRest(t *testing.T) {
	for _, kind := range []uint32{frameReply, frameMessage} {
		f, far := fenced(t)
		for _, p := range [][]byte{frameOf(1<<20, programRemote, 1, 344, kind, 1, 0), frameOf(0), keepaliveFrame(keepalivePong)[:20], keepaliveFrame(keepalivePong)[20:]} {
			if _, err := far.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case <-f.done:
		case <-time.After(5 * time.Second):
			t.Fatal("it waits for the rest")
		}
		if !strings.Contains(f.cause.Error(), "less than the 1048576 bytes") {
			t.Errorf("%v", f.cause)
		}
	}
}

// TestFramesThatNobodySends end the connection: what they would become is not known.
func TestFramesThatNobodySends(t *testing.T) {
	cases := map[string][]byte{
		"stream that was not opened": frameOf(32, programRemote, 1, 344, frameStream, 1, statusContinue, 0),
		"has the status 2":           frameOf(32, programRemote, 1, 344, frameReply, 1, 2, 0),
		"sign of life of 32 bytes":   frameOf(32, programKeepalive, 1, keepalivePong, frameMessage, 0, 0, 0),
		"it holds more than it":      frameOf(36, programRemote, 1, 344, frameReply, 1, 0, 0, 0),
	}
	for words, frame := range cases {
		f, far := fenced(t)
		_, _ = far.Write(frame)
		select {
		case <-f.done:
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: it goes on", words)
		}
		if !strings.Contains(f.cause.Error(), words) {
			t.Errorf("%v, want %q", f.cause, words)
		}
	}
}

// TestAMessageThatStopsHalfWay ends the connection, also before signs of life are
// exchanged.
func TestAMessageThatStopsHalfWay(t *testing.T) {
	near, far := net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	f := newFence(near, false)
	f.rest = 50 * time.Millisecond
	go func() { _, _ = io.Copy(io.Discard, f) }()
	if _, err := far.Write(frameOf(32, programRemote, 1, procDomainLifecycle, frameMessage, 0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * f.rest) // between messages there may be any time
	select {
	case <-f.done:
		t.Fatalf("a quiet connection ended: %v", f.cause)
	default:
	}
	if _, err := far.Write(frameOf(64, programRemote, 1, procDomainLifecycle, frameMessage, 0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-f.done:
	case <-time.After(5 * time.Second):
		t.Fatal("it waits for the rest")
	}
	if !strings.Contains(f.cause.Error(), "the rest of a message of 64 bytes did not come") {
		t.Errorf("%v", f.cause)
	}
}
