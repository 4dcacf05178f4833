package libvirt

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// The procedures that carry events, and how they begin: a callback id, then the
// object. Source: libvirt's remote_protocol.x.
const (
	procDomainLifecycle  = 318
	procDomainReboot     = 319
	procDomainWatchdog   = 321
	procDomainIOError    = 324
	procDomainDeviceGone = 333
	procDomainTunable    = 346
	procDomainDeviceNew  = 354
	procDomainMetadata   = 379
	procNetworkLifecycle = 315
	procPoolLifecycle    = 370
	procPoolRefresh      = 373
	procDeviceLifecycle  = 376
	procDeviceUpdate     = 377
	procSecretLifecycle  = 382
	procSecretValue      = 383
	procConnectionClosed = 362
)

// domainEvents are the events to ask for, of virDomainEventID. Others are too many
// (the clock of a guest) or tell nothing that a list shows.
func domainEvents() []libvirt.DomainEventID {
	return []libvirt.DomainEventID{
		libvirt.DomainEventIDLifecycle, libvirt.DomainEventIDReboot, libvirt.DomainEventIDWatchdog,
		libvirt.DomainEventIDIoErrorReason, libvirt.DomainEventIDControlError, libvirt.DomainEventIDBlockJob2,
		libvirt.DomainEventIDDiskChange, libvirt.DomainEventIDTrayChange, libvirt.DomainEventIDPmwakeup,
		libvirt.DomainEventIDPmsuspend, libvirt.DomainEventIDPmsuspendDisk, libvirt.DomainEventIDDeviceRemoved,
		libvirt.DomainEventIDTunable, libvirt.DomainEventIDAgentLifecycle, libvirt.DomainEventIDDeviceAdded,
		libvirt.DomainEventIDJobCompleted, libvirt.DomainEventIDMetadataChange,
	}
}

// maxNamed is how many changed objects of a kind are named; with more, the whole
// list is asked for.
const maxNamed = 200

// maxHappened bounds the log entries that wait for the watcher.
const maxHappened = 1000

// eventBox gathers events until the watcher takes them. It never blocks the reader
// and never grows without bound.
type eventBox struct {
	c     *client
	ready chan struct{} // holds one when something waits
	rate  eventRate     // of the reading goroutine

	mu       sync.Mutex
	skipped  int                              // events that were not read
	changed  map[backend.Kind]map[string]bool // nil set: the whole list
	pools    map[string]bool                  // whose volumes have changed
	happened []backend.Event
}

// news is what the box held.
type news struct {
	changed  map[backend.Kind]map[string]bool
	pools    map[string]bool
	happened []backend.Event
	skipped  int
}

func newEventBox(c *client) *eventBox {
	return &eventBox{c: c, ready: make(chan struct{}, 1), changed: make(map[backend.Kind]map[string]bool), pools: make(map[string]bool)}
}

// take empties the box.
func (b *eventBox) take() news {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := news{b.changed, b.pools, b.happened, b.skipped}
	b.skipped = 0
	b.changed, b.pools, b.happened = make(map[backend.Kind]map[string]bool), make(map[string]bool), nil
	return n
}

// touchVolumes marks the volumes of one pool as changed.
func (b *eventBox) touchVolumes(pool string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pools) < maxNamed {
		b.pools[pool] = true
	} else {
		b.changed[backend.KindVolume] = nil
	}
	b.wake()
}

// touch marks an object as changed; an empty id stands for the whole list.
func (b *eventBox) touch(k backend.Kind, id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	set, known := b.changed[k]
	switch {
	case known && set == nil:
	case id == "" || len(set) >= maxNamed:
		b.changed[k] = nil
	case set == nil:
		b.changed[k] = map[string]bool{id: true}
	default:
		set[id] = true
	}
	b.wake()
}

func (b *eventBox) wake() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

// tell adds a line for the log.
func (b *eventBox) tell(object backend.Ref, name, text string, severity backend.Severity) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.happened) >= maxHappened {
		b.happened = b.happened[1:]
	}
	b.happened = append(b.happened, backend.Event{At: time.Now(), Conn: b.c.id, Object: object, Name: name, Text: text, Severity: severity})
	b.wake()
}

// receive takes one event frame in, on the connection's reading goroutine. What can't
// be read is left out: the next poll shows it. Of a flood only the first are read.
func (b *eventBox) receive(procedure uint32, payload []byte) {
	if !b.rate.room(time.Now()) {
		b.skip()
		return
	}
	r := &xdrReader{buf: payload}
	switch procedure {
	case procNetworkLifecycle:
		r.int()
		name, id := r.string(), libvirt.UUID(r.uuid())
		b.network(name, id, int64(r.int()), r.err)
	case procDeviceLifecycle, procDeviceUpdate:
		b.device(procedure, r)
	case procSecretLifecycle, procSecretValue:
		b.secret(procedure, r)
	case procPoolLifecycle, procPoolRefresh:
		r.int()
		name, id := r.string(), libvirt.UUID(r.uuid())
		b.pool(procedure, name, id, r)
	case procConnectionClosed:
		for _, k := range b.c.caps.Kinds {
			b.touch(k, "")
		}
	default:
		b.domain(procedure, r)
	}
}

