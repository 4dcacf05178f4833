package vsphere

import (
	"cmp"
	"context"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// eventsMost is how many events are asked for at most; the server's own limit.
const eventsMost = 1000

// EventsOf implements backend.EventReader. With the zero reference of a kind, they are
// those of the whole inventory.
func (c *Conn) EventsOf(ctx context.Context, r backend.Ref, most int) ([]backend.Event, error) {
	const doing = "read the events of"
	name, entity := c.end.shown(), c.vc.ServiceContent.RootFolder
	if r.Kind != backend.KindNone {
		name, entity = c.names.name(r.ID), c.moref(r)
	}
	if c.vc.ServiceContent.EventManager == nil {
		return nil, backend.Refuse(backend.ClassUnsupported, doing, name, "the server keeps no events")
	}
	if most <= 0 {
		return nil, nil
	}
	filter := types.EventFilterSpec{Entity: &types.EventFilterSpecByEntity{Entity: entity, Recursion: types.EventFilterSpecRecursionOptionAll}}
	if entity == c.vc.ServiceContent.RootFolder {
		filter.Entity = nil // all there are, also those about no object
	}
	var found []types.BaseEvent
	err := c.read(ctx, doing, name, func(ctx context.Context) error {
		collector, err := c.newEventCollector(ctx, filter)
		if err != nil {
			return err
		}
		defer c.destroyEvents(collector)
		found, err = c.latestEvents(ctx, collector, int32(min(most, eventsMost))) //nolint:gosec // small
		return err
	})
	if err != nil {
		return nil, err
	}
	// The order of a page is not promised.
	slices.SortFunc(found, func(a, b types.BaseEvent) int { return cmp.Compare(b.GetEvent().Key, a.GetEvent().Key) })
	kinds := c.eventKinds(ctx)
	events := make([]backend.Event, 0, len(found))
	for _, e := range found[:min(len(found), most)] {
		events = append(events, c.event(e, kinds))
	}
	return events, nil
}
