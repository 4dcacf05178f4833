package libvirt

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// TestStreamTakesAnyOrder: a daemon may send data, and the end of it, before the answer
// to the call that opened the stream.
func TestStreamTakesAnyOrder(t *testing.T) {
	const packets = 3 * streamAhead // more than there is room for
	data := strings.Repeat("x", packets)
	reply := streamPart(frameReply, statusOK, frameOf(0)) // no MIME type
	refusal := streamPart(frameReply, statusError, refusalOf("no display"))
	end := streamPart(frameStream, statusContinue, nil)
	var all []byte
	for range packets {
		all = append(all, streamPart(frameStream, statusContinue, []byte("x"))...)
	}
	cases := []struct {
		name  string
		parts [][]byte
		want  string
		fails string // words of the error
	}{
		{"answer first", [][]byte{reply, all, end}, data, ""},
		{"one packet first", [][]byte{streamPart(frameStream, statusContinue, []byte("y")), reply, all, end}, "y" + data, ""},
		{"answer last", [][]byte{all, end, reply}, data, ""},
		{"no answer", [][]byte{all, end}, data, ""},
		{"end first", [][]byte{end, reply}, "", ""},
		{"refused", [][]byte{refusal}, "", "no display"},
		{"refused after data", [][]byte{all, refusal}, data, "no display"},
		{"broken off", [][]byte{all, streamPart(frameStream, statusError, refusalOf("disk error")), reply}, data, "disk error"},
		{"link gone before the answer", [][]byte{all}, data, "closed the connection"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got, err := streamed(t, tc.parts)
			if tc.fails == "" && err != nil || tc.fails != "" && (err == nil || !strings.Contains(err.Error(), tc.fails)) {
				t.Errorf("%v, want %q", err, tc.fails)
			}
			if string(got) != tc.want {
				t.Errorf("%d bytes, want %d", len(got), len(tc.want))
			}
			if err != nil && backend.ClassOf(err) == backend.ClassCancelled {
				t.Errorf("class %v", backend.ClassOf(err))
			}
		})
	}
}

// streamed opens a stream at a peer that answers with these bytes, and reads it.
func streamed(t *testing.T, parts [][]byte) ([]byte, error) {
	t.Helper()
	near, far := net.Pipe()
	go func() {
		defer func() { _ = far.Close() }()
		call := make([]byte, frameHeadLen)
		if _, err := io.ReadFull(far, call); err != nil {
			return
		}
		for _, p := range parts {
			if _, err := far.Write(p); err != nil {
				return
			}
		}
	}()
	r := &rpcConn{fence: newFence(near, false)}
	s := newTransferStream(r, deed{doing: "take screenshot", limit: 10 * time.Second}, procDomainScreenshot, nil)
	life := make(chan struct{})
	go s.follow(life)
	go func() { _, _ = io.Copy(io.Discard, r.fence) }()
	defer close(life)
	if err := s.open(t.Context(), nil); err != nil {
		return nil, err
	}
	return io.ReadAll(s)
}

// streamPart is a frame that a daemon sends on a stream.
func streamPart(kind, status uint32, payload []byte) []byte {
	var f []byte
	for _, word := range []uint32{uint32(frameHeadLen + len(payload)), programRemote, 1, procDomainScreenshot, kind, streamSerial, status} {
		f = binary.BigEndian.AppendUint32(f, word)
	}
	return append(f, payload...)
}

// refusalOf is what a virNetMessageError begins with.
func refusalOf(message string) []byte {
	var w xdrWriter
	w.uint(uint32(libvirt.ErrOperationInvalid))
	w.uint(0)
	w.optional(message)
	return w.buf
}
