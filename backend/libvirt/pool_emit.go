package libvirt

import (
	"context"
	"sync"

	"hvdeck/backend"
)

// emitEach reads the objects that a query wants, a few at a time, and hands them over
// in one page; one that vanished meanwhile is left out.
func emitEach[T any](ctx context.Context, q backend.Query, items []T, id func(T) string,
	one func(context.Context, T) (backend.Object, error), emit func([]backend.Object)) error {
	want := wanted(q)
	var mu sync.Mutex
	page := make([]backend.Object, 0, len(items))
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
	if err == nil {
		emit(page)
	}
	return err
}
