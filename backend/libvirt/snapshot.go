package libvirt

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// listSnapshots lists the snapshots of one VM, or of all. libvirt has no bulk call:
// the names cost a call, the current one another, and each snapshot's XML one more
// that is kept. Sources: virDomainListAllSnapshots, virDomainSnapshotCurrent,
// virDomainSnapshotGetXMLDesc.
func (c *client) listSnapshots(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	domains, err := c.snapshotOwners(ctx, q)
	if err != nil {
		return err
	}
	want := wanted(q)
	for _, d := range domains {
		found, err := c.snapshotsOf(ctx, d)
		if err != nil {
			// A VM that went away meanwhile has no snapshots; one that was asked
			// for by name is told.
			if backend.ClassOf(err) == backend.ClassNotFound && q.Parent.IsZero() {
				continue
			}
			return err
		}
		page := make([]backend.Object, 0, len(found))
		for _, s := range found {
			if want == nil || want[s.ID.ID] {
				page = append(page, s)
			}
		}
		if len(page) > 0 {
			emit(page)
		}
	}
	return nil
}

// snapshotOwners are the VMs whose snapshots a query asks for.
func (c *client) snapshotOwners(ctx context.Context, q backend.Query) ([]libvirt.Domain, error) {
	if !q.Parent.IsZero() {
		d, err := domainOf(q.Parent)
		return []libvirt.Domain{d}, err
	}
	if len(q.Refs) > 0 {
		return ownersOf(q.Refs)
	}
	return read(ctx, c, "list snapshots", "", func(lv *libvirt.Libvirt) ([]libvirt.Domain, error) {
		all, _, err := lv.ConnectListAllDomains(1, libvirt.ConnectListDomainsHasSnapshot)
		return all, err
	})
}

func ownersOf(refs []backend.Ref) ([]libvirt.Domain, error) {
	var domains []libvirt.Domain
	seen := make(map[libvirt.UUID]bool)
	for _, r := range refs {
		d, _, err := snapshotKey(r)
		if err != nil {
			return nil, err
		}
		if !seen[d.UUID] {
			seen[d.UUID] = true
			domains = append(domains, d)
		}
	}
	return domains, nil
}

// snapshotKey takes a snapshot's reference apart: its VM and its name.
func snapshotKey(r backend.Ref) (libvirt.Domain, string, error) {
	vm, name, ok := strings.Cut(r.ID, "/")
	if !ok || r.Kind != backend.KindSnapshot {
		return libvirt.Domain{}, "", backend.Refuse(backend.ClassNotFound, "find snapshot", "", "no snapshot has the id %q", r.ID)
	}
	d, err := domainOf(backend.Ref{Conn: r.Conn, Kind: backend.KindVM, ID: vm})
	return d, name, err
}

func (c *client) snapshotRef(vm libvirt.UUID, name string) backend.Ref {
	return c.ref(backend.KindSnapshot, uuidText(vm)+"/"+name)
}

func (c *client) snapshotsOf(ctx context.Context, d libvirt.Domain) ([]*backend.Snapshot, error) {
	listed, err := read(ctx, c, "list snapshots of", d.Name, func(lv *libvirt.Libvirt) ([]libvirt.DomainSnapshot, error) {
		all, _, err := lv.DomainListAllSnapshots(d, 1, uint32(libvirt.DomainSnapshotListTopological))
		return all, err
	})
	if err != nil {
		return nil, err
	}
	if len(listed) == 0 {
		c.snapshots.forget(d.UUID)
		return nil, nil
	}
	current, err := c.currentSnapshot(ctx, d)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(listed))
	for i, s := range listed {
		names[i] = s.Name
	}
	stale := c.snapshots.stale(d.UUID, names, time.Now())
	err = each(ctx, stale, func(ctx context.Context, name string) error { return c.readSnapshot(ctx, d, name) })
	if err != nil {
		return nil, err
	}
	objects := c.snapshotObjects(d.UUID, names, current)
	return objects, c.judgeSnapshots(ctx, d, objects)
}

// currentSnapshot is the name of the current snapshot; empty when there is none.
func (c *client) currentSnapshot(ctx context.Context, d libvirt.Domain) (string, error) {
	name, err := read(ctx, c, "list snapshots of", d.Name, func(lv *libvirt.Libvirt) (string, error) {
		s, err := lv.DomainSnapshotCurrent(d, 0)
		if hasCode(err, libvirt.ErrNoDomainSnapshot) {
			return "", nil
		}
		return s.Name, err
	})
	return name, err
}

// readSnapshot brings one snapshot's XML into the cache; one that has gone is left.
func (c *client) readSnapshot(ctx context.Context, d libvirt.Domain, name string) error {
	text, err := c.snapshotXML(ctx, d, name)
	if err != nil {
		if backend.ClassOf(err) == backend.ClassNotFound {
			return nil
		}
		return err
	}
	var x libvirtxml.DomainSnapshot
	if err := x.Unmarshal(text); err != nil {
		return &backend.Error{Doing: "read snapshot", Object: name, Message: "the server's XML: " + err.Error(), Err: err}
	}
	c.snapshots.put(d.UUID, name, snapshotFacts(&x), time.Now())
	return nil
}

func (c *client) snapshotXML(ctx context.Context, d libvirt.Domain, name string) (string, error) {
	return read(ctx, c, "read snapshot", name, func(lv *libvirt.Libvirt) (string, error) {
		return lv.DomainSnapshotGetXMLDesc(libvirt.DomainSnapshot{Name: name, Dom: d}, 0)
	})
}

