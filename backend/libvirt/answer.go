package libvirt

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
)

// procedure names what is called.
type procedure struct{ program, number uint32 }

func (h frameHead) called() procedure { return procedure{h.program, h.procedure} }

// refusalShape is what the client library reads an error as.
const refusalShape = "wwwsw"

// wholeAnswer takes in an answer and lets the library have it when its lengths hold.
// The library makes room for as many elements as an answer claims to have before it
// reads the first: one word of a broken or hostile peer would take all memory.
func (f *fence) wholeAnswer(head []byte, h frameHead, size int) error {
	frame := make([]byte, frameHeadLen+size)
	copy(frame, head)
	for rest := frame[frameHeadLen:]; len(rest) > 0; {
		n, err := f.in.Read(rest)
		if err != nil {
			return unexpected(err)
		}
		f.silence.Store(0) // a long answer on a slow link gets on
		rest = rest[n:]
	}
	if !fits(h.answerShape(), frame[frameHeadLen:]) {
		return fmt.Errorf("the server's answer to %s is broken: it claims to hold more than it does", procedureName(h.program, h.procedure))
	}
	f.head = frame
	return nil
}

// unexpected is the error for an end in the middle of a frame.
func unexpected(err error) error {
	if err == io.EOF { //nolint:errorlint // as io.ReadFull does
		return io.ErrUnexpectedEOF
	}
	return err
}

// answerShape is what the library reads an answer as; "" when it has no lengths in it.
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

// fits reports whether no length in an answer is more than what comes after it. An
// answer that ends too soon fits: the library finds that by itself.
//
// A shape is a row of letters: w is a word, s a text or bytes (their length in a word,
// then so many bytes, filled up to a word), t a typed parameter, and [x] a list (the
// number of elements in a word, then each as x).
func fits(shape string, answer []byte) bool {
	_, ok := skip(shape, answer)
	return ok
}

// skip goes over what a shape describes and gives the rest; nil when there is none.
func skip(shape string, b []byte) (rest []byte, ok bool) {
	for at := 0; at < len(shape) && len(b) > 0; at++ {
		ok = true
		switch shape[at] {
		case 'w':
			b = b[min(4, len(b)):]
		case 's':
			b, ok = skipText(b)
		case 't':
			b, ok = skipParameter(b)
		case '[':
			end := at + listEnd(shape[at:])
			b, ok = skipList(shape[at+1:end], b)
			at = end
		}
		if !ok {
			return nil, false
		}
	}
	return b, true
}

// length takes a length off b.
func length(b []byte) (n int64, rest []byte) {
	if len(b) < 4 {
		return 0, nil
	}
	return int64(binary.BigEndian.Uint32(b)), b[4:]
}

func skipText(b []byte) (rest []byte, ok bool) {
	n, b := length(b)
	if n > int64(len(b)) {
		return nil, false
	}
	return b[min((n+3)&^3, int64(len(b))):], true
}

// skipParameter goes over a virTypedParameter; of a type that the library does not know
// it reads nothing more.
func skipParameter(b []byte) (rest []byte, ok bool) {
	if b, ok = skipText(b); !ok {
		return nil, false
	}
	kind, b := length(b)
	switch kind {
	case 1, 2, 6:
		return b[min(4, len(b)):], true
	case 3, 4, 5:
		return b[min(8, len(b)):], true
	case 7:
		return skipText(b)
	default:
		return nil, true
	}
}

func skipList(element string, b []byte) (rest []byte, ok bool) {
	n, b := length(b)
	if n > int64(len(b)/least(element)) {
		return nil, false
	}
	for range n {
		if b, ok = skip(element, b); !ok || len(b) == 0 {
			return nil, ok
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
		case '[':
			at += listEnd(shape[at:])
			n += 4
		default:
			n += 4
		}
	}
	return max(n, 1)
}

// listEnd is where the list with which a shape begins ends.
func listEnd(shape string) int {
	depth := 0
	for i := range len(shape) {
		depth += strings.Count(shape[i:i+1], "[") - strings.Count(shape[i:i+1], "]")
		if depth == 0 {
			return i
		}
	}
	return len(shape) - 1
}
