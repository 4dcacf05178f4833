package lab

import (
	"bytes"
	"encoding/binary"
	"sync"
	"testing"
)

// The kinds of libvirt's RPC frames, and the program of keepalive messages.
const (
	FrameCall      = 0
	FrameReply     = 1
	FrameEvent     = 2
	FrameKeepalive = 0x6b656570
)

// frameHead is how long a frame's header is, with the length before it.
const frameHead = 28

// Frame is one whole message of libvirt's RPC on its way.
type Frame struct {
	Way Way
	// The words of the header.
	Program, Procedure, Kind, Serial uint32
	Bytes                            []byte // the whole frame, header and all

	// Send writes to where the frame goes, now and at any later time.
	Send func([]byte) error
}

// Event says whether the frame tells of a change, and is no keepalive message.
func (f Frame) Event() bool { return f.Kind == FrameEvent && f.Program != FrameKeepalive }

// FrameFault is what a FrameLine does to a frame. It gives what goes on in its place,
// and false when the connection breaks off after that. It may block, which delays what
// follows on that way of that connection. It is called from one goroutine for each way of
// each connection.
type FrameFault func(f Frame) (on [][]byte, alive bool)

// FrameLine is a line to a libvirt daemon that knows where messages begin and end. It
// passes whole messages only, whatever pieces they come in.
type FrameLine struct {
	*Line

	mu    sync.Mutex
	fault FrameFault
	calls map[uint32]int // by procedure
}

// StartFrameLine runs a line to the daemon's socket.
func StartFrameLine(t testing.TB, l *Libvirtd) *FrameLine {
	t.Helper()
	f := &FrameLine{Line: StartLine(t, "unix", l.Socket()), calls: map[uint32]int{}}
	f.SetEach(f.lane)
	return f
}

// URI opens a driver, "qemu" or "test", over the line.
func (f *FrameLine) URI(driver string) string {
	path := "/system"
	if driver == "test" {
		path = "/default"
	}
	return driver + "+unix://" + path + "?socket=" + f.Addr()
}

// SetFrames makes the line bad from the next frame on; nil makes it good again.
func (f *FrameLine) SetFrames(fault FrameFault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fault
}

// Calls is how often a procedure of libvirt's remote protocol was called over the line.
func (f *FrameLine) Calls(procedure uint32) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[procedure]
}

// lane cuts the bytes of one way of one connection into frames, and sends each on before
// the next is looked at. What is no frame passes as it is.
func (f *FrameLine) lane(w Way, send func([]byte) error) Fault {
	var pending []byte
	return func(_ Way, piece []byte) ([][]byte, bool) {
		pending = append(pending, piece...)
		for len(pending) >= frameHead {
			n := int(binary.BigEndian.Uint32(pending))
			if n < frameHead {
				rest := pending
				pending = nil
				return [][]byte{rest}, true
			}
			if len(pending) < n {
				return nil, true
			}
			on, alive := f.passed(frameOf(w, bytes.Clone(pending[:n]), send))
			pending = pending[n:]
			for _, p := range on {
				if send(p) != nil {
					return nil, false
				}
			}
			if !alive {
				return nil, false
			}
		}
		return nil, true
	}
}

func (f *FrameLine) passed(frame Frame) ([][]byte, bool) {
	f.mu.Lock()
	if frame.Way == ToServer && frame.Kind == FrameCall {
		f.calls[frame.Procedure]++
	}
	fault := f.fault
	f.mu.Unlock()
	if fault == nil {
		return [][]byte{frame.Bytes}, true
	}
	return fault(frame)
}

func frameOf(w Way, b []byte, send func([]byte) error) Frame {
	word := func(i int) uint32 { return binary.BigEndian.Uint32(b[4*i:]) }
	return Frame{Way: w, Program: word(1), Procedure: word(3), Kind: word(4), Serial: word(5), Bytes: b, Send: send}
}
