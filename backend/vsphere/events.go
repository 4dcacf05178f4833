package vsphere

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

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
	c         *Conn
	mark      *eventMark
	since     time.Time // the server's clock
	collector moref     // zero: none yet
	session   int       // the login that the collector belongs to
	off       bool      // the server keeps no events
}

func newEventFeed(c *Conn) *eventFeed {
	return &eventFeed{c: c, mark: c.mark, since: c.mark.start(c.dialled), off: c.vc.ServiceContent.EventManager == nil}
}

// poll tells the new events. A server that can't be asked costs the log its
// events and nothing else; that is said once.
func (f *eventFeed) poll(ctx context.Context, w *watch, feed chan<- func(context.Context) error) error {
	for !f.off {
		found, err := f.next(ctx)
		if err != nil {
			return f.failed(ctx, err, w, feed)
		}
		if err := f.tell(ctx, found, w, feed); err != nil {
			return err
		}
		if len(found) < eventPage {
			return nil
		}
	}
	return nil
}

// next asks the collector, which is made at the first call of a session: that begins
// with what was told last.
func (f *eventFeed) next(ctx context.Context) (found []types.BaseEvent, err error) {
	if login := f.c.generation(); login != f.session {
		f.collector, f.session = moref{}, login
	}
	err = f.c.once(ctx, beatTimeout, func(ctx context.Context) error {
		if f.collector.Value == "" {
			filter := types.EventFilterSpec{Time: &types.EventFilterSpecByTime{BeginTime: &f.since}}
			if f.collector, err = f.c.newEventCollector(ctx, filter); err != nil {
				return err
			}
		}
		found, err = f.c.nextEvents(ctx, f.collector)
		return err
	})
	if notFound(err) {
		f.collector = moref{}
		return nil, errors.Join(errStale, err)
	}
	return found, err
}

// tell hands the news to the goroutine of Watch.
func (f *eventFeed) tell(ctx context.Context, found []types.BaseEvent, w *watch, feed chan<- func(context.Context) error) error {
	news := f.news(found)
	if len(news) == 0 {
		return nil
	}
	kinds := f.c.eventKinds(ctx)
	err := send(ctx, feed, func(context.Context) error {
		for _, e := range news[max(0, len(news)-eventLimit):] {
			w.emit(backend.Happened{Event: f.c.event(e, kinds)})
		}
		return nil
	})
	if err == nil { // else they are told by the next feed
		if slices.ContainsFunc(news, ofAlarm) {
			f.c.alarms.change()
		}
		last := news[len(news)-1].GetEvent()
		f.mark.set(last)
		f.since = last.CreatedTime
	}
	return err
}

// ofAlarm tells whether an event is about an alarm: it was triggered, cleared,
// acknowledged, defined anew.
func ofAlarm(b types.BaseEvent) bool {
	_, ok := b.(types.BaseAlarmEvent)
	return ok
}

// failed lets a dead session or connection end the watch; a server that refuses
// the query is not asked again.
func (f *eventFeed) failed(ctx context.Context, err error, w *watch, feed chan<- func(context.Context) error) error {
	if sessionEnded(err) || faultOf(err) == nil || errors.Is(err, errStale) {
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

// event is the neutral form of an event. Of what it is about the nearest to a VM counts.
func (c *Conn) event(b types.BaseEvent, kinds eventKinds) backend.Event {
	e := b.GetEvent()
	out := backend.Event{
		At: c.ours(e.CreatedTime), Conn: c.opts.ID, Text: e.FullFormattedMessage, User: e.UserName, Severity: kinds.severity(b),
	}
	if out.Text == "" {
		out.Text = spaced(strings.TrimSuffix(eventType(b), "Event"))
	}
	about := func(ref moref, name string) { out.Object, out.Name = c.ref(kindOf(ref.Type), ref.Value), name }
	switch ex, _ := b.(*types.EventEx); {
	case e.Vm != nil:
		about(e.Vm.Vm, e.Vm.Name)
	case e.Host != nil:
		about(e.Host.Host, e.Host.Name)
	case e.Ds != nil:
		about(e.Ds.Datastore, e.Ds.Name)
	case e.Net != nil:
		about(e.Net.Network, e.Net.Name)
	case e.ComputeResource != nil:
		about(e.ComputeResource.ComputeResource, e.ComputeResource.Name)
	case ex != nil && ex.ObjectId != "":
		ref := moref{Type: strings.TrimPrefix(ex.ObjectType, "vim."), Value: ex.ObjectId}
		about(ref, orDefault(ex.ObjectName, c.names.name(ref.Value)))
	}
	if out.Object.Kind == backend.KindNone {
		out.Object = backend.Ref{}
	}
	return out
}
