package ui_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/poll"
)

// center is a server with folders, clusters, pools, alarms, events and past loads, as a
// vCenter has them; a test says what is in it. It dials itself.
type center struct {
	id   backend.ConnID
	news chan backend.Delta

	mu      sync.Mutex
	objects []backend.Object
	events  []backend.Event // the newest first
	past    *backend.History
	fail    error
	finds   []string
}

func newCenter(id backend.ConnID, objects ...backend.Object) *center {
	return &center{id: id, objects: objects, news: make(chan backend.Delta, 100)}
}

// join connects it to a world.
func (c *center) join(t *testing.T, w *world) {
	t.Helper()
	if err := w.poller.Add(poll.Endpoint{ID: c.id, URI: "test:///" + string(c.id), Dialer: c}); err != nil {
		t.Fatal(err)
	}
}

func (c *center) ref(k backend.Kind, id string) backend.Ref {
	return backend.Ref{Conn: c.id, Kind: k, ID: id}
}

func (c *center) meta(k backend.Kind, name string) backend.Meta {
	return backend.Meta{ID: c.ref(k, name), Name: name}
}

func (c *center) Dial(context.Context, backend.Asker) (backend.Backend, error) { return c, nil }
func (c *center) ID() backend.ConnID                                           { return c.id }
func (c *center) Close() error                                                 { return nil }
func (c *center) About() backend.About {
	return backend.About{Product: "VMware vCenter Server", Version: "8.0.3", Type: "vCenter"}
}

func (c *center) kinds() []backend.Kind {
	return []backend.Kind{backend.KindFolder, backend.KindCluster, backend.KindHost, backend.KindResourcePool, backend.KindVM, backend.KindAlarm}
}

func (c *center) Caps() backend.Caps {
	return backend.Caps{
		Can:     map[backend.Verb]string{backend.VerbAlarmAck: "", backend.VerbPowerOff: "", backend.VerbHistory: ""},
		Watched: c.kinds(), Kinds: c.kinds(), BulkLoads: true,
	}
}

func (c *center) List(_ context.Context, q backend.Query, emit func([]backend.Object)) error {
	emit(c.of(q.Kind))
	return nil
}

func (c *center) of(k backend.Kind) []backend.Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []backend.Object
	for _, o := range c.objects {
		if o.Ref().Kind == k {
			out = append(out, o)
		}
	}
	return out
}

func (c *center) Get(_ context.Context, r backend.Ref) (*backend.Detail, error) {
	return &backend.Detail{Ref: r, At: time.Now()}, nil
}

func (c *center) Stats(context.Context, []backend.Ref) ([]backend.Sample, error) { return nil, nil }

func (c *center) Watch(ctx context.Context, emit func(backend.Delta)) error {
	for _, k := range c.kinds() {
		emit(backend.Upsert{Objects: c.of(k)})
	}
	emit(backend.Synced{Kinds: c.kinds()})
	for {
		select {
		case d := <-c.news:
			emit(d)
		case <-ctx.Done():
			return nil
		}
	}
}

// Do acknowledges alarms and turns VMs off.
func (c *center) Do(_ context.Context, op backend.Op, _ backend.Progress) (backend.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, o := range c.objects {
		if o.Ref() != op.Target() {
			continue
		}
		switch o := o.(type) {
		case *backend.Alarm:
			acked := *o
			acked.Acked, acked.AckedBy, acked.AckedAt = true, "operator", time.Now()
			c.objects[i] = &acked
		case *backend.VM:
			off := *o
			off.State = backend.PowerOff
			c.objects[i] = &off
		}
		c.news <- backend.Upsert{Objects: []backend.Object{c.objects[i]}}
		return backend.Result{}, nil
	}
	return backend.Result{}, backend.Refuse(backend.ClassNotFound, op.Title(), "", "it is not there")
}

// Find knows VMs by their notes: "dns=…" and the like are put there by a test.
func (c *center) Find(_ context.Context, by backend.FindBy, text, datacenter string) ([]backend.Ref, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finds = append(c.finds, fmt.Sprintf("%d %s@%s", by, text, datacenter))
	if c.fail != nil {
		return nil, c.fail
	}
	var out []backend.Ref
	for _, o := range c.objects {
		vm, ok := o.(*backend.VM)
		known := ok && slices.ContainsFunc(vm.Extra, func(f backend.Field) bool { return f.Name == fmt.Sprint(by) && f.Value == text })
		if known && (datacenter == "" || vm.Datacenter == datacenter) {
			out = append(out, vm.ID)
		}
	}
	return out, nil
}

func (c *center) EventsOf(_ context.Context, r backend.Ref, most int) ([]backend.Event, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return nil, c.fail
	}
	var out []backend.Event
	for _, e := range c.events {
		if e.Object == r && len(out) < most {
			out = append(out, e)
		}
	}
	return out, nil
}

