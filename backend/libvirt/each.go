package libvirt

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// each runs fn for every item, as many at a time as the connection allows, and
// gives the first error; the rest is then left out.
func each[T any](ctx context.Context, items []T, fn func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan T)
	var wait sync.WaitGroup
	for range min(len(items), maxInFlight) {
		wait.Add(1)
		guard.Go("libvirt list", cancel, func() {
			defer wait.Done()
			for item := range next {
				if ctx.Err() != nil {
					continue
				}
				if err := fn(ctx, item); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, item := range items {
		select {
		case next <- item:
		case <-ctx.Done():
		}
	}
	close(next)
	wait.Wait()
	if ctx.Err() != nil {
		return asBackendError(context.Cause(ctx), "list")
	}
	return nil
}

func sortShares(cpus []backend.CPUShare) {
	slices.SortFunc(cpus, func(a, b backend.CPUShare) int { return cmp.Compare(a.ID, b.ID) })
}
