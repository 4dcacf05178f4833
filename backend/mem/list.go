package mem

import (
	"context"
	"fmt"
	"slices"
	"strings"
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
	vm.Extra = []backend.Field{{Name: "MAC", Value: m.mac}}
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

func (h *Hypervisor) poolObject(p *pool) *backend.Pool {
	out := p.Pool
	if p.State != backend.PoolRunning && p.State != backend.PoolDegraded {
		out.Capacity, out.Allocation, out.Available = 0, 0, 0
		return &out
	}
	out.Allocation = uint64(len(p.files)) * gib
	if p.disks {
		for _, m := range h.vms {
			out.Allocation += m.disk
		}
	}
	out.Capacity = max(out.Capacity, out.Allocation)
	out.Available = out.Capacity - out.Allocation
	return &out
}

func (h *Hypervisor) networkObject(n *network) *backend.Network {
	out := n.Network
	out.Addresses = slices.Clone(n.Addresses)
	if !n.leases {
		return &out
	}
	out.LeaseCount = 0
	for _, m := range h.vms {
		if m.IP == "" {
			continue
		}
		out.LeaseCount++
		if len(out.Leases) < 256 {
			out.Leases = append(out.Leases, backend.Lease{MAC: m.mac, IP: m.IP, Hostname: m.Name, Expires: "in 41 min"})
		}
	}
	return &out
}

func (h *Hypervisor) listVolumes(q backend.Query) ([]backend.Object, error) {
	var all []backend.Object
	found := q.Parent.IsZero()
	for _, p := range h.pools {
		if !q.Parent.IsZero() && p.ID != q.Parent {
			continue
		}
		found = true
		all = append(all, h.volumes(p)...)
	}
	if !found {
		return nil, backend.Refuse(backend.ClassNotFound, "list volumes of", "", "no such pool")
	}
	return only(all, q.Refs), nil
}

func (h *Hypervisor) volumes(p *pool) []backend.Object {
	var all []backend.Object
	if p.State != backend.PoolRunning {
		return nil
	}
	for _, name := range p.files {
		v := h.volume(p, name, gib)
		v.Format = name[strings.LastIndexByte(name, '.')+1:]
		all = append(all, v)
	}
	if !p.disks {
		return all
	}
	for _, m := range h.vms {
		v := h.volume(p, m.Name+".qcow2", m.disk)
		v.ID = h.ref(backend.KindVolume, p.UUID+"/"+m.UUID)
		v.Format, v.Capacity, v.UsedBy = "qcow2", 64*gib, []string{m.Name}
		all = append(all, v)
	}
	return all
}

func (h *Hypervisor) volume(p *pool, name string, size uint64) *backend.Volume {
	return &backend.Volume{
		Meta: backend.Meta{ID: h.ref(backend.KindVolume, p.UUID+"/"+name), Name: name, Parent: p.ID},
		Path: p.Path + "/" + name, Type: "file", Capacity: size, Allocation: size,
	}
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
			return m.detail(d), nil
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
			d.Raw = fmt.Sprintf("<%s name=%q/>\n", r.Kind, o.Title())
			return d, nil
		}
	}
	return nil, backend.Refuse(backend.ClassNotFound, doing, "", "no such %s", r.Kind)
}

// find gives any object but a host or VM, in the simplest way; the caller holds mu.
func (h *Hypervisor) find(r backend.Ref) backend.Object {
	var all []backend.Object
	for _, p := range h.pools {
		all = append(all, &p.Pool)
		all = append(all, h.volumes(p)...)
	}
	for _, n := range h.networks {
		all = append(all, &n.Network)
	}
	for _, m := range h.vms {
		for _, s := range m.snaps {
			all = append(all, &s.Snapshot)
		}
	}
	i := slices.IndexFunc(all, func(o backend.Object) bool { return o.Ref() == r })
	if i < 0 {
		return nil
	}
	return all[i]
}

func (m *machine) detail(d *backend.Detail) *backend.Detail {
	disk := backend.Disk{
		Label: "vda", Device: "disk", Bus: "virtio", Format: "qcow2",
		Path:     "/var/lib/libvirt/images/" + m.Name + ".qcow2",
		Capacity: 64 * gib, Allocation: m.disk,
	}
	for _, s := range m.snaps {
		if s.Storage == backend.StorageExternal {
			disk.Backing = append([]string{disk.Path + "." + s.Name}, disk.Backing...)
		}
	}
	v := &backend.VMDetail{
		GuestName: m.Guest, Firmware: "UEFI", Machine: "pc-q35-9.2", Notes: m.notes, Tools: m.Tools,
		NICs:      []backend.NIC{{Label: "net0", Model: "virtio", MAC: m.mac, Network: "default", Connected: alive(m.State)}},
		Disks:     []backend.Disk{disk, {Label: "sda", Device: "cdrom", Bus: "sata"}},
		MaxMemory: m.Memory, Memory: m.Memory, MaxVCPUs: m.VCPUs, VCPUs: m.VCPUs,
	}
	if m.agent && alive(m.State) {
		v.HostName = m.Name + ".example.org"
	}
	if m.IP != "" {
		v.IPs = []string{m.IP}
		v.NICs[0].IPs = []string{m.IP}
		v.CPUTime = time.Duration(float64(d.At.Sub(m.Booted)) * m.load.base * float64(m.VCPUs))
		v.Console = []backend.Field{{Name: "VNC", Value: "127.0.0.1:5901"}}
	}
	d.VM = v
	d.Fields = []backend.Field{{Name: "UUID", Value: m.UUID}}
	d.Raw = fmt.Sprintf("<domain type='kvm'>\n  <name>%s</name>\n  <uuid>%s</uuid>\n  <memory unit='b'>%d</memory>\n  <vcpu>%d</vcpu>\n</domain>\n",
		m.Name, m.UUID, m.Memory, m.VCPUs)
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
		Hypervisor: h.Version, Library: "mem 1",
	}
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
