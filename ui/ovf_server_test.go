package ui_test

import (
	"context"
	"sync"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/backend/wrap"
)

// ovfServer is a server with a small inventory that imports, exports and checks. What it
// was asked to do is kept.
type ovfServer struct {
	id      backend.ConnID
	options backend.OVFOptions

	mu       sync.Mutex
	objects  map[backend.Kind][]backend.Object
	findings []backend.Finding
	fail     error
	hold     chan struct{} // Do and Check wait for it; nil: they don't
	ops      []backend.Op
	checks   int
}

func (s *ovfServer) ref(k backend.Kind, id string) backend.Ref {
	return backend.Ref{Conn: s.id, Kind: k, ID: id}
}

func (s *ovfServer) meta(k backend.Kind, name string) backend.Meta {
	m := backend.Meta{ID: s.ref(k, name+"-id"), Name: name}
	if k == backend.KindPool || k == backend.KindNetwork {
		m.Extra = []backend.Field{{Name: "Datacenter", Value: "dc1"}}
	}
	return m
}

const gib = 1 << 30

func newOVFServer(id backend.ConnID) *ovfServer {
	s := &ovfServer{id: id}
	cluster, dc := s.meta(backend.KindCluster, "prod"), s.meta(backend.KindFolder, "dc1")
	far := s.meta(backend.KindPool, "elsewhere")
	far.Extra[0].Value = "dc2"
	s.objects = map[backend.Kind][]backend.Object{
		backend.KindCluster: {&backend.Cluster{Meta: cluster, Datacenter: "dc1", Hosts: 1}},
		backend.KindHost: {
			&backend.Host{Meta: s.meta(backend.KindHost, "esx-1"), Link: backend.LinkConnected, Datacenter: "dc1", Cluster: "prod", ClusterRef: cluster.ID},
			&backend.Host{Meta: s.meta(backend.KindHost, "esx-2"), Link: backend.LinkConnected, Maintenance: true, Datacenter: "dc1", Cluster: "prod", ClusterRef: cluster.ID},
		},
		backend.KindResourcePool: {
			&backend.ResourcePool{Meta: s.meta(backend.KindResourcePool, "web"), Up: cluster.ID, Path: "web", Cluster: "prod"},
			&backend.ResourcePool{Meta: s.meta(backend.KindResourcePool, "shop"), Up: cluster.ID, Path: "shop", Cluster: "prod", VApp: true},
		},
		backend.KindFolder: {
			&backend.Folder{Meta: dc, Datacenter: true, Path: "/dc1"},
			&backend.Folder{Meta: s.meta(backend.KindFolder, "Production"), Up: dc.ID, Holds: "VMs", Path: "/dc1/vm/Production"},
		},
		backend.KindPool: {
			&backend.Pool{Meta: s.meta(backend.KindPool, "ds-small"), State: backend.PoolRunning, Capacity: 40 * gib, Available: 4 * gib},
			&backend.Pool{Meta: s.meta(backend.KindPool, "ds-large"), State: backend.PoolRunning, Capacity: 400 * gib, Available: 300 * gib},
			&backend.Pool{Meta: far, State: backend.PoolRunning, Capacity: 900 * gib, Available: 900 * gib},
		},
		backend.KindNetwork: {
			&backend.Network{Meta: s.meta(backend.KindNetwork, "DMZ"), Active: true}, &backend.Network{Meta: s.meta(backend.KindNetwork, "VM Network"), Active: true},
		},
		backend.KindVM: {
			&backend.VM{Meta: s.meta(backend.KindVM, "db-1"), State: backend.PowerOff, Host: s.ref(backend.KindHost, "esx-1-id"), PoolRef: s.ref(backend.KindResourcePool, "web-id")},
			&backend.VM{Meta: s.meta(backend.KindVM, "web-1"), State: backend.PowerOn, Host: s.ref(backend.KindHost, "esx-1-id")},
		},
	}
	return s
}

// drop takes an object out of the inventory.
func (s *ovfServer) drop(k backend.Kind, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var kept []backend.Object
	for _, o := range s.objects[k] {
		if o.Title() != name {
			kept = append(kept, o)
		}
	}
	s.objects[k] = kept
}

