package mem

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// imageFolder is where libvirt puts disks.
const imageFolder = "/var/lib/libvirt/images"

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
	ifaces   []*iface
	secrets  []*secret
	devices  []*backend.NodeDevice
	made     map[string]bool // directories that pools were built in
	stored   int64           // bytes kept for volumes
	busy     map[backend.Ref]string
	peers    map[backend.ConnID]*Hypervisor
	slept    []backend.NodeSuspendOp
	conns    map[*conn]bool
	lastTask int
	lastSnap int
	faults   faults
}

// host, machine, pool and network are the server's own state, guarded by mu; what
// is handed out are copies.
type host struct {
	backend.Host
	load    load
	sharing backend.MemorySharing
}

type machine struct {
	backend.VM
	host     *host
	title    string
	notes    string
	disk     uint64 // bytes allocated by a made-up disk
	agent    bool
	deaf     bool
	load     load
	snaps    []*snap // in the order of making
	current  *snap
	disks    []disk
	nics     []nic
	maxVCPUs int    // 0: VCPUs
	maxMem   uint64 // bytes; 0: Memory
	uefi     bool
	saved    bool // there is a managed save image
	pressed  []string
	def      *libvirtxml.Domain // what of its XML is kept nowhere else; nil when made up
}

// snap is a node of a snapshot tree.
type snap struct {
	backend.Snapshot
	up *snap
}

type pool struct {
	backend.Pool
	disks   bool      // new VMs have their disks here
	volumes []*volume // in the order of making
	byName  map[string]*volume
	source  *libvirtxml.StoragePoolSource
}

type network struct {
	backend.Network
	leases bool
	def    libvirtxml.Network
}

type iface struct {
	backend.Interface
	def libvirtxml.Interface
}

type secret struct {
	backend.Secret
	value []byte
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
		busy:  map[backend.Ref]string{}, made: map[string]bool{}, peers: map[backend.ConnID]*Hypervisor{},
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
	for _, spec := range cfg.Interfaces {
		h.addInterface(spec)
	}
	for _, spec := range cfg.Secrets {
		h.addSecret(spec)
	}
	for _, d := range cfg.Devices {
		d.ID, d.Parent = h.ref(backend.KindNodeDevice, d.Name), backend.Ref{}
		h.devices = append(h.devices, &d)
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
		sharing: backend.MemorySharing{
			PagesToScan: 100, SleepMillis: 20, MergeAcross: true,
			Shared: 41_210, Sharing: 190_412, Unshared: 88_003, Volatile: 1_204, FullScans: 77,
		},
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
		host: on,
		nics: []nic{{
			mac:   fmt.Sprintf("52:54:00:%02x:%02x:%02x", h.rng.IntN(256), h.rng.IntN(256), h.rng.IntN(256)),
			model: "virtio", network: h.cfg.Networks[0].Name,
		}},
		notes: spec.Notes, agent: spec.Agent, deaf: spec.Deaf, uefi: true,
	}
	if m.VCPUs == 0 {
		m.VCPUs = 1 << h.rng.IntN(4)
	}
	if m.Memory == 0 {
		m.Memory = gib << h.rng.IntN(5)
	}
	m.disk = gib * (2 + h.rng.Uint64N(60))
	m.disks = []disk{
		{target: "vda", device: "disk", bus: "virtio", format: "qcow2", path: imageFolder + "/" + m.Name + ".qcow2"},
		{target: "sda", device: "cdrom", bus: "sata", readOnly: true},
	}
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
