package libvirt

import "encoding/binary"

// outgoing follows the frames that the client library writes: where one ends, so
// that a ping never lands inside it, and the calls that an answer is due for.
type outgoing struct {
	head []byte // of the frame whose header is not complete
	left int    // bytes of the current frame's payload still to come
}

// openReadOnly is VIR_CONNECT_RO.
const openReadOnly = 1

// midFrame reports whether a frame is half written.
func (o *outgoing) midFrame() bool { return len(o.head) > 0 || o.left > 0 }

// note follows p and gives back what is to be written: p itself, or a copy of it
// with the read-only flag set where it opens the connection. The client library
// knows no read-only connections; the server refuses every change on one.
func (o *outgoing) note(p []byte, readOnly bool, call func(frameHead)) []byte {
	rest := p
	for len(rest) > 0 {
		if o.left > 0 {
			n := min(o.left, len(rest))
			o.left -= n
			rest = rest[n:]
			continue
		}
		n := min(frameHeadLen-len(o.head), len(rest))
		o.head = append(o.head, rest[:n]...)
		rest = rest[n:]
		if len(o.head) < frameHeadLen {
			break
		}
		h := parseHead(o.head)
		o.head, o.left = o.head[:0], max(int(h.length)-frameHeadLen, 0)
		if h.kind == frameCall {
			call(h)
		}
		if readOnly && h.program == programRemote && h.procedure == procConnectOpen && len(p) == int(h.length) {
			p = withOpenFlags(p)
		}
	}
	return p
}

// withOpenFlags sets the last word of a REMOTE_PROC_CONNECT_OPEN call, its flags.
func withOpenFlags(frame []byte) []byte {
	changed := append([]byte(nil), frame...)
	binary.BigEndian.PutUint32(changed[len(changed)-4:], openReadOnly)
	return changed
}