// snapshotFacts is what an object needs of a snapshot's XML; references are not
// filled in.
func snapshotFacts(x *libvirtxml.DomainSnapshot) cachedSnapshot {
	s := cachedSnapshot{Snapshot: backend.Snapshot{Description: x.Description, DiskOnly: x.State == "disk-snapshot"}}
	if seconds, err := strconv.ParseInt(x.CreationTime, 10, 64); err == nil {
		s.Created = time.Unix(seconds, 0)
	}
	if x.Parent != nil {
		s.parent = x.Parent.Name
	}
	s.State = snapshotState(x.State)
	s.inside, s.Disks = insideDisks(x), snapshotDisks(x)
	s.Storage = snapshotStorage(x)
	return s
}

// snapshotState translates the state a domain was in. Source: virDomainSnapshotState.
func snapshotState(state string) backend.PowerState {
	switch state {
	case "running", "blocked":
		return backend.PowerOn
	case "paused":
		return backend.PowerPaused
	case "shutdown":
		return backend.PowerShuttingDown
	case "crashed":
		return backend.PowerCrashed
	case "pmsuspended":
		return backend.PowerSuspended
	case "shutoff", "disk-snapshot":
		return backend.PowerOff
	default:
		return backend.PowerUnknown
	}
}

// snapshotStorage tells where disks and memory were kept.
func snapshotStorage(x *libvirtxml.DomainSnapshot) backend.Storage {
	var internal, external bool
	note := func(kind string) {
		internal = internal || kind == "internal"
		external = external || kind == "external"
	}
	if x.Memory != nil {
		note(x.Memory.Snapshot)
	}
	if x.Disks != nil {
		for _, d := range x.Disks.Disks {
			note(d.Snapshot)
		}
	}
	switch {
	case internal && external:
		return backend.StorageMixed
	case internal:
		return backend.StorageInternal
	case external:
		return backend.StorageExternal
	default:
		return backend.StorageUnknown
	}
}

// snapshotObjects makes the objects of those that are in the cache.
func (c *client) snapshotObjects(vm libvirt.UUID, names []string, current string) []*backend.Snapshot {
	facts := c.snapshots.all(vm)
	objects := make([]*backend.Snapshot, 0, len(names))
	for _, name := range names {
		f, ok := facts[name]
		if !ok {
			continue
		}
		s := f.Snapshot
		s.Meta = backend.Meta{ID: c.snapshotRef(vm, name), Name: name, Parent: c.vmRef(vm)}
		if f.parent != "" {
			s.Up = c.snapshotRef(vm, f.parent)
		}
		s.Current = name == current
		objects = append(objects, &s)
	}
	backend.SetPaths(objects)
	return objects
}

// getSnapshot gives a snapshot's XML (S6), without secrets.
func (c *client) getSnapshot(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	d, name, err := snapshotKey(r)
	if err != nil {
		return nil, err
	}
	text, err := c.snapshotXML(ctx, d, name)
	if err != nil {
		return nil, err
	}
	detail := &backend.Detail{Ref: r, At: time.Now(), Raw: text}
	var x libvirtxml.DomainSnapshot
	if x.Unmarshal(text) != nil {
		return detail, nil //nolint:nilerr // XML of a kind we do not know is shown as it is
	}
	if x.Memory != nil && x.Memory.Snapshot != "" && x.Memory.Snapshot != "no" {
		detail.Fields = append(detail.Fields, backend.Field{Name: "Memory", Value: strings.TrimSpace(x.Memory.Snapshot + " " + x.Memory.File)})
	}
	if x.Disks != nil {
		for _, disk := range x.Disks.Disks {
			detail.Fields = append(detail.Fields, backend.Field{Name: "Disk " + disk.Name,
				Value: strings.TrimSpace(disk.Snapshot + " " + diskPath(disk.Source))})
		}
	}
	return detail, nil
}

// cachedSnapshot is a snapshot without its references.
type cachedSnapshot struct {
	backend.Snapshot
	parent string
	// inside are the images that hold it, by the name of their disk.
	inside map[string]string
	read   time.Time
}

// snapshotCache keeps what was read of snapshots, so that looking at a VM every
// second costs three calls however many it has.
type snapshotCache struct {
	mu sync.Mutex
	by map[libvirt.UUID]map[string]cachedSnapshot
}

// snapshotAge is when a snapshot is read again: others may redefine it, or delete
// and make it again under the same name, and no event tells.
const snapshotAge = 10 * time.Second

// stale names the snapshots to read: those not known, the one that was read longest
// ago if that is a while, and all of them when one has gone, as its children then
// have another parent.
func (c *snapshotCache) stale(vm libvirt.UUID, names []string, now time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.by[vm]
	here := 0
	for _, n := range names {
		if _, ok := known[n]; ok {
			here++
		}
	}
	if here < len(known) {
		delete(c.by, vm)
		return names
	}
	var stale []string
	oldest := ""
	for _, n := range names {
		k, ok := known[n]
		switch {
		case !ok:
			stale = append(stale, n)
		case now.Sub(k.read) > snapshotAge && (oldest == "" || k.read.Before(known[oldest].read)):
			oldest = n
		}
	}
	if oldest != "" {
		stale = append(stale, oldest)
	}
	return stale
}

func (c *snapshotCache) put(vm libvirt.UUID, name string, s cachedSnapshot, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil {
		c.by = make(map[libvirt.UUID]map[string]cachedSnapshot)
	}
	if c.by[vm] == nil {
		c.by[vm] = make(map[string]cachedSnapshot)
	}
	s.read = now
	c.by[vm][name] = s
}

// all copies a VM's entries.
func (c *snapshotCache) all(vm libvirt.UUID) map[string]cachedSnapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries := make(map[string]cachedSnapshot, len(c.by[vm]))
	for name, s := range c.by[vm] {
		entries[name] = s
	}
	return entries
}

func (c *snapshotCache) forget(vm libvirt.UUID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.by, vm)
}
