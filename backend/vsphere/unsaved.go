package vsphere

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"hvdeck/backend"
)

// errTrustedOther is that somebody else trusted another certificate of the same server.
var errTrustedOther = errors.New("another certificate was trusted meanwhile")

// unsaved is the thumbprint of a certificate that the operator trusts and that could not
// be remembered; the zero value has none. It is safe for concurrent use.
type unsaved struct {
	mu   sync.Mutex
	mark string
}

func (u *unsaved) get() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.mark
}

func (u *unsaved) keep(mark string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.mark = mark
}

// remember writes down what the operator trusts. Where there is no room for it, it counts
// until the program ends: asking again at each attempt would help nobody.
func (d *dialer) remember(ctx context.Context, mark string) error {
	err := addKnown(ctx, d.opts.KnownHosts, d.end.addr(), mark)
	if errors.Is(err, errTrustedOther) {
		return d.refuse(backend.ClassOther, "can't remember the certificate: "+err.Error(), "")
	}
	if err == nil {
		return nil
	}
	d.unsaved.keep(mark)
	var at *os.PathError
	if errors.As(err, &at) {
		err = at.Err // the path stands at the end, where it may be cut off
	}
	if d.opts.Unwritten != nil {
		d.opts.Unwritten(fmt.Errorf("%s is trusted until hvdeck ends, its certificate can't be remembered: %w; make room or make it writable: %s",
			d.end.addr(), err, d.opts.KnownHosts))
	}
	return nil
}