// says sets what a check finds and an operation ends with.
func (s *ovfServer) says(fail error, found ...backend.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail, s.findings = fail, found
}

// done are the operations so far.
func (s *ovfServer) done() []backend.Op {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]backend.Op(nil), s.ops...)
}

func (s *ovfServer) Dial(context.Context, backend.Asker) (backend.Backend, error) { return s, nil }
func (s *ovfServer) ID() backend.ConnID                                           { return s.id }
func (s *ovfServer) About() backend.About {
	return backend.About{Product: "test server", Type: "vCenter"}
}
func (s *ovfServer) Close() error { return nil }

func (s *ovfServer) Caps() backend.Caps {
	return backend.Caps{
		Can:     map[backend.Verb]string{backend.VerbOVFImport: "", backend.VerbOVFExport: ""},
		Watched: []backend.Kind{backend.KindFolder},
		Kinds: []backend.Kind{backend.KindHost, backend.KindCluster, backend.KindResourcePool, backend.KindVM, backend.KindPool,
			backend.KindNetwork, backend.KindFolder},
	}
}

func (s *ovfServer) List(_ context.Context, q backend.Query, emit func([]backend.Object)) error {
	s.mu.Lock()
	objects := s.objects[q.Kind]
	s.mu.Unlock()
	emit(objects)
	return nil
}

func (s *ovfServer) Get(_ context.Context, r backend.Ref) (*backend.Detail, error) {
	return &backend.Detail{Ref: r}, nil
}
func (s *ovfServer) Stats(context.Context, []backend.Ref) ([]backend.Sample, error) { return nil, nil }
func (s *ovfServer) OVFOptions(context.Context) (backend.OVFOptions, error)         { return s.options, nil }

// Watch keeps the folders, which nobody lists; the rest is asked for again and again.
func (s *ovfServer) Watch(ctx context.Context, emit func(backend.Delta)) error {
	s.mu.Lock()
	folders := s.objects[backend.KindFolder]
	s.mu.Unlock()
	emit(backend.Upsert{Objects: folders})
	emit(backend.Synced{Kinds: []backend.Kind{backend.KindFolder}})
	<-ctx.Done()
	return nil
}

func (s *ovfServer) wait(ctx context.Context) error {
	s.mu.Lock()
	hold := s.hold
	s.mu.Unlock()
	if hold == nil {
		return nil
	}
	select {
	case <-hold:
		return nil
	case <-ctx.Done():
		return &backend.Error{Class: backend.ClassCancelled, Message: "cancelled"}
	}
}

func (s *ovfServer) Check(ctx context.Context, _ backend.Op) ([]backend.Finding, error) {
	err := s.wait(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checks++
	return s.findings, err
}

func (s *ovfServer) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	s.mu.Lock()
	s.ops = append(s.ops, op)
	err := s.fail
	s.mu.Unlock()
	if held := s.wait(ctx); held != nil {
		return backend.Result{}, held
	}
	if p.Bytes != nil {
		p.Bytes(10, 10)
	}
	return backend.Result{Text: "all of it is there"}, err
}

// beginOVF runs the program on such a server.
func beginOVF(t *testing.T, sc scene) (*world, *ovfServer) {
	t.Helper()
	w, s := begin(t, sc), newOVFServer("vc1")
	var d backend.Dialer = s
	if sc.readOnly {
		d = wrap.Dialer(d, wrap.ReadOnly)
	}
	if err := w.poller.Add(poll.Endpoint{ID: "vc1", URI: "https://vc1/sdk", Dialer: d, ReadOnly: sc.readOnly}); err != nil {
		t.Fatal(err)
	}
	w.eventually("the inventory", func() bool {
		return len(w.store.All(backend.KindVM)) == 2 && len(w.store.All(backend.KindPool)) == 3 && len(w.store.All(backend.KindNetwork)) == 2 &&
			len(w.store.All(backend.KindFolder)) == 2
	})
	return w, s
}
