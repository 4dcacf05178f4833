package libvirt

import (
	"context"
	"fmt"
	"net"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
	"github.com/digitalocean/go-libvirt/socket/dialers"
)

// maxInFlight is one less than the calls that libvirtd serves at once for one
// client (max_client_requests), so that a VM that hangs cannot silence the rest.
const maxInFlight = 4

// rpcConn is one RPC connection behind its fence.
type rpcConn struct {
	lv    *libvirt.Libvirt
	fence *fence
	slots chan struct{}
}

// deed says what a call does, for its errors, and how long it may take.
type deed struct {
	doing, object string
	limit         time.Duration
	// change is set for what changes something: an answer that is lost then
	// leaves the outcome unknown.
	change bool
}

// newRPC puts c behind a fence; it owns c from then on.
func newRPC(c net.Conn, readOnly bool) *rpcConn {
	f := newFence(c, readOnly)
	r := &rpcConn{fence: f, slots: make(chan struct{}, maxInFlight)}
	r.lv = libvirt.NewWithDialer(dialers.NewAlreadyConnected(f))
	return r
}

// open lets the client library take over and opens what the URI names.
func (r *rpcConn) open(ctx context.Context, name string) error {
	_, err := call(ctx, r, deed{doing: "open", limit: openLimit}, func(lv *libvirt.Libvirt) (struct{}, error) {
		return struct{}{}, lv.ConnectToURI(libvirt.ConnectURI(name))
	})
	if err != nil {
		return err
	}
	guard.Go("libvirt keepalive", r.fence.fail, r.fence.beat)
	return nil
}

const openLimit = 30 * time.Second

// close ends the connection at once; pending calls fail.
func (r *rpcConn) close() { r.fence.fail(errClosed) }

// dead reports whether the connection has ended.
func (r *rpcConn) dead() bool {
	select {
	case <-r.fence.done:
		return true
	default:
		return false
	}
}

type answer[T any] struct {
	value T
	err   error
}

// call runs one RPC call and returns by the end of ctx or of the deed's limit even
// when the library does not. A call past its limit ends the connection; one whose
// ctx ended is left to itself and keeps its slot until the server answers.
func call[T any](ctx context.Context, r *rpcConn, d deed, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	var zero T
	if ctx.Err() != nil { // below an answer that is there already could come first
		return zero, d.failed(ctx.Err())
	}
	timer := time.NewTimer(d.limit)
	defer timer.Stop()
	select {
	case r.slots <- struct{}{}:
	case <-r.fence.done:
		return zero, d.unreachable(r.fence.cause)
	case <-ctx.Done():
		return zero, d.failed(ctx.Err())
	case <-timer.C:
		return zero, d.unreachable(fmt.Errorf("%d earlier calls are still unanswered after %v", maxInFlight, d.limit))
	}
	out := start(r, fn)
	select {
	case a := <-out:
		return a.value, d.outcome(r, a.err)
	case <-ctx.Done():
		return zero, d.failed(ctx.Err())
	case <-r.fence.done:
		return last(r, d, out)
	case <-timer.C:
		r.fence.fail(fmt.Errorf("no answer to %q within %v", d.doing, d.limit))
		return zero, d.lost(r.fence.cause)
	}
}

// start runs fn and frees its slot when it returns.
func start[T any](r *rpcConn, fn func(*libvirt.Libvirt) (T, error)) <-chan answer[T] {
	out := make(chan answer[T], 1)
	report := func(err error) { out <- answer[T]{err: err} }
	guard.Go("libvirt call", report, func() {
		defer func() { <-r.slots }()
		v, err := fn(r.lv)
		out <- answer[T]{v, err}
	})
	return out
}

// last waits a moment for the answer that may have come in just before the
// connection ended.
func last[T any](r *rpcConn, d deed, out <-chan answer[T]) (T, error) {
	select {
	case a := <-out:
		return a.value, d.outcome(r, a.err)
	case <-time.After(500 * time.Millisecond):
		var zero T
		return zero, d.lost(r.fence.cause)
	}
}

// outcome turns the library's error into ours.
func (d deed) outcome(r *rpcConn, err error) error {
	if err == nil {
		return nil
	}
	if isTransport(err) {
		select {
		case <-r.fence.done:
			return d.lost(r.fence.cause)
		case <-time.After(2 * lastWords):
			return d.lost(err)
		}
	}
	return d.failed(err)
}

// lost is the error for a call whose answer did not come.
func (d deed) lost(cause error) error {
	if d.change {
		return &backend.Error{Class: backend.ClassLost, Doing: d.doing, Object: d.object,
			Message: "the answer was lost: " + cause.Error(), Err: cause}
	}
	return d.unreachable(cause)
}

// unreachable is the error for a call that was not answered, or never went out.
func (d deed) unreachable(cause error) error {
	return &backend.Error{Class: backend.ClassUnreachable, Doing: d.doing, Object: d.object,
		Message: cause.Error(), Err: cause}
}
