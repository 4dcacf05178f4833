package vsphere

import (
	"context"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// eventKinds are the categories of the events by the name of their type, as the server
// has them. Source: EventManager.description.eventInfo.
type eventKinds map[string]string

// eventCatalogue is fetched once for a connection. Safe for concurrent use.
type eventCatalogue struct {
	mu    sync.Mutex
	asked bool
	kinds eventKinds
}

// eventKinds fetches the catalogue at the first call. Where that fails the names of the
// types have to do: it is not asked for again, as it is large.
func (c *Conn) eventKinds(ctx context.Context) eventKinds {
	c.catalogue.mu.Lock()
	defer c.catalogue.mu.Unlock()
	if c.catalogue.asked || c.vc.ServiceContent.EventManager == nil {
		return c.catalogue.kinds
	}
	got, err := c.retrieveOne(ctx, "read the kinds of events of", *c.vc.ServiceContent.EventManager, "description.eventInfo")
	if ctx.Err() != nil {
		return nil
	}
	c.catalogue.asked = true
	if err == nil {
		c.catalogue.kinds = kindsOf(as[types.ArrayOfEventDescriptionEventDetail](got["description.eventInfo"]).EventDescriptionEventDetail)
	}
	return c.catalogue.kinds
}

// kindsOf sorts the catalogue. All events of extensions have the key EventEx or
// ExtendedEvent there; their own names stand before the format.
func kindsOf(details []types.EventDescriptionEventDetail) eventKinds {
	kinds := make(eventKinds, len(details))
	for _, d := range details {
		name := d.Key
		if name == "EventEx" || name == "ExtendedEvent" {
			id, _, ok := strings.Cut(d.FullFormat, "|")
			if !ok {
				continue
			}
			name = id
		}
		kinds[name] = d.Category
	}
	return kinds
}

// eventType is the name of an event's type.
func eventType(b types.BaseEvent) string {
	switch e := b.(type) {
	case *types.EventEx:
		return e.EventTypeId
	case *types.ExtendedEvent:
		return e.EventTypeId
	default:
		return typeName(b)
	}
}

// severity is the event's own, else that of its kind, else told by the type's name.
func (k eventKinds) severity(b types.BaseEvent) backend.Severity {
	name := eventType(b)
	category := k[name]
	if ex, ok := b.(*types.EventEx); ok && ex.Severity != "" {
		category = ex.Severity
	}
	switch category {
	case "error":
		return backend.SeverityError
	case "warning":
		return backend.SeverityWarning
	case "info", "user":
		return backend.SeverityInfo
	}
	return severityNamed(name)
}

// severityNamed judges an event by its name, where the server does not say.
func severityNamed(name string) backend.Severity {
	for _, word := range []string{"Failed", "Failure", "Error", "Lost"} {
		if strings.Contains(name, word) {
			return backend.SeverityError
		}
	}
	for _, word := range []string{"Warning", "Alarm", "Disconnected", "Bad"} {
		if strings.Contains(name, word) {
			return backend.SeverityWarning
		}
	}
	return backend.SeverityInfo
}
