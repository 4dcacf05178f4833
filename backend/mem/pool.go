package mem

import (
	"path"
	"slices"
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

func (h *Hypervisor) addPool(spec PoolSpec) {
	uuid := h.uuid()
	p := &pool{
		Pool: backend.Pool{
			Meta: backend.Meta{ID: h.ref(backend.KindPool, uuid), Name: spec.Name},
			UUID: uuid, State: spec.State, Type: spec.Type, Path: spec.Path, Source: spec.Source,
			Capacity: spec.Capacity, Autostart: true, Persistent: true, Hosts: -1, VMs: -1, Rev: 1,
		},
		disks: spec.Disks,
	}
	h.pools = append(h.pools, p)
	h.made[p.Path] = true
	for _, name := range spec.Files {
		h.addMadeUp(p, name, strings.TrimPrefix(path.Ext(name), "."), gib)
	}
	for _, name := range spec.Orphans {
		h.addMadeUp(p, name, strings.TrimPrefix(path.Ext(name), "."), 6*gib)
	}
	if p.disks {
		for _, m := range h.vms {
			h.giveDisk(m)
		}
	}
}

func (h *Hypervisor) addMadeUp(p *pool, name, format string, size uint64) {
	v := h.addVolume(p, backend.Volume{Meta: backend.Meta{Name: name}, Type: "file", Format: format, Capacity: size, Allocation: size})
	v.data = newContent(min(size, madeUpBytes))
}

func (h *Hypervisor) poolOf(r backend.Ref) *pool {
	i := slices.IndexFunc(h.pools, func(p *pool) bool { return p.ID == r })
	if i < 0 {
		return nil
	}
	return h.pools[i]
}

// poolFor finds the pool of an operation. Needs mu.
func (h *Hypervisor) poolFor(op backend.Op, r backend.Ref) (*pool, error) {
	if p := h.poolOf(r); p != nil {
		return p, nil
	}
	return nil, backend.Refuse(backend.ClassNotFound, op.Title(), "", "Storage pool not found: no storage pool with this uuid")
}

func (p *pool) running() bool {
	return p.State == backend.PoolRunning || p.State == backend.PoolDegraded
}

func (h *Hypervisor) poolObject(p *pool) *backend.Pool {
	out := p.Pool
	if !p.running() {
		out.Capacity, out.Allocation, out.Available = 0, 0, 0
		return &out
	}
	out.Allocation = 0
	for _, v := range p.volumes {
		out.Allocation += v.Allocation
	}
	out.Capacity = max(out.Capacity, out.Allocation)
	out.Available = out.Capacity - out.Allocation
	return &out
}

// poolChanged tells of a pool whose state or volumes are different. Needs mu.
func (h *Hypervisor) poolChanged(p *pool) {
	p.Rev++
	h.changed(p.ID)
}

// poolWork makes pools and what they stand on.
func (h *Hypervisor) poolWork(op backend.Op) (*work, error) {
	if o, ok := op.(backend.PoolNewOp); ok {
		return h.poolNew(o)
	}
	switch op.(type) {
	case backend.PoolBuildOp, backend.PoolRefreshOp, backend.PoolDeleteOp:
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
	p, err := h.poolFor(op, op.Target())
	if err != nil {
		return nil, err
	}
	w := &work{object: p.Name}
	switch o := op.(type) {
	case backend.PoolBuildOp:
		w.check = func() error { return h.checkBuild(p, o.Overwrite) }
		w.apply = done(func() {
			h.made[p.Path] = true
			if o.Overwrite {
				h.emptyPool(p)
			}
		})
	case backend.PoolRefreshOp:
		w.check = func() error { return p.mustRun(true) }
		w.apply = done(func() { h.poolChanged(p) })
	case backend.PoolDeleteOp:
		w.check = func() error { return h.checkPoolDelete(p) }
		w.apply = done(func() { delete(h.made, p.Path); h.emptyPool(p) })
	}
	return w, nil
}

// emptyPool forgets all volumes of a pool. Needs mu.
func (h *Hypervisor) emptyPool(p *pool) {
	for _, v := range p.volumes {
		h.cut(v.data, 0)
	}
	p.volumes, p.byName = nil, nil
	h.poolChanged(p)
}

func (p *pool) mustRun(want bool) error {
	switch {
	case want && !p.running():
		return refuse55("storage pool '%s' is not active", p.Name)
	case !want && p.running():
		return refuse55("storage pool '%s' is active", p.Name)
	default:
		return nil
	}
}

// refuse55 is libvirt's answer to what the state of an object forbids.
func refuse55(format string, args ...any) error {
	e := backend.Refuse(backend.ClassConflict, "", "", "Requested operation is not valid: "+format, args...)
	e.Code = "55"
	return e
}

func (h *Hypervisor) checkBuild(p *pool, overwrite bool) error {
	if err := p.mustRun(false); err != nil {
		return err
	}
	if len(p.volumes) > 0 && p.Type != "dir" && p.Type != "netfs" && !overwrite {
		return backend.Refuse(backend.ClassConflict, "", "", "%s holds data: building would destroy it", p.Path)
	}
	if len(p.volumes) > 0 && overwrite {
		return h.checkUnused(p)
	}
	return nil
}

func (h *Hypervisor) checkPoolDelete(p *pool) error {
	if err := p.mustRun(false); err != nil {
		return err
	}
	return h.checkUnused(p)
}

// checkUnused refuses when a VM has a disk in the pool.
func (h *Hypervisor) checkUnused(p *pool) error {
	users := h.users()
	for _, v := range p.volumes {
		if by := users[v.Path]; len(by) > 0 {
			return backend.Refuse(backend.ClassConflict, "", "", "%s is used by %s", v.Name, strings.Join(by, ", "))
		}
	}
	return nil
}

// poolKind is what a type of pool needs and where it is mounted.
type poolKind struct {
	needs  []string
	folder string // default of the target path; "" has to be given
}

func poolKinds() map[string]poolKind {
	return map[string]poolKind{
		"dir":     {[]string{"Path"}, ""},
		"fs":      {[]string{"Path", "SourceDevice"}, ""},
		"netfs":   {[]string{"Path", "SourceHost", "SourceDir"}, ""},
		"logical": {[]string{"SourceName"}, "/dev"},
		"iscsi":   {[]string{"SourceHost", "SourceDevice"}, "/dev/disk/by-path"},
		"rbd":     {[]string{"SourceHost", "SourceName"}, ""},
		"disk":    {[]string{"SourceDevice"}, "/dev"},
	}
}

func checkPoolKind(o backend.PoolNewOp) error {
	kind, ok := poolKinds()[o.Type]
	if !ok {
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown storage pool type %q", o.Type)
	}
	given := map[string]string{
		"Path": o.Path, "SourceHost": o.SourceHost, "SourceDir": o.SourceDir,
		"SourceDevice": o.SourceDevice, "SourceName": o.SourceName,
	}
	for _, field := range kind.needs {
		if given[field] == "" {
			return backend.Refuse(backend.ClassInvalid, "", "", "a pool of type %s needs: %s", o.Type, field)
		}
	}
	if o.Path != "" && !path.IsAbs(o.Path) {
		return backend.Refuse(backend.ClassInvalid, "", "", "the target path must be absolute: %q", o.Path)
	}
	return nil
}

func (h *Hypervisor) poolNew(o backend.PoolNewOp) (*work, error) {
	if err := h.hostFor(o, o.Host); err != nil {
		return nil, err
	}
	w := &work{object: o.Name, shared: true}
	w.check = func() error {
		if err := checkNewName("storage pool", o.Name); err != nil {
			return err
		}
		if err := checkPoolKind(o); err != nil {
			return err
		}
		if err := h.checkNewPool(o.Name, o.Path, nil); err != nil {
			return err
		}
		if o.Start && !o.Build && !h.mountable(o.Type, o.Path) {
			return noFolder(o.Name, o.Path)
		}
		return nil
	}
	w.apply = func() (backend.Result, error) {
		p := h.definePool(&libvirtxml.StoragePool{Type: o.Type, Name: o.Name, Source: poolSource(o),
			Target: &libvirtxml.StoragePoolTarget{Path: or(o.Path, poolKinds()[o.Type].folder)}}, nil)
		p.Autostart = o.Autostart
		if o.Build {
			h.made[p.Path] = true
		}
		if o.Start {
			p.State = backend.PoolRunning
		}
		h.poolChanged(p)
		return backend.Result{Created: p.ID}, nil
	}
	return w, nil
}

// mountable says whether what a pool stands on is there: only directories are known.
func (h *Hypervisor) mountable(kind, folder string) bool {
	return kind != "dir" && kind != "fs" && kind != "netfs" || h.made[folder]
}

func noFolder(name, folder string) error {
	e := backend.Refuse(backend.ClassOther, "", name, "cannot open directory '%s': No such file or directory", folder)
	e.Code, e.Remedy = "38", "build the pool first"
	return e
}

func (h *Hypervisor) checkNewPool(name, folder string, self *pool) error {
	for _, p := range h.pools {
		if p == self {
			continue
		}
		if p.Name == name {
			return exists("storage pool '%s' already exists with uuid %s", name, p.UUID)
		}
		if folder != "" && p.Path == folder && strings.HasPrefix(folder, "/") && folder != "/dev" && folder != "/dev/disk/by-path" {
			return exists("Storage source conflict with pool: '%s'", p.Name)
		}
	}
	return nil
}

// exists is libvirt's answer to a second object of one name.
func exists(format string, args ...any) error {
	e := backend.Refuse(backend.ClassConflict, "", "", "operation failed: "+format, args...)
	e.Code = "9"
	return e
}

// checkNewName refuses what libvirt refuses as a name.
func checkNewName(what, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return backend.Refuse(backend.ClassInvalid, "", "", "the name of a %s must not be empty", what)
	case strings.ContainsAny(name, "/\n"), strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd }):
		return backend.Refuse(backend.ClassInvalid, "", "", "the name of a %s must contain neither '/' nor control characters: %q", what, name)
	case name == "." || name == "..":
		return backend.Refuse(backend.ClassInvalid, "", "", "a %s must not be called %q", what, name)
	default:
		return nil
	}
}

