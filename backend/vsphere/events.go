package vsphere

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

const (
	eventHistory = time.Minute // told of before the connection was made
	eventLimit   = 200         // told at once
)

// eventMark is the newest event told by a dialer's connections. The next connection
// goes on from there: a log that is told twice can't be read.
type eventMark struct {
	mu  sync.Mutex
	key int32
	at  time.Time // the server's clock
}

// start is where a connection made then, by the server's clock, begins to tell. Keys
// only grow while a server runs: a mark in its future is of another life.
func (m *eventMark) start(dialled time.Time) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.at.After(dialled) {
		m.key, m.at = 0, time.Time{}
	}
	if begin := dialled.Add(-eventHistory); m.at.Before(begin) {
		return begin
	}
	return m.at
}

func (m *eventMark) told(e *types.Event) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return e.Key <= m.key && !e.CreatedTime.After(m.at)
}

func (m *eventMark) set(e *types.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.key, m.at = e.Key, e.CreatedTime
}

// eventFeed fetches the events since the last one that was told.
type eventFeed struct {
	c     *Conn
	mark  *eventMark
	since time.Time // the server's clock
	off   bool      // the server has no queries for events
}

func newEventFeed(c *Conn) *eventFeed {
	return &eventFeed{c: c, mark: c.mark, since: c.mark.start(c.dialled), off: c.vc.ServiceContent.EventManager == nil}
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
	err = send(ctx, feed, func(context.Context) error {
		for _, e := range news[max(0, len(news)-eventLimit):] {
			w.emit(backend.Happened{Event: f.c.event(e)})
		}
		return nil
	})
	if err == nil { // else they are told by the next feed
		last := news[len(news)-1].GetEvent()
		f.mark.set(last)
		f.since = last.CreatedTime
	}
	return err
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
func (f *eventFeed) news(found []types.BaseEvent) []types.BaseEvent {
	slices.SortFunc(found, func(a, b types.BaseEvent) int { return cmp.Compare(a.GetEvent().Key, b.GetEvent().Key) })
	return slices.DeleteFunc(found, func(b types.BaseEvent) bool {
		e := b.GetEvent()
		return e.CreatedTime.Before(f.since) || f.mark.told(e)
	})
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
