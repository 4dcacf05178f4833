package mem

import (
	"context"
	"fmt"
	"slices"
	"time"

	"hvdeck/backend"
)

// pageSize is how many objects List hands over at once.
const pageSize = 2000

// List implements backend.Backend.
func (c *conn) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	_, release, err := c.call(ctx, CallList)
	if err != nil {
		return c.failed(err, "list", q.Kind.String()+"s")
	}
	defer release()
	all, err := c.h.list(q)
	if err != nil {
		return err
	}
	for page := range slices.Chunk(all, pageSize) {
		emit(page)
	}
	return nil
}

// list gives copies of the objects that a query names.
func (h *Hypervisor) list(q backend.Query) ([]backend.Object, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []backend.Object
	switch q.Kind {
	case backend.KindHost:
		all = h.listHosts()
	case backend.KindVM:
		if len(q.Refs) > 0 {
			return h.someVMs(q.Refs), nil
		}
		all = make([]backend.Object, 0, len(h.vms))
		for _, m := range h.vms {
			all = append(all, m.object())
		}
	case backend.KindSnapshot:
		return h.listSnapshots(q)
	case backend.KindPool:
		for _, p := range h.pools {
			all = append(all, h.poolObject(p))
		}
	case backend.KindVolume:
		return h.listVolumes(q)
	case backend.KindNetwork:
		for _, n := range h.networks {
			all = append(all, h.networkObject(n))
		}
	case backend.KindInterface:
		for _, n := range h.ifaces {
			all = append(all, n.object())
		}
	case backend.KindSecret:
		for _, n := range h.secrets {
			copied := n.Secret
			all = append(all, &copied)
		}
	case backend.KindNodeDevice:
		for _, d := range h.devices {
			copied := *d
			copied.Types = slices.Clone(d.Types)
			all = append(all, &copied)
		}
	default:
		return nil, nil
	}
	return only(all, q.Refs), nil
}

// only narrows a list to the refs asked for.
func only(all []backend.Object, refs []backend.Ref) []backend.Object {
	if len(refs) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(o backend.Object) bool { return !slices.Contains(refs, o.Ref()) })
}

func (h *Hypervisor) someVMs(refs []backend.Ref) []backend.Object {
	var all []backend.Object
	for _, r := range refs {
		if m := h.byRef[r]; m != nil {
			all = append(all, m.object())
		}
	}
	return all
}

func (m *machine) object() *backend.VM {
	vm := m.VM
	vm.Snapshots = len(m.snaps)
	vm.Extra = []backend.Field{{Name: "MAC", Value: m.mac()}}
	if m.Question != nil {
		asked := *m.Question
		asked.Choices = slices.Clone(asked.Choices)
		vm.Question = &asked
	}
	return &vm
}

func (h *Hypervisor) listHosts() []backend.Object {
	known, active := map[*host]int{}, map[*host]int{}
	for _, m := range h.vms {
		known[m.host]++
		if alive(m.State) {
			active[m.host]++
		}
	}
	var all []backend.Object
	for _, one := range h.hosts {
		copied := one.Host
		copied.VMs, copied.Active = known[one], active[one]
		all = append(all, &copied)
	}
	return all
}

func (h *Hypervisor) listSnapshots(q backend.Query) ([]backend.Object, error) {
	owners := h.vms
	if !q.Parent.IsZero() {
		m := h.byRef[q.Parent]
		if m == nil {
			return nil, backend.Refuse(backend.ClassNotFound, "list snapshots of", "", "no such VM")
		}
		owners = []*machine{m}
	}
	var all []backend.Object
	for _, m := range owners {
		for _, s := range m.tree() {
			all = append(all, s)
		}
	}
	return only(all, q.Refs), nil
}

// tree gives copies of the snapshots of a VM, with paths.
func (m *machine) tree() []*backend.Snapshot {
	all := make([]*backend.Snapshot, 0, len(m.snaps))
	for _, s := range m.snaps {
		copied := s.Snapshot
		copied.Up, copied.Current = backend.Ref{}, s == m.current
		if s.up != nil {
			copied.Up = s.up.ID
		}
		all = append(all, &copied)
	}
	backend.SetPaths(all)
	return all
}

