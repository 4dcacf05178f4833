package vsphere

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

const (
	eventHistory = 15 * time.Minute // told when the watch starts
	eventLimit   = 200              // told at once
)

// eventFeed fetches the events since the last one it saw.
type eventFeed struct {
	c     *Conn
	since time.Time // the server's clock
	last  int32     // key of the newest event told
	off   bool      // the server has no queries for events
}

func newEventFeed(c *Conn) *eventFeed {
	return &eventFeed{c: c, since: time.Now().Add(c.about.ServerTime - eventHistory), off: c.vc.ServiceContent.EventManager == nil}
}

// poll tells the new events. A server that can't be asked costs the log its
// events and nothing else; that is said once.
func (f *eventFeed) poll(ctx context.Context, w *watch, feed chan<- func(context.Context) error) error {
	if f.off {
		return nil
	}
	var found []types.BaseEvent
	err := f.c.once(ctx, beatTimeout, func(ctx context.Context) error {
		res, err := methods.QueryEvents(ctx, f.c.vc, &types.QueryEvents{
			This:   *f.c.vc.ServiceContent.EventManager,
			Filter: types.EventFilterSpec{Time: &types.EventFilterSpecByTime{BeginTime: &f.since}},
		})
		if err == nil {
			found = res.Returnval
		}
		return err
	})
	if err != nil {
		return f.failed(ctx, err, w, feed)
	}
	news := f.news(found)
	if len(news) == 0 {
		return nil
	}
	return send(ctx, feed, func(context.Context) error {
		for _, e := range news {
			w.emit(backend.Happened{Event: e})
		}
		return nil
	})
}

// failed lets a dead session or connection end the watch; a server that refuses
// the query is not asked again.
func (f *eventFeed) failed(ctx context.Context, err error, w *watch, feed chan<- func(context.Context) error) error {
	if sessionEnded(err) || faultOf(err) == nil {
		return err
	}
	f.off = true
	e := backend.Event{At: time.Now(), Conn: f.c.opts.ID, Severity: backend.SeverityInfo,
		Text: "no events from this server: " + faultWords(faultOf(err), faultText(err))}
	return send(ctx, feed, func(context.Context) error { w.emit(backend.Happened{Event: e}); return nil })
}

// news are the events not told yet, oldest first.
func (f *eventFeed) news(found []types.BaseEvent) []backend.Event {
	slices.SortFunc(found, func(a, b types.BaseEvent) int { return int(a.GetEvent().Key - b.GetEvent().Key) })
	var list []backend.Event
	for _, b := range found {
		e := b.GetEvent()
		if e.Key <= f.last {
			continue
		}
		f.last, f.since = e.Key, e.CreatedTime
		list = append(list, f.c.event(b))
	}
	return list[max(0, len(list)-eventLimit):]
}

func (c *Conn) event(b types.BaseEvent) backend.Event {
	e := b.GetEvent()
	out := backend.Event{
		At: e.CreatedTime, Conn: c.opts.ID, Text: e.FullFormattedMessage, User: e.UserName, Severity: severity(b),
	}
	if out.Text == "" {
		out.Text = spaced(strings.TrimSuffix(eventType(b), "Event"))
	}
	switch {
	case e.Vm != nil:
		out.Object, out.Name = c.ref(backend.KindVM, e.Vm.Vm.Value), e.Vm.Name
	case e.Host != nil:
		out.Object, out.Name = c.ref(backend.KindHost, e.Host.Host.Value), e.Host.Name
	case e.Ds != nil:
		out.Object, out.Name = c.ref(backend.KindPool, e.Ds.Datastore.Value), e.Ds.Name
	}
	return out
}

func eventType(b types.BaseEvent) string {
	if ex, ok := b.(*types.EventEx); ok {
		return ex.EventTypeId
	}
	return typeName(b)
}

// severity is the server's own where it has one, else told by the type's name.
func severity(b types.BaseEvent) backend.Severity {
	if ex, ok := b.(*types.EventEx); ok {
		switch ex.Severity {
		case "error":
			return backend.SeverityError
		case "warning":
			return backend.SeverityWarning
		}
	}
	name := eventType(b)
	switch {
	case strings.Contains(name, "Failed"), strings.Contains(name, "Failure"), strings.Contains(name, "Error"), strings.Contains(name, "Lost"):
		return backend.SeverityError
	case strings.Contains(name, "Warning"), strings.Contains(name, "Alarm"), strings.Contains(name, "Disconnected"), strings.Contains(name, "Bad"):
		return backend.SeverityWarning
	default:
		return backend.SeverityInfo
	}
}