func (c *center) Spans(r backend.Ref) []backend.HistorySpan {
	if r.Kind != backend.KindVM {
		return nil
	}
	return []backend.HistorySpan{
		{Name: "last hour", Step: 20 * time.Second, Back: time.Hour}, {Name: "last day", Step: 5 * time.Minute, Back: 24 * time.Hour},
	}
}

func (c *center) History(_ context.Context, r backend.Ref, span backend.HistorySpan) (*backend.History, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return nil, c.fail
	}
	h := *c.past
	h.Ref, h.Span = r, span
	return &h, nil
}

// shop is an inventory of two datacenters: folders in folders, pools in pools, and a host
// of its own beside the cluster.
func shop() *center {
	c := newCenter("vc1")
	folder := func(id, name, up, holds string, dc bool) *backend.Folder {
		f := &backend.Folder{Meta: backend.Meta{ID: c.ref(backend.KindFolder, id), Name: name}, Datacenter: dc, Holds: holds}
		if up != "" {
			f.Up = c.ref(backend.KindFolder, up)
		}
		return f
	}
	pool := func(id, path string, up backend.Ref) *backend.ResourcePool {
		name := path[strings.LastIndexByte(path, '/')+1:]
		if path == "" {
			name = "Resources"
		}
		return &backend.ResourcePool{Meta: backend.Meta{ID: c.ref(backend.KindResourcePool, id), Name: name}, Path: path, Up: up, Cluster: "C0"}
	}
	cluster, alone := c.ref(backend.KindCluster, "C0"), c.ref(backend.KindHost, "alone.example.net")
	vm := func(name, dc, path, poolID, poolPath, host string, on bool) *backend.VM {
		v := &backend.VM{Meta: c.meta(backend.KindVM, name), UUID: "4200-" + name, DomainID: -1, State: backend.PowerOff, Datacenter: dc,
			Folder: path, PoolPath: poolPath, HostName: host, Host: c.ref(backend.KindHost, host), Path: "[ds1] " + name + "/" + name + ".vmx"}
		v.FolderRef, v.PoolRef = c.ref(backend.KindFolder, dc+"/"+path), c.ref(backend.KindResourcePool, poolID)
		if path == "" {
			v.FolderRef = c.ref(backend.KindFolder, dc)
		}
		if on {
			v.State = backend.PowerOn
		}
		if host != "alone.example.net" {
			v.Cluster = "C0"
		}
		return v
	}
	c.objects = []backend.Object{
		folder("fra1", "fra1", "", "", true), folder("ams2", "ams2", "", "", true),
		folder("fra1/Web Tier", "Web Tier", "fra1", "VMs", false), folder("fra1/Web Tier/Old", "Old", "fra1/Web Tier", "VMs", false),
		folder("net", "Wires", "fra1", "networks", false),
		&backend.Cluster{Meta: c.meta(backend.KindCluster, "C0"), Datacenter: "fra1", FolderRef: c.ref(backend.KindFolder, "fra1"), Hosts: 1, HostsUp: 1},
		&backend.Host{Meta: c.meta(backend.KindHost, "esx-1.example.net"), Link: backend.LinkConnected, Datacenter: "fra1", ClusterRef: cluster,
			Cluster: "C0", Alarm: backend.HealthYellow},
		&backend.Host{Meta: c.meta(backend.KindHost, "alone.example.net"), Link: backend.LinkConnected, Datacenter: "ams2", FolderRef: c.ref(backend.KindFolder, "ams2")},
		pool("root", "", cluster), pool("prod", "production", c.ref(backend.KindResourcePool, "root")),
		pool("prod-web", "production/web", c.ref(backend.KindResourcePool, "prod")), pool("root2", "", alone),
		vm("web-1", "fra1", "Web Tier", "prod-web", "production/web", "esx-1.example.net", true),
		vm("web-2", "fra1", "Web Tier", "prod-web", "production/web", "esx-1.example.net", false),
		vm("web-0", "fra1", "Web Tier/Old", "prod", "production", "esx-1.example.net", false),
		vm("db-1", "fra1", "", "root", "", "esx-1.example.net", true),
		vm("mail-1", "ams2", "", "root2", "", "alone.example.net", true),
	}
	return c
}

// pastLoad is an hour of loads with a gap in the middle.
func pastLoad() *backend.History {
	now := time.Now().Truncate(time.Second)
	cpu, mem := make([]float64, 180), make([]float64, 180)
	for i := range cpu {
		cpu[i], mem[i] = 50+40*math.Sin(float64(i)/15), float64(i)*1e6
		if i >= 60 && i < 90 {
			cpu[i] = math.NaN()
		}
	}
	begin := now.Add(-time.Hour)
	return &backend.History{At: now, Series: []backend.Series{
		{Name: "CPU", Unit: "%", Begin: begin, Values: cpu}, {Name: "Memory", Unit: "B", Begin: begin, Values: mem},
		{Name: "Disk read", Unit: "B/s", Begin: begin, Values: mem}, {Name: "Latency", Unit: "ms", Begin: begin, Values: cpu},
	}}
}
