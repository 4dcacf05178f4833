package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// eventPage is how many events one answer may hold; the server allows 1000.
const eventPage = 500

// newEventCollector makes a collector of events, which single ESXi hosts have too: those
// don't implement QueryEvents. It belongs to the session; the server has only a few dozen
// for all clients, so it is destroyed with destroyEvents. The error is the server's.
func (c *Conn) newEventCollector(ctx context.Context, filter types.EventFilterSpec) (moref, error) {
	res, err := methods.CreateCollectorForEvents(ctx, c.vc, &types.CreateCollectorForEvents{
		This: *c.vc.ServiceContent.EventManager, Filter: filter,
	})
	if err != nil {
		return moref{}, err
	}
	return res.Returnval, nil
}

// destroyEvents is best effort: the session's end does it too.
func (c *Conn) destroyEvents(collector moref) {
	ctx, cancel := c.bounded(context.Background(), logoutTimeout)
	defer cancel()
	_, _ = methods.DestroyCollector(ctx, c.vc, &types.DestroyCollector{This: collector})
}

// latestEvents are the newest events of a collector, at most max (1 to 1000), newest
// first. Source: EventHistoryCollector.latestPage.
func (c *Conn) latestEvents(ctx context.Context, collector moref, most int32) ([]types.BaseEvent, error) {
	_, err := methods.SetCollectorPageSize(ctx, c.vc, &types.SetCollectorPageSize{This: collector, MaxCount: most})
	if err != nil {
		return nil, err
	}
	var found []types.BaseEvent
	spec := refSpec([]moref{collector}, []types.PropertySpec{{Type: collector.Type, PathSet: []string{"latestPage"}}})
	err = c.retrieve(ctx, spec, func(page []types.ObjectContent) {
		for _, o := range page {
			found = as[types.ArrayOfEvent](propsOf(o)["latestPage"]).Event
		}
	})
	return found, err
}

// nextEvents are the events that came since the call before, oldest first.
func (c *Conn) nextEvents(ctx context.Context, collector moref) ([]types.BaseEvent, error) {
	res, err := methods.ReadNextEvents(ctx, c.vc, &types.ReadNextEvents{This: collector, MaxCount: eventPage})
	if err != nil {
		return nil, err
	}
	return res.Returnval, nil
}
