package libvirt

import (
	"encoding/binary"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"hvdeck/backend/trace"
)

//go:generate sh -c "go run ../../scripts/procnames > procedures.gen.go"

// tracedMax is how much of a message is looked at for texts, in bytes.
const tracedMax = 16 << 10

// traced is a connection whose messages are written to the trace. It follows the
// frames by itself, so that what the fence refuses is seen too.
type traced struct {
	net.Conn
	log  *trace.Log
	name string

	out, in frameTap

	mu    sync.Mutex
	calls map[uint32]time.Time // by serial: when it was made
}

// tracedCalls bounds the calls that are remembered; a peer may never answer.
const tracedCalls = 10_000

// withTrace writes the messages of c to the log, if there is one. name is the
// connection's: that of the server, and which of several.
func withTrace(c net.Conn, log *trace.Log, name string) net.Conn {
	if !log.On() {
		return c
	}
	t := &traced{Conn: c, log: log, name: name, calls: make(map[uint32]time.Time)}
	t.out.whole = func(h frameHead, _ uint32, payload []byte) { t.sent(h, payload) }
	t.in.whole = t.received
	return t
}

// Write implements net.Conn; the fence serialises writes.
func (t *traced) Write(p []byte) (int, error) {
	n, err := t.Conn.Write(p)
	t.out.follow(p[:n])
	return n, err
}

// Read implements net.Conn; one goroutine reads.
func (t *traced) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.in.follow(p[:n])
	return n, err
}

func (t *traced) sent(h frameHead, payload []byte) {
	now := time.Now()
	if h.kind == frameCall {
		t.mu.Lock()
		if len(t.calls) >= tracedCalls {
			clear(t.calls)
		}
		t.calls[h.serial] = now
		t.mu.Unlock()
	}
	if h.program == programKeepalive {
		return
	}
	l := t.line(h, payload)
	l.At, l.Out = now, true
	t.log.Write(l)
}

func (t *traced) received(h frameHead, status uint32, payload []byte) {
	if h.program == programKeepalive {
		return
	}
	l := t.line(h, payload)
	l.At = time.Now()
	if h.kind == frameReply {
		l.Status = "ok"
		t.mu.Lock()
		if began, known := t.calls[h.serial]; known {
			l.Took = l.At.Sub(began)
			delete(t.calls, h.serial)
		}
		t.mu.Unlock()
	}
	if status == statusError {
		l.Status = "error"
		var texts func() []string
		if l.Code, texts = refusalWords(payload); l.Texts != nil {
			l.Texts = texts
		}
	}
	t.log.Write(l)
}

func (t *traced) line(h frameHead, payload []byte) trace.Line {
	l := trace.Line{Conn: t.name, Name: procedureName(h.program, h.procedure), ID: strconv.FormatUint(uint64(h.serial), 10), Bytes: int(h.length)}
	switch h.kind {
	case frameStream:
		l.Name += ":data"
	case frameMessage:
		l.ID = ""
	}
	if h.kind != frameStream && !withheld(h.program, h.procedure) {
		l.Texts = func() []string { return textsIn(payload, int(h.length)-frameHeadLen) }
	}
	return l
}

// refusalWords are the code and message of a remote_error. Its other texts repeat the
// message.
func refusalWords(payload []byte) (code string, texts func() []string) {
	r := &xdrReader{buf: payload}
	code = strconv.Itoa(int(r.int()))
	r.int() // domain
	if r.int() == 0 {
		return code, nil
	}
	message := r.string()
	if r.err != nil {
		return code, nil
	}
	return code, func() []string { return []string{message} }
}

// procedureName is the name of a call or event.
func procedureName(program, procedure uint32) string {
	name, number := "", strconv.FormatUint(uint64(procedure), 10)
	switch program {
	case programRemote:
		name = remoteProcedure(procedure)
	case programQEMU:
		if name = qemuProcedure(procedure); name != "" {
			name = "QEMU_" + name
		}
	default:
		number = fmt.Sprintf("%x:%s", program, number)
	}
	if name == "" {
		return "PROCEDURE_" + number
	}
	return name
}

// withheld are the messages whose texts are secret, or may be in a form that can't be
// masked: values of secrets, logins, passwords, keys typed, commands to QEMU and to
// guests. Their refusals keep the code only. Source: libvirt's remote_protocol.x,
// qemu_protocol.x.
func withheld(program, procedure uint32) bool {
	if program != programRemote {
		return true
	}
	switch remoteProcedure(procedure) {
	case "SECRET_SET_VALUE", "SECRET_GET_VALUE", "AUTH_SASL_INIT", "AUTH_SASL_START", "AUTH_SASL_STEP",
		"DOMAIN_SET_USER_PASSWORD", "DOMAIN_SEND_KEY", "DOMAIN_SET_LAUNCH_SECURITY_STATE",
		"CONNECT_DOMAIN_XML_FROM_NATIVE", "CONNECT_DOMAIN_XML_TO_NATIVE", "":
		return true
	}
	return false
}

// frameTap follows a byte stream frame by frame. It never fails: where the stream is
// no libvirt RPC it stops looking.
type frameTap struct {
	whole   func(h frameHead, status uint32, payload []byte)
	head    []byte
	payload []byte // at most tracedMax of it
	left    int    // of the payload, still to come
	lost    bool
}

func (t *frameTap) follow(p []byte) {
	for len(p) > 0 && !t.lost {
		if len(t.head) < frameHeadLen {
			n := min(frameHeadLen-len(t.head), len(p))
			t.head, p = append(t.head, p[:n]...), p[n:]
			if len(t.head) < frameHeadLen {
				return
			}
			h := parseHead(t.head)
			if t.lost = h.length < frameHeadLen || h.length > frameMax; t.lost {
				return
			}
			t.left = int(h.length) - frameHeadLen
		} else {
			n := min(t.left, len(p))
			if room := tracedMax - len(t.payload); room > 0 && parseHead(t.head).kind != frameStream {
				t.payload = append(t.payload, p[:min(n, room)]...)
			}
			t.left, p = t.left-n, p[n:]
		}
		if t.left == 0 && len(t.head) == frameHeadLen {
			t.whole(parseHead(t.head), binary.BigEndian.Uint32(t.head[24:]), t.payload)
			t.head, t.payload = t.head[:0], nil // the payload was handed over
		}
	}
}

// textsMax is how many texts of a message are shown.
const textsMax = 8

// textsIn finds the strings among XDR data whose layout is not known: a length, that
// many bytes of text, zeros up to a multiple of four. size is that of the whole
// message, of which payload may be the beginning.
func textsIn(payload []byte, size int) []string {
	var all []string
	for at := 0; at+4 < len(payload) && len(all) < textsMax; {
		n := int(binary.BigEndian.Uint32(payload[at:]))
		body := payload[at+4:]
		if n < 1 || n > size-at-4 || !isText(body[:min(n, len(body))], n > len(body)) || !zeros(body, n) {
			at += 4
			continue
		}
		all = append(all, string(body[:min(n, len(body))]))
		at += 4 + (n+3)/4*4
	}
	return all
}

// isText reports whether b is UTF-8 without control characters but line ends and tabs;
// cut says that it may end within a character.
func isText(b []byte, cut bool) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n <= 1 {
			return cut && len(b) < utf8.UTFMax
		}
		if r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}

// zeros reports whether the padding after n bytes is what XDR wants.
func zeros(body []byte, n int) bool {
	for at := n; at%4 != 0 && at < len(body); at++ {
		if body[at] != 0 {
			return false
		}
	}
	return true
}
