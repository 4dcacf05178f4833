package mem

import (
	"context"
	"slices"
	"time"
)

// Call names a method for Fail.
type Call string

// The calls.
const (
	CallAny   Call = ""
	CallDial  Call = "dial"
	CallList  Call = "list"
	CallGet   Call = "get"
	CallStats Call = "stats"
	CallNode  Call = "node"
	CallWatch Call = "watch"
	CallDo    Call = "do"

	CallDefinition Call = "definition"
	CallDocument   Call = "document"
	CallSecret     Call = "secret"
)

// faults are what is wrong with the server. Guarded by Hypervisor.mu.
type faults struct {
	frozen  chan struct{} // closed by Thaw; nil when not frozen
	refused error
	latency time.Duration
	next    []fault
	count   map[Call]int
}

type fault struct {
	call Call
	err  error
}

// Freeze lets every call hang, and every watcher hear nothing, until Thaw or until
// the context of the call ends.
func (h *Hypervisor) Freeze() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.faults.frozen == nil {
		h.faults.frozen = make(chan struct{})
	}
}

// Thaw ends Freeze.
func (h *Hypervisor) Thaw() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.faults.frozen != nil {
		close(h.faults.frozen)
		h.faults.frozen = nil
	}
}

// Fail lets the next call of this name fail with err; CallAny means the next of
// any name. Several are kept in order. A *backend.Error keeps its class.
func (h *Hypervisor) Fail(what Call, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults.next = append(h.faults.next, fault{what, err})
}

// Refuse lets every Dial fail with err until called with nil.
func (h *Hypervisor) Refuse(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults.refused = err
}

// Latency lets every call take d longer.
func (h *Hypervisor) Latency(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.faults.latency = d
}

// Drop cuts every open connection: Watch and pending calls fail, operations under
// way come to their end at the server without their answer getting through. New
// connections work.
func (h *Hypervisor) Drop() {
	h.mu.Lock()
	var open []*conn
	for c := range h.conns {
		open = append(open, c)
	}
	h.mu.Unlock()
	for _, c := range open {
		c.drop(errDropped)
	}
}

// Open is how many connections there are.
func (h *Hypervisor) Open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.conns)
}

// Calls is how often a call was made since New.
func (h *Hypervisor) Calls(what Call) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.faults.count[what]
}

// hindered holds a call up for as long as the faults say, and gives the error they
// ask for. c is nil for Dial.
func (h *Hypervisor) hindered(ctx context.Context, c *conn, what Call) error {
	if c != nil && c.ctx.Err() != nil {
		return context.Cause(c.ctx)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	latency, err := h.nextFault(what)
	if err != nil {
		return err
	}
	if latency > 0 {
		if err := h.cfg.Wait(ctx, latency); err != nil {
			return err
		}
	}
	return h.thawed(ctx)
}

func (h *Hypervisor) nextFault(what Call) (time.Duration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.faults.count == nil {
		h.faults.count = map[Call]int{}
	}
	h.faults.count[what]++
	if what == CallDial && h.faults.refused != nil {
		return 0, h.faults.refused
	}
	i := slices.IndexFunc(h.faults.next, func(f fault) bool { return f.call == what || f.call == CallAny })
	if i < 0 {
		return h.faults.latency, nil
	}
	err := h.faults.next[i].err
	h.faults.next = slices.Delete(h.faults.next, i, i+1)
	return 0, err
}

// thawed waits until the server is not frozen.
func (h *Hypervisor) thawed(ctx context.Context) error {
	h.mu.Lock()
	frozen := h.faults.frozen
	h.mu.Unlock()
	if frozen == nil {
		return nil
	}
	select {
	case <-frozen:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
