package mem

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"hvdeck/backend"
)

// Hypervisor is the server end: its inventory, which connections and second actors
// change. It is safe for concurrent use.
type Hypervisor struct {
	cfg Config

	mu       sync.Mutex
	rng      *rand.Rand
	hosts    []*host
	vms      []*machine
	byRef    map[backend.Ref]*machine
	pools    []*pool
	networks []*network
	conns    map[*conn]bool
	lastTask int
	lastSnap int
	faults   faults
}

// host, machine, pool and network are the server's own state, guarded by mu; what
// is handed out are copies.
type host struct {
	backend.Host
	load load
}

type machine struct {
	backend.VM
	host    *host
	mac     string
	notes   string
	disk    uint64 // bytes allocated
	agent   bool
	deaf    bool
	busy    bool // an operation is under way
	load    load
	snaps   []*snap // in the order of making
	current *snap
}

// snap is a node of a snapshot tree.
type snap struct {
	backend.Snapshot
	up *snap
}

type pool struct {
	backend.Pool
	disks bool
	files []string
}

type network struct {
	backend.Network
	leases bool
}

// New makes a hypervisor from its description.
func New(cfg Config) *Hypervisor {
	cfg = cfg.withDefaults()
	h := &Hypervisor{
		cfg:   cfg,
		rng:   rand.New(rand.NewPCG(cfg.Seed, 0x6876)),
		byRef: make(map[backend.Ref]*machine, cfg.VMs+len(cfg.Specs)),
		vms:   make([]*machine, 0, cfg.VMs+len(cfg.Specs)),
		conns: map[*conn]bool{},
	}
	for i := range cfg.Hosts {
		h.addHost(i)
	}
	for _, spec := range cfg.Specs {
		h.addVM(spec)
	}
	for i := range cfg.VMs {
		h.addVM(madeUp(i, cfg.Hosts))
	}
	for _, spec := range cfg.Pools {
		h.addPool(spec)
	}
	for _, spec := range cfg.Networks {
		h.addNetwork(spec)
	}
	return h
}

func (h *Hypervisor) ref(kind backend.Kind, id string) backend.Ref {
	return backend.Ref{Conn: h.cfg.ID, Kind: kind, ID: id}
}

func (h *Hypervisor) addHost(i int) {
	name := h.cfg.HostName
	if i > 0 {
		name = fmt.Sprintf("%s-%d", name, i+1)
	}
	h.hosts = append(h.hosts, &host{
		Host: backend.Host{
			Meta:    backend.Meta{ID: h.ref(backend.KindHost, "host-"+name), Name: name},
			Link:    backend.LinkConnected,
			Version: h.cfg.Product + " " + h.cfg.Version, Model: "Supermicro SYS-2029U",
			CPUModel: "EPYC-Milan", CPUs: h.cfg.CPUs, MHz: 2900, Memory: h.cfg.Memory,
			Booted: h.cfg.Now().Add(-time.Duration(40+h.rng.IntN(200)) * 24 * time.Hour),
		},
		load: h.newLoad(0.25 + 0.3*h.rng.Float64()),
	})
}

// addVM defines a VM from its description. The caller holds mu, or is New.
func (h *Hypervisor) addVM(spec VMSpec) *machine {
	uuid := h.uuid()
	on := h.hosts[min(max(spec.Host, 0), len(h.hosts)-1)]
	m := &machine{
		VM: backend.VM{
			Meta: backend.Meta{ID: h.ref(backend.KindVM, uuid), Name: spec.Name},
			UUID: uuid, State: h.stateOr(spec.State), Reason: spec.Reason,
			Host: on.ID, HostName: on.Name,
			VCPUs: spec.VCPUs, Memory: spec.Memory, Guest: or(spec.Guest, "Debian 12"),
			DomainID: -1, Autostart: spec.Autostart, Persistent: true, Question: spec.Question,
		},
		host:  on,
		mac:   fmt.Sprintf("52:54:00:%02x:%02x:%02x", h.rng.IntN(256), h.rng.IntN(256), h.rng.IntN(256)),
		notes: spec.Notes, agent: spec.Agent, deaf: spec.Deaf,
	}
	if m.VCPUs == 0 {
		m.VCPUs = 1 << h.rng.IntN(4)
	}
	if m.Memory == 0 {
		m.Memory = gib << h.rng.IntN(5)
	}
	m.disk = gib * (2 + h.rng.Uint64N(60))
	share := spec.Load
	if share == 0 {
		share = h.rng.Float64() * h.rng.Float64() * 0.8
	}
	m.load = h.newLoad(share)
	m.Tools = toolsWord(m.agent)
	h.vms = append(h.vms, m)
	h.byRef[m.ID] = m
	h.started(m, h.cfg.Now().Add(-time.Duration(h.rng.IntN(60*24))*time.Hour-11*time.Minute))
	for _, s := range spec.Snapshots {
		h.addSpecified(m, s)
	}
	return m
}

func toolsWord(agent bool) string {
	if agent {
		return "agent running"
	}
	return "no agent"
}

func (h *Hypervisor) stateOr(s backend.PowerState) backend.PowerState {
	if s != backend.PowerUnknown {
		return s
	}
	if h.rng.IntN(4) == 0 {
		return backend.PowerOff
	}
	return backend.PowerOn
}

// started sets what depends on whether the VM runs.
func (h *Hypervisor) started(m *machine, at time.Time) {
	if !alive(m.State) {
		m.DomainID, m.Booted, m.IP = -1, time.Time{}, ""
		return
	}
	if m.DomainID >= 0 {
		return
	}
	m.DomainID = 1 + h.rng.IntN(30_000)
	m.Booted = at
	n := h.rng.IntN(250*250) + 1
	m.IP = fmt.Sprintf("10.0.%d.%d", n/250, n%250+2)
}

// alive reports whether there is a process: what libvirt calls an active domain.
func alive(s backend.PowerState) bool {
	return s.Running() || s == backend.PowerSuspended
}

func (h *Hypervisor) uuid() string {
	a, b := h.rng.Uint64(), h.rng.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>52, b&0xffffffffffff)
}

func (h *Hypervisor) addPool(spec PoolSpec) {
	uuid := h.uuid()
	h.pools = append(h.pools, &pool{
		Pool: backend.Pool{
			Meta: backend.Meta{ID: h.ref(backend.KindPool, uuid), Name: spec.Name},
			UUID: uuid, State: spec.State, Type: spec.Type, Path: spec.Path,
			Capacity: spec.Capacity, Autostart: true, Persistent: true, Hosts: -1, VMs: -1, Rev: 1,
		},
		disks: spec.Disks, files: spec.Files,
	})
}

func (h *Hypervisor) addNetwork(spec NetworkSpec) {
	uuid := h.uuid()
	n := &network{
		Network: backend.Network{
			Meta: backend.Meta{ID: h.ref(backend.KindNetwork, uuid), Name: spec.Name},
			UUID: uuid, Active: !spec.Inactive, Autostart: !spec.Inactive, Persistent: true,
			Bridge: spec.Bridge, Forward: spec.Forward, Hosts: -1, VMs: -1, LeaseCount: -1,
		},
		leases: spec.Leases,
	}
	if spec.Address != "" {
		n.Addresses = []string{spec.Address}
	}
	h.networks = append(h.networks, n)
}