// Get implements backend.Backend.
func (c *conn) Get(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	const doing = "get details of"
	_, release, err := c.call(ctx, CallGet)
	if err != nil {
		return nil, c.failed(err, doing, "")
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	d := &backend.Detail{Ref: r, At: h.now()}
	switch r.Kind {
	case backend.KindVM:
		if m := h.byRef[r]; m != nil {
			return h.vmDetail(m, d), nil
		}
	case backend.KindHost:
		for _, one := range h.hosts {
			if one.ID == r {
				return one.detail(d, h.cfg), nil
			}
		}
	default:
		if o := h.find(r); o != nil {
			d.Fields = []backend.Field{{Name: "Name", Value: o.Title()}}
			d.Raw = h.definition(r)
			return d, nil
		}
	}
	return nil, backend.Refuse(backend.ClassNotFound, doing, "", "no such %s", r.Kind)
}

// find gives any object but a host or VM, in the simplest way; the caller holds mu.
func (h *Hypervisor) find(r backend.Ref) backend.Object {
	switch r.Kind {
	case backend.KindPool:
		if p := h.poolOf(r); p != nil {
			return &p.Pool
		}
	case backend.KindVolume:
		if _, v := h.volumeOf(r); v != nil {
			return &v.Volume
		}
	case backend.KindNetwork:
		if n := h.networkOf(r); n != nil {
			return &n.Network
		}
	case backend.KindInterface:
		if n := h.interfaceOf(r); n != nil {
			return &n.Interface
		}
	case backend.KindSecret:
		if n := h.secretOf(r); n != nil {
			return &n.Secret
		}
	case backend.KindNodeDevice:
		if i := slices.IndexFunc(h.devices, func(d *backend.NodeDevice) bool { return d.ID == r }); i >= 0 {
			return h.devices[i]
		}
	case backend.KindSnapshot:
		for _, m := range h.vms {
			if s := m.snapOf(r); s != nil {
				return &s.Snapshot
			}
		}
	default: // hosts and VMs have details of their own
	}
	return nil
}

func (h *Hypervisor) vmDetail(m *machine, d *backend.Detail) *backend.Detail {
	v := &backend.VMDetail{
		GuestName: m.Guest, Firmware: "BIOS", Machine: "pc-q35-9.2", Notes: m.notes, Tools: m.Tools,
		Disks:     h.diskObjects(m),
		MaxMemory: max(m.maxMem, m.Memory), Memory: m.Memory, MaxVCPUs: max(m.maxVCPUs, m.VCPUs), VCPUs: m.VCPUs,
	}
	if m.uefi {
		v.Firmware = "UEFI"
	}
	if alive(m.State) {
		v.Consoles = []string{consoleDevice}
	}
	for i, n := range m.nics {
		one := backend.NIC{Label: fmt.Sprintf("net%d", i), Model: n.model, MAC: n.mac, Network: n.network, Connected: alive(m.State)}
		if i == 0 && m.IP != "" {
			one.IPs = []string{m.IP}
		}
		v.NICs = append(v.NICs, one)
	}
	if m.agent && alive(m.State) {
		v.HostName = m.Name + ".example.org"
	}
	if m.IP != "" {
		v.IPs = []string{m.IP}
		v.CPUTime = time.Duration(float64(d.At.Sub(m.Booted)) * m.load.base * float64(m.VCPUs))
		v.Console = []backend.Field{{Name: "VNC", Value: "127.0.0.1:5901"}}
	}
	d.VM = v
	d.Fields = []backend.Field{{Name: "UUID", Value: m.UUID}}
	if m.title != "" {
		d.Fields = append(d.Fields, backend.Field{Name: "Title", Value: m.title})
	}
	d.Raw = textOf(m.xml())
	return d
}

func (h *host) detail(d *backend.Detail, cfg Config) *backend.Detail {
	cells := make([]uint64, cfg.Cells)
	for i, c := range h.node(d.At, cfg.Cells, nil).Cells {
		cells[i] = uint64(c.Free)
	}
	d.Host = &backend.HostDetail{
		Sockets: cfg.Cells, Cores: max(1, h.CPUs/cfg.Cells/2), Threads: 2, Cells: cfg.Cells,
		CPUMap: fmt.Sprintf("0-%d online of %d present", h.CPUs-1, h.CPUs), CellFree: cells,
		Hypervisor: h.Version, Library: "mem 1", Sharing: new(backend.MemorySharing),
	}
	*d.Host.Sharing = h.sharing
	d.Raw = fmt.Sprintf("<host>\n  <name>%s</name>\n</host>\n", h.Name)
	return d
}

// Stats implements backend.Backend.
func (c *conn) Stats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	_, release, err := c.call(ctx, CallStats)
	if err != nil {
		return nil, c.failed(err, "sample", c.h.cfg.HostName)
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	at := h.now()
	wanted := func(backend.Ref) bool { return true }
	vms := h.vms
	if len(refs) > 0 {
		set := make(map[backend.Ref]bool, len(refs))
		vms = nil
		for _, r := range refs {
			if m := h.byRef[r]; m != nil && !set[r] {
				vms = append(vms, m)
			}
			set[r] = true
		}
		wanted = func(r backend.Ref) bool { return set[r] }
	}
	out := make([]backend.Sample, 0, len(vms)+len(h.hosts))
	for _, one := range h.hosts {
		if wanted(one.ID) {
			out = append(out, one.sample(at, h.vms))
		}
	}
	for _, m := range vms {
		if alive(m.State) {
			out = append(out, m.sample(at))
		}
	}
	return out, nil
}

// Node implements backend.NodeMonitor.
func (c *conn) Node(ctx context.Context, r backend.Ref) (*backend.NodeSample, error) {
	_, release, err := c.call(ctx, CallNode)
	if err != nil {
		return nil, c.failed(err, "sample", c.h.cfg.HostName)
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, one := range h.hosts {
		if one.ID == r {
			return one.node(h.now(), h.cfg.Cells, h.vms), nil
		}
	}
	return nil, backend.Refuse(backend.ClassNotFound, "sample", "", "no such host")
}