func poolSource(o backend.PoolNewOp) *libvirtxml.StoragePoolSource {
	s := &libvirtxml.StoragePoolSource{Name: o.SourceName}
	for one := range strings.SplitSeq(o.SourceHost, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		name, port, _ := strings.Cut(one, ":")
		s.Host = append(s.Host, libvirtxml.StoragePoolSourceHost{Name: name, Port: port})
	}
	if o.SourceDir != "" {
		s.Dir = &libvirtxml.StoragePoolSourceDir{Path: o.SourceDir}
	}
	if o.SourceDevice != "" {
		s.Device = []libvirtxml.StoragePoolSourceDevice{{Path: o.SourceDevice}}
	}
	if o.SourceFormat != "" {
		s.Format = &libvirtxml.StoragePoolSourceFormat{Type: o.SourceFormat}
	}
	if o.Initiator != "" {
		s.Initiator = &libvirtxml.StoragePoolSourceInitiator{IQN: libvirtxml.StoragePoolSourceInitiatorIQN{Name: o.Initiator}}
	}
	if o.AuthUser != "" {
		kind := "chap"
		if o.Type == "rbd" {
			kind = "ceph"
		}
		s.Auth = &libvirtxml.StoragePoolSourceAuth{Type: kind, Username: o.AuthUser,
			Secret: &libvirtxml.StoragePoolSourceAuthSecret{UUID: o.AuthSecret.ID}}
	}
	return s
}

