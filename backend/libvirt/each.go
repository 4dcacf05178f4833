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

// readEach reads the items that are wanted, a few at a time, in no order; one that vanished
// meanwhile is left out. With want nil all are.
func readEach[T, O any](ctx context.Context, want map[string]bool, items []T, id func(T) string, one func(context.Context, T) (O, error)) ([]O, error) {
	var mu sync.Mutex
	page := make([]O, 0, len(items))
	err := each(ctx, items, func(ctx context.Context, item T) error {
		if want != nil && !want[id(item)] {
			return nil
		}
		o, err := one(ctx, item)
		if err != nil {
			return ignoreGone(err)
		}
		mu.Lock()
		defer mu.Unlock()
		page = append(page, o)
		return nil
	})
	return page, err
}

// emitEach reads the objects that a query wants and hands them over in one page.
func emitEach[T any](ctx context.Context, q backend.Query, items []T, id func(T) string,
	one func(context.Context, T) (backend.Object, error), emit func([]backend.Object)) error {
	page, err := readEach(ctx, wanted(q), items, id, one)
	if err == nil {
		emit(page)
	}
	return err
}

func sortShares(cpus []backend.CPUShare) {
	slices.SortFunc(cpus, func(a, b backend.CPUShare) int { return cmp.Compare(a.ID, b.ID) })
}