func (b *eventBox) network(name string, id libvirt.UUID, event int64, err error) {
	if err != nil {
		return
	}
	b.c.networks.forget(id)
	b.touch(backend.KindNetwork, uuidText(id))
	b.tell(b.c.ref(backend.KindNetwork, uuidText(id)), name,
		"network "+word(event, "defined", "undefined", "started", "stopped"), backend.SeverityInfo)
}

func (b *eventBox) pool(procedure uint32, name string, id libvirt.UUID, r *xdrReader) {
	what := "refreshed"
	if procedure == procPoolLifecycle {
		what = word(int64(r.int()), "defined", "undefined", "started", "stopped", "created", "deleted")
	}
	if r.err != nil {
		return
	}
	b.c.volumesChanged(id)
	b.touch(backend.KindPool, uuidText(id))
	b.touchVolumes(uuidText(id))
	b.tell(b.c.poolRef(id), name, "pool "+what, backend.SeverityInfo)
}

// device deals with the devices of the host. Network devices are its interfaces too,
// which have no events of their own.
func (b *eventBox) device(procedure uint32, r *xdrReader) {
	r.int()
	name, what := r.string(), "changed"
	if procedure == procDeviceLifecycle {
		what = word(int64(r.int()), "added", "removed", "defined", "undefined")
	}
	if r.err != nil {
		return
	}
	b.touch(backend.KindNodeDevice, name)
	if strings.HasPrefix(name, "net_") {
		b.touch(backend.KindInterface, "")
	}
	b.tell(b.c.ref(backend.KindNodeDevice, name), name, "device "+what, backend.SeverityInfo)
}

// secret deals with secrets; their values are in no event.
func (b *eventBox) secret(procedure uint32, r *xdrReader) {
	r.int()
	id := libvirt.UUID(r.uuid())
	r.int() // what it is used for
	name, what := r.string(), "value changed"
	if procedure == procSecretLifecycle {
		what = word(int64(r.int()), "defined", "undefined")
	}
	if r.err != nil {
		return
	}
	if name == "" {
		name = uuidText(id)
	}
	b.touch(backend.KindSecret, uuidText(id))
	b.tell(b.c.ref(backend.KindSecret, uuidText(id)), name, "secret "+what, backend.SeverityInfo)
}

// domain deals with every event about a domain: they all begin alike.
func (b *eventBox) domain(procedure uint32, r *xdrReader) {
	r.int()
	name, id := r.string(), libvirt.UUID(r.uuid())
	r.int()
	if r.err != nil {
		return
	}
	vm := b.c.vmRef(id)
	b.touch(backend.KindVM, vm.ID)
	b.c.domainTouched(procedure, id)
	switch procedure {
	case procDomainLifecycle:
		b.lifecycle(vm, name, id, int64(r.int()), int64(r.int()))
	case procDomainReboot:
		b.tell(vm, name, "rebooted", backend.SeverityInfo)
	case procDomainWatchdog:
		b.tell(vm, name, "its watchdog fired", backend.SeverityWarning)
	case procDomainIOError:
		disk := r.string()
		b.tell(vm, name, fmt.Sprintf("I/O error on %s", disk), backend.SeverityError)
	case procDomainDeviceGone:
		b.c.addresses.forget(id)
		b.tell(vm, name, "device removed: "+r.string(), backend.SeverityInfo)
	case procDomainDeviceNew:
		b.c.addresses.forget(id)
		b.tell(vm, name, "device added: "+r.string(), backend.SeverityInfo)
	case procDomainTunable:
		b.c.configs.forget(id)
	case procDomainMetadata:
		b.tell(vm, name, "title or description changed", backend.SeverityInfo)
	}
}

// lifecycle words virDomainEventType and its details.
func (b *eventBox) lifecycle(vm backend.Ref, name string, id libvirt.UUID, event, detail int64) {
	severity := backend.SeverityInfo
	text := word(event, "defined", "undefined", "started", "paused", "resumed", "stopped", "shut down", "sleeps", "crashed")
	var why string
	switch libvirt.DomainEventType(event) { //nolint:gosec // an enum
	case libvirt.DomainEventDefined:
		why = word(detail, "", "changed", "renamed", "from snapshot")
		b.c.addresses.forget(id)
		b.c.configs.forget(id)
	case libvirt.DomainEventUndefined:
		b.c.addresses.forget(id)
		b.c.configs.forget(id)
		b.c.snapshots.forget(id)
	case libvirt.DomainEventStarted:
		b.c.addresses.forget(id)
		why = word(detail, "", "migrated", "restored", "from snapshot", "woken up")
		b.c.configs.forget(id)
	case libvirt.DomainEventSuspended:
		why = word(detail, "", "migrating", "I/O error", "watchdog", "restored", "from snapshot", "API error", "post-copy", "post-copy failed")
		if detail == 2 || detail == 3 {
			severity = backend.SeverityError
		}
	case libvirt.DomainEventStopped:
		why = word(detail, "shut down", "destroyed", "crashed", "migrated", "saved", "failed", "from snapshot")
		if detail == 2 || detail == 5 {
			severity = backend.SeverityError
		}
		b.c.configs.forget(id)
	case libvirt.DomainEventCrashed:
		severity = backend.SeverityError
	}
	if why != "" {
		text += " (" + why + ")"
	}
	b.touch(backend.KindHost, b.c.node.ref.ID)
	b.tell(vm, name, text, severity)
}
