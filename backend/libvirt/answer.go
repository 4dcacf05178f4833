package libvirt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	libvirt "github.com/digitalocean/go-libvirt"
)

// procedure names what is called.
type procedure struct{ program, number uint32 }

func (h frameHead) called() procedure { return procedure{h.program, h.procedure} }

// refusalShape is a remote_error: code, the part of libvirt, message, level, domain,
// three texts, two numbers, network.
const refusalShape = "ww{s}w{swwwww}{s}{s}{s}ww{swwww}"

// wholeAnswer takes in an answer and lets the library have it when it is just what an
// answer to that call looks like. The library makes room for as many elements as an
// answer claims to have before it reads the first: one word of a broken or hostile peer
// would take all memory. Of an answer with the wrong status it would make what it can.
func (f *fence) wholeAnswer(head []byte, h frameHead, size int) error {
	payload, err := f.payload(size)
	if err != nil {
		return err
	}
	if h.status > statusError {
		return fmt.Errorf("the server's answer to %s has the status %d", procedureName(h.program, h.procedure), h.status)
	}
	if shape := h.answerShape(); shape != "" {
		if why := misfit(shape, payload); why != "" {
			return fmt.Errorf("the server's answer to %s is broken: %s", procedureName(h.program, h.procedure), why)
		}
	}
	if h.status == statusError {
		payload = saidRefusal(payload)
		binary.BigEndian.PutUint32(head, uint32(frameHeadLen+len(payload))) //nolint:gosec // no frame is that long
	}
	f.head = append(head, payload...)
	return nil
}

// saidRefusal makes a refusal that lacks its number or its words one that the library reads as
// what it is: without a number it would take the answer for that of a call that went well and
// read the refusal as its result, without words it would take the level for their length.
func saidRefusal(payload []byte) []byte {
	const code, message = 0, 8
	noCode := binary.BigEndian.Uint32(payload[code:]) == 0
	noWords := binary.BigEndian.Uint32(payload[message:]) == 0
	if !noCode && !noWords {
		return payload
	}
	out := slices.Clone(payload)
	if noCode {
		binary.BigEndian.PutUint32(out[code:], uint32(libvirt.ErrInternalError))
	}
	if noWords {
		words := []byte("\x00\x00\x00\x01\x00\x00\x00\x1cthe server refused, no words")
		out = slices.Concat(out[:message], words, out[message+4:])
	}
	return out
}

// payload takes in the rest of a frame. A daemon's sign of life in the middle of it means
// that the frame is not as long as it says: no payload has those bytes, and waiting for
// the rest of it would swallow whatever comes.
func (f *fence) payload(size int) ([]byte, error) {
	if f.in.Buffered() < size {
		defer func() { _ = f.Conn.SetReadDeadline(time.Time{}) }()
	}
	var all []byte
	for len(all) < size {
		if len(all) == cap(all) { // room is made for what comes, not for what is claimed
			all = slices.Grow(all, min(size-len(all), max(len(all), firstRoom)))
		}
		if f.in.Buffered() == 0 {
			_ = f.Conn.SetReadDeadline(time.Now().Add(f.rest))
		}
		at := len(all)
		n, err := f.in.Read(all[at:min(cap(all), size)])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil, fmt.Errorf("the rest of a message of %d bytes did not come within %v", size+frameHeadLen, f.rest)
		}
		if err != nil {
			return nil, unexpected(err)
		}
		f.silence.Store(0) // a long answer on a slow link gets on
		all = all[:at+n]
		if bytes.Contains(all[max(at-frameHeadLen+1, 0):], f.pong) {
			return nil, fmt.Errorf("the server sent a message of less than the %d bytes that it claims to have", size+frameHeadLen)
		}
	}
	return all, nil
}

// restPatience is how long the rest of a message may stay away: whoever waits for it
// longer waits for what was never sent. It is not put off by calls that are long, only by
// a message that has begun.
const restPatience = 8 * time.Second

// firstRoom is how much room a payload gets at first, in bytes.
const firstRoom = 64 << 10

// unexpected is the error for an end in the middle of a frame.
func unexpected(err error) error {
	if err == io.EOF { //nolint:errorlint // as io.ReadFull does
		return io.ErrUnexpectedEOF
	}
	return err
}

// answerShape is what an answer looks like; "" where that is not known or it is empty.
func (h frameHead) answerShape() string {
	switch {
	case h.status == statusError:
		return refusalShape
	case h.program == programRemote:
		return answerShape(h.procedure)
	default:
		return ""
	}
}

// misfit says why an answer does not have a shape, from its first byte to its last; ""
// when it has.
//
// A shape is a row of letters: w is a word, s a text or bytes (their length in a word,
// then so many bytes, filled up to a word), t a typed parameter, [x] a list (the number
// of elements in a word, then each as x) and {x} an x or none (1 or 0 in a word, then x).
func misfit(shape string, answer []byte) string {
	rest, ok := skip(shape, answer)
	switch {
	case !ok:
		return "it claims to hold more than it does"
	case len(rest) > 0:
		return "it holds more than it claims"
	default:
		return ""
	}
}

// skip goes over what a shape describes and gives the rest.
func skip(shape string, b []byte) (rest []byte, ok bool) {
	for at := 0; at < len(shape); at++ {
		switch shape[at] {
		case 'w':
			_, b, ok = length(b)
		case 's':
			b, ok = skipText(b)
		case 't':
			b, ok = skipParameter(b)
		case '[', '{':
			end := at + groupEnd(shape[at:])
			b, ok = skipGroup(shape[at], shape[at+1:end], b)
			at = end
		}
		if !ok {
			return nil, false
		}
	}
	return b, true
}

// length takes a word off b.
func length(b []byte) (n int64, rest []byte, ok bool) {
	if len(b) < 4 {
		return 0, nil, false
	}
	return int64(binary.BigEndian.Uint32(b)), b[4:], true
}

func skipText(b []byte) (rest []byte, ok bool) {
	n, b, ok := length(b)
	if !ok {
		return nil, false
	}
	return skipBytes(b, (n+3)&^3)
}

func skipBytes(b []byte, n int64) (rest []byte, ok bool) {
	if n > int64(len(b)) {
		return nil, false
	}
	return b[n:], true
}

// skipParameter goes over a virTypedParameter.
func skipParameter(b []byte) (rest []byte, ok bool) {
	if b, ok = skipText(b); !ok {
		return nil, false
	}
	kind, b, _ := length(b)
	switch kind {
	case 1, 2, 6:
		return skipBytes(b, 4)
	case 3, 4, 5:
		return skipBytes(b, 8)
	case 7:
		return skipText(b)
	default:
		return nil, false
	}
}

// skipGroup goes over a list, or over what may be left out.
func skipGroup(open byte, element string, b []byte) (rest []byte, ok bool) {
	n, b, ok := length(b)
	if !ok || n > int64(len(b)/least(element)) || (open == '{' && n > 1) {
		return nil, false
	}
	for range n {
		if b, ok = skip(element, b); !ok {
			return nil, false
		}
	}
	return b, true
}

// least is the fewest bytes that a shape takes.
func least(shape string) int {
	n := 0
	for at := 0; at < len(shape); at++ {
		switch shape[at] {
		case 't':
			n += 12
		case '[', '{':
			at += groupEnd(shape[at:])
			n += 4
		default:
			n += 4
		}
	}
	return max(n, 1)
}

// groupEnd is where the group with which a shape begins ends.
func groupEnd(shape string) int {
	depth := 0
	for i := range len(shape) {
		switch shape[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		if depth == 0 {
			return i
		}
	}
	return len(shape) - 1
}
