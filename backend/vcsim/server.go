// Package vcsim is govmomi's vCenter simulator with what it lacks, following the
// vSphere Web Services API reference.
//
// It promises a server on a loopback port that speaks the real protocol and does
// what the API says where the simulator does not: tasks with progress that can be
// cancelled, snapshots that restore the power state, RenameSnapshot, a pending
// question with AnswerVM, power on at a chosen host, moves and clones that leave
// nothing half made, checks of both beforehand, maintenance mode that waits for running
// VMs, hot plug rules, tickets for displays, load figures that move, and a Close that
// never hangs. Inventories of tens of thousands of VMs start in under a
// second because VMs are copied in the registry instead of created by tasks.
//
// It serves tests, benchmarks and the demo; it is no part of a real connection.
package vcsim

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// Options says what to simulate. The zero value is a small vCenter on a free port.
// A size of 0 is the simulator's default, a negative one none.
type Options struct {
	Addr string // to listen on; "127.0.0.1:0" when empty
	// Certificate makes it listen with TLS; SelfSigned makes one.
	Certificate *tls.Certificate
	// Username and Password are the only pair accepted; with both empty any
	// non-empty pair is.
	Username, Password string

	ESX  bool // a single host instead of a vCenter
	Demo bool // the believable inventory; sizes are ignored
	Fast int  // VMs named fast-00000 … added by copying in the registry

	Datacenters, Clusters, ClusterHosts, StandaloneHosts, Pools, VMs int

	// TaskTime is how long a snapshot task takes; power tasks take half of it.
	// 0 ends tasks at once; the demo takes two seconds.
	TaskTime time.Duration
	// SessionTimeout ends a session that was idle for so long; 0 is the default.
	SessionTimeout time.Duration
	// MethodDelay delays calls by the name of the method ("CurrentTime").
	MethodDelay map[string]time.Duration
	// NFC says how disks are moved in and out.
	NFC NFC
}

// Server is a running simulator. It is safe for concurrent use.
type Server struct {
	opts   Options
	model  *simulator.Model
	http   *simulator.Server
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
	jobs   jobs
	shelf  shelf
	frozen frozen

	refusals refusals

	mu      sync.Mutex
	waiting map[*simulator.PropertyCollector]struct{}
	asking  map[types.ManagedObjectReference]chan string
	nextID  int
	closed  bool
	nfc     nfc
}

// Start builds the inventory and listens. The caller closes the server.
func Start(o Options) (*Server, error) {
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		opts: o, model: newModel(o), ctx: ctx, stop: stop, nextID: 9000000,
		waiting: make(map[*simulator.PropertyCollector]struct{}),
		asking:  make(map[types.ManagedObjectReference]chan string),
	}
	if o.Demo && o.TaskTime == 0 {
		s.opts.TaskTime = 2 * time.Second
	}
	if err := s.model.Create(); err != nil {
		stop()
		s.model.Remove()
		return nil, fmt.Errorf("create the simulated inventory: %w", err)
	}
	if err := s.populate(); err != nil {
		stop()
		s.model.Remove()
		return nil, fmt.Errorf("fill the simulated inventory: %w", err)
	}
	if err := s.listenNFC(); err != nil {
		stop()
		s.model.Remove()
		return nil, fmt.Errorf("serve the simulated disks: %w", err)
	}
	s.listen()
	if o.Demo {
		s.startLoad()
		if err := s.addTags(); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// newModel translates the sizes.
func newModel(o Options) *simulator.Model {
	m := simulator.VPX()
	if o.ESX {
		m = simulator.ESX()
	}
	for _, size := range []struct {
		to  *int
		val int
	}{
		{&m.Datacenter, o.Datacenters}, {&m.Cluster, o.Clusters}, {&m.ClusterHost, o.ClusterHosts},
		{&m.Host, o.StandaloneHosts}, {&m.Pool, o.Pools}, {&m.Machine, o.VMs},
	} {
		if size.val != 0 {
			*size.to = max(size.val, 0)
		}
	}
	if o.Fast > 0 {
		m.Machine = 1
		m.Autostart = false
	}
	if o.Demo {
		demoSizes(m)
	}
	for name, d := range o.MethodDelay {
		if m.DelayConfig.MethodDelay == nil {
			m.DelayConfig.MethodDelay = make(map[string]int)
		}
		m.DelayConfig.MethodDelay[name] = int(d.Milliseconds())
	}
	return m
}

// populate adds what the model does not create.
func (s *Server) populate() error {
	if s.opts.SessionTimeout > 0 {
		om := s.model.Map().OptionManager()
		om.Setting = append(om.Setting, &types.OptionValue{
			Key: "config.vmacore.soap.sessionTimeout", Value: s.opts.SessionTimeout.String(),
		})
	}
	s.setBootTimes()
	s.setOVFOptions()
	if s.opts.Fast > 0 {
		s.addFast(s.opts.Fast)
	}
	if s.opts.Demo {
		if err := s.addDemo(); err != nil {
			return err
		}
	}
	s.linkNetworks()
	return nil
}

// setBootTimes fills in what the simulator leaves out: it sets the boot time only
// in the summary.
func (s *Server) setBootTimes() {
	for _, e := range s.model.Map().All("VirtualMachine") {
		vm := e.(*simulator.VirtualMachine)
		vm.Runtime.BootTime = vm.Summary.Runtime.BootTime
	}
}

func (s *Server) listen() {
	addr := s.opts.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	svc := s.model.Service
	svc.Listen = &url.URL{Host: addr}
	if s.opts.Username != "" {
		svc.Listen.User = url.UserPassword(s.opts.Username, s.opts.Password)
	}
	if s.opts.Certificate != nil {
		svc.TLS = &tls.Config{Certificates: []tls.Certificate{*s.opts.Certificate}, MinVersion: tls.VersionTLS12}
	}
	s.model.Map().Handler = s.route
	svc.RegisterEndpoints = true
	s.http = svc.NewServer()
}

// URL is where it listens, with a user and password that are accepted.
func (s *Server) URL() string { return s.http.URL.String() }

// Model gives access to the simulator: its registry and delays.
func (s *Server) Model() *simulator.Model { return s.model }

// Close ends all tasks and connections and removes the files. It may be called
// more than once and does not wait for clients.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	s.mu.Unlock()
	s.stop()
	s.work.Wait()
	s.closeNFC()
	ended := make(chan struct{})
	guard.Go("simulator close", nil, func() {
		defer close(ended)
		s.http.CloseClientConnections()
		s.http.Close()
	})
	s.releaseWaits(ended)
	s.model.Remove()
}

// releaseWaits cancels the open WaitForUpdatesEx calls, which the simulator goes
// on serving after their client has gone, until the server has closed.
func (s *Server) releaseWaits(ended <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(3 * time.Second)
	defer limit.Stop()
	for {
		s.mu.Lock()
		for pc := range s.waiting {
			pc.CancelWaitForUpdates(&types.CancelWaitForUpdates{This: pc.Self})
		}
		s.mu.Unlock()
		select {
		case <-ended:
			return
		case <-limit.C:
			return
		case <-tick.C:
		}
	}
}
