package libvirt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

// The calls by which a client proves who it is, before the client library takes over:
// it knows no SASL. Source: libvirt's remote_protocol.x.
const (
	procAuthList  = 66
	procSASLInit  = 67
	procSASLStart = 68
	procSASLStep  = 69

	authSASL = 1 // REMOTE_AUTH_SASL

	// saslMax is REMOTE_AUTH_SASL_DATA_MAX, in bytes of the mechanism.
	saslMax = 65536
	// authFrameMax bounds a reply: each byte of a mechanism takes four.
	authFrameMax = 4*saslMax + 4096
)

// authWire makes those calls, one after the other.
type authWire struct {
	r      *rpcConn
	serial uint32
}

// ask makes one call; it ends with ctx, by cutting the connection.
func (w *authWire) ask(ctx context.Context, procedure uint32, args []byte) ([]byte, error) {
	d := deed{doing: "log in", limit: openLimit}
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	out := make(chan answer[[]byte], 1)
	guard.Go("libvirt login", func(err error) { out <- answer[[]byte]{err: err} }, func() {
		reply, err := w.exchange(procedure, args)
		out <- answer[[]byte]{reply, err}
	})
	select {
	case a := <-out:
		return a.value, w.failed(d, a.err)
	case <-ctx.Done():
		err := d.failed(ctx.Err())
		w.r.fence.fail(err)
		return nil, err
	}
}

// failed tells a server's refusal from a connection that ended.
func (w *authWire) failed(d deed, err error) error {
	var refusal libvirt.Error
	if err == nil || errors.As(err, &refusal) {
		return asBackendError(err, d.doing)
	}
	// What the fence saw tells more than the end of the stream.
	w.r.fence.fail(err)
	return d.unreachable(w.r.fence.cause)
}

// exchange writes a call and reads its reply; the fence has checked the frame.
func (w *authWire) exchange(procedure uint32, args []byte) ([]byte, error) {
	w.serial++
	frame := make([]byte, frameHeadLen, frameHeadLen+len(args))
	for i, word := range []uint32{uint32(frameHeadLen + len(args)), programRemote, 1, procedure, frameCall, w.serial, 0} { //nolint:gosec // small
		binary.BigEndian.PutUint32(frame[4*i:], word)
	}
	// A write that failed is followed by the reading too: what the peer said last tells
	// more than the broken pipe.
	_, _ = w.r.fence.Write(append(frame, args...))
	head := make([]byte, frameHeadLen)
	if _, err := io.ReadFull(w.r.fence, head); err != nil {
		return nil, err
	}
	h := parseHead(head)
	size := int(h.length) - frameHeadLen
	if size > authFrameMax || h.procedure != procedure || h.serial != w.serial {
		return nil, notLibvirt(head, "")
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(w.r.fence, payload); err != nil {
		return nil, err
	}
	if status := binary.BigEndian.Uint32(head[24:]); status != 0 {
		return nil, readRefusal(payload)
	}
	return payload, nil
}

// readRefusal reads a remote_error.
func readRefusal(payload []byte) error {
	r := &xdrReader{buf: payload}
	code := r.int()
	r.int() // domain
	message := "the server refused it without a word"
	if r.int() != 0 {
		message = r.string()
	}
	if r.err != nil {
		return errors.New("the server's refusal can't be read")
	}
	return libvirt.Error{Code: uint32(code), Message: message} //nolint:gosec // an enum
}

// wantsSASL asks how the server lets clients in.
func (w *authWire) wantsSASL(ctx context.Context) (bool, error) {
	reply, err := w.ask(ctx, procAuthList, nil)
	if err != nil {
		return false, err
	}
	r := &xdrReader{buf: reply}
	var ways []int32
	for range min(max(r.int(), 0), 20) {
		ways = append(ways, r.int())
	}
	if r.err != nil {
		return false, deed{doing: "log in"}.unreachable(r.err)
	}
	return slices.Contains(ways, authSASL), nil
}

// saslReply is what the server says in one step.
type saslReply struct {
	complete bool
	data     []byte
}

// step sends what the mechanism says. A mechanism is named in the first step only.
func (w *authWire) step(ctx context.Context, mechanism string, data []byte) (saslReply, error) {
	if len(data) > saslMax {
		return saslReply{}, fmt.Errorf("%d bytes are more than the protocol carries", len(data))
	}
	procedure, args := uint32(procSASLStep), &xdrWriter{}
	if mechanism != "" {
		procedure = procSASLStart
		args.string(mechanism)
	}
	args.bool(data == nil)
	args.chars(data)
	reply, err := w.ask(ctx, procedure, args.buf)
	if err != nil {
		return saslReply{}, err
	}
	r := &xdrReader{buf: reply}
	out := saslReply{complete: r.int() != 0}
	r.int() // whether there is data; without, its length is 0
	out.data = r.chars()
	if r.err != nil {
		return saslReply{}, deed{doing: "log in"}.unreachable(r.err)
	}
	return out, nil
}
