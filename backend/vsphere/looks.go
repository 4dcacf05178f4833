package vsphere

import (
	"context"
	"time"
)

// Between two looks at what the server is busy with. Most of it is done soon.
const (
	lookFirst = 50 * time.Millisecond
	lookLater = time.Second
)

// looks spaces the looks at something: often at first, then as lookLater says. The zero
// value is ready; it is for one goroutine.
type looks struct{ pause time.Duration }

// next waits until the next look is due. The error is ctx's when that ends first, and
// errClosed when the connection does, of which life is the context.
func (l *looks) next(ctx, life context.Context) error {
	l.pause = min(max(l.pause*3/2, lookFirst), lookLater)
	timer := time.NewTimer(l.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-life.Done():
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
