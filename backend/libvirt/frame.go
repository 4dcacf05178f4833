package libvirt

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The libvirt RPC frame: a length that counts itself, then six words.
// Source: libvirt's virnetprotocol.x.
const (
	frameHeadLen = 28
	// frameMax is VIR_NET_MESSAGE_MAX with some room for its own overhead.
	frameMax = 32<<20 + 64<<10

	programRemote    = 0x20008086
	programQEMU      = 0x20008087
	programLXC       = 0x20008088
	programKeepalive = 0x6b656570

	frameCall    = 0
	frameReply   = 1
	frameMessage = 2
	frameStream  = 3

	keepalivePing = 1
	keepalivePong = 2

	procConnectOpen = 1
)

// frameHead is the header of one frame.
type frameHead struct {
	length    uint32
	program   uint32
	procedure uint32
	kind      uint32
	serial    uint32
	status    uint32
}

func parseHead(b []byte) frameHead {
	return frameHead{
		length:    binary.BigEndian.Uint32(b[0:]),
		program:   binary.BigEndian.Uint32(b[4:]),
		procedure: binary.BigEndian.Uint32(b[12:]),
		kind:      binary.BigEndian.Uint32(b[16:]),
		serial:    binary.BigEndian.Uint32(b[20:]),
		status:    binary.BigEndian.Uint32(b[24:]),
	}
}

// check refuses what no libvirt daemon sends; the client library would panic on
// some of it.
func (h frameHead) check() error {
	if h.length < frameHeadLen || h.length > frameMax {
		return fmt.Errorf("a frame of %d bytes", h.length)
	}
	switch h.program {
	case programRemote, programQEMU, programLXC, programKeepalive:
	default:
		return fmt.Errorf("program 0x%x", h.program)
	}
	if h.kind < frameReply || h.kind > frameStream {
		return fmt.Errorf("a message of type %d", h.kind)
	}
	return nil
}

// keepaliveFrame is a ping or a pong.
func keepaliveFrame(procedure uint32) []byte {
	b := make([]byte, frameHeadLen)
	for i, word := range []uint32{frameHeadLen, programKeepalive, 1, procedure, frameMessage, 0, 0} {
		binary.BigEndian.PutUint32(b[4*i:], word)
	}
	return b
}

var errShort = errors.New("message too short")

// xdrReader reads the few XDR types that events are made of; the first error stays.
type xdrReader struct {
	buf []byte
	err error
}

func (r *xdrReader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.buf) {
		r.err = errShort
		return nil
	}
	b := r.buf[:n]
	r.buf = r.buf[n:]
	return b
}

func (r *xdrReader) int() int32 {
	b := r.take(4)
	if b == nil {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b)) //nolint:gosec // XDR int is two's complement
}

func (r *xdrReader) string() string {
	n := int(r.int())
	s := string(r.take(n))
	r.take((4 - n%4) % 4)
	return s
}

func (r *xdrReader) uuid() (id [16]byte) {
	copy(id[:], r.take(16))
	return id
}

// chars reads a "char data<>": each character takes a word.
func (r *xdrReader) chars() []byte {
	n := int(r.int())
	if r.err != nil || n < 0 || n > len(r.buf)/4 {
		r.err = errShort
		return nil
	}
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(r.int()) //nolint:gosec // a sign-extended char
	}
	return data
}

func (w *xdrWriter) bool(v bool) {
	if v {
		w.uint(1)
		return
	}
	w.uint(0)
}

// chars writes a "char data<>": each character takes a word, sign-extended.
func (w *xdrWriter) chars(data []byte) {
	w.uint(uint32(len(data))) //nolint:gosec // at most saslMax
	for _, c := range data {
		w.uint(uint32(int32(int8(c)))) //nolint:gosec // as xdr_char does
	}
}
