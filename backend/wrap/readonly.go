package wrap

import (
	"context"

	"hvdeck/backend"
)

// ReadOnly refuses every operation with ClassDenied before the server is asked,
// whatever the server would allow, and says so in Caps. Closing it closes b.
//
// Optional interfaces found by backend.As pass this layer, except those that can
// change something or give a secret away; definitions come without their passwords.
func ReadOnly(b backend.Backend) backend.Backend {
	r := readOnly{b}
	if d, ok := backend.As[backend.Definer](b); ok {
		return reading{r, d}
	}
	return r
}

type readOnly struct{ backend.Backend }

// Unwrap implements backend.Unwrapper.
func (r readOnly) Unwrap() backend.Backend { return r.Backend }

// Caps implements backend.Backend.
func (r readOnly) Caps() backend.Caps {
	c := r.Backend.Caps()
	c.ReadOnly = true
	return c
}

// Do implements backend.Backend.
func (r readOnly) Do(_ context.Context, op backend.Op, _ backend.Progress) (backend.Result, error) {
	return backend.Result{}, refuseWrite(op.Title())
}