// sourceWords is a pool's source as it is shown: "nas:/export".
func sourceWords(s *libvirtxml.StoragePoolSource) string {
	if s == nil {
		return ""
	}
	var parts []string
	for _, one := range s.Host {
		parts = append(parts, one.Name)
	}
	out := strings.Join(parts, ",")
	for _, more := range []string{dirOf(s), deviceOf(s), s.Name} {
		if more == "" {
			continue
		}
		if out != "" {
			out += ":"
		}
		out += more
	}
	return out
}

func dirOf(s *libvirtxml.StoragePoolSource) string {
	if s.Dir == nil {
		return ""
	}
	return s.Dir.Path
}

func deviceOf(s *libvirtxml.StoragePoolSource) string {
	if len(s.Device) == 0 {
		return ""
	}
	return s.Device[0].Path
}

// definePool makes a pool of its XML, or changes old by it. Needs mu.
func (h *Hypervisor) definePool(def *libvirtxml.StoragePool, old *pool) *pool {
	p := old
	if p == nil {
		uuid := or(def.UUID, backend.NewUUID())
		p = &pool{Pool: backend.Pool{
			Meta: backend.Meta{ID: h.ref(backend.KindPool, uuid), Name: def.Name},
			UUID: uuid, State: backend.PoolInactive, Capacity: 200 * gib, Persistent: true, Hosts: -1, VMs: -1,
		}}
		h.pools = append(h.pools, p)
	}
	p.Type, p.source, p.Source = def.Type, def.Source, sourceWords(def.Source)
	if def.Target != nil {
		p.Path = def.Target.Path
	}
	h.poolChanged(p)
	return p
}
