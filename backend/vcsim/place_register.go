package vcsim

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// shelf keeps VMs that were unregistered by their .vmx file, which holds nothing in the
// simulator. The zero value is ready.
type shelf struct {
	mu  sync.Mutex
	vms map[string]*simulator.VirtualMachine
}

// key tells files of datastores apart that are called alike in two datacenters.
func shelfKey(ds types.ManagedObjectReference, vmx string) string { return ds.Value + " " + vmx }

func (s *shelf) put(key string, vm *simulator.VirtualMachine) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vms == nil {
		s.vms = make(map[string]*simulator.VirtualMachine)
	}
	s.vms[key] = vm
}

func (s *shelf) take(key string) *simulator.VirtualMachine {
	s.mu.Lock()
	defer s.mu.Unlock()
	vm := s.vms[key]
	delete(s.vms, key)
	return vm
}

// RenameTask renames the VM in the inventory; its files keep their names.
func (m *machine) RenameTask(ctx *simulator.Context, req *types.Rename_Task) soap.HasFault {
	ref := m.run(ctx, job{id: "rename", finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		if req.NewName == "" || utf8.RuneCountInString(req.NewName) > 80 {
			return nil, &types.InvalidName{Name: req.NewName}
		}
		if f, ok := bg.Map.Get(*m.vm.Parent).(*simulator.Folder); ok {
			if there := bg.Map.FindByName(req.NewName, f.ChildEntity); there != nil && there.Reference() != m.Self {
				return nil, &types.DuplicateName{Name: req.NewName, Object: there.Reference()}
			}
		}
		bg.Map.Update(bg, m.vm, []types.PropertyChange{
			{Name: "name", Val: req.NewName}, {Name: "config.name", Val: req.NewName}, {Name: "summary.config.name", Val: req.NewName},
		})
		return nil, nil
	}})
	return &methods.Rename_TaskBody{Res: &types.Rename_TaskResponse{Returnval: ref}}
}

// UnregisterVM takes the VM out of the inventory and remembers what its file says.
func (m *machine) UnregisterVM(ctx *simulator.Context, _ *types.UnregisterVM) soap.HasFault {
	kept := &simulator.VirtualMachine{}
	kept.VirtualMachine = m.vm.VirtualMachine
	res := m.vm.UnregisterVM(ctx, &types.UnregisterVM{This: m.Self})
	if res.Fault() == nil && len(kept.Datastore) > 0 {
		m.srv.shelf.put(shelfKey(kept.Datastore[0], kept.Config.Files.VmPathName), kept)
	}
	return res
}

// registrar adds a RegisterVM_Task that gives a VM back as it was.
type registrar struct {
	Self   types.ManagedObjectReference
	srv    *Server
	folder *simulator.Folder
}

// Reference implements mo.Reference.
func (r *registrar) Reference() types.ManagedObjectReference { return r.Self }

// RegisterVMTask makes a VM of a .vmx file. One that no VM of this simulator had is
// registered with what the simulator gives a new VM.
func (r *registrar) RegisterVMTask(ctx *simulator.Context, req *types.RegisterVM_Task) soap.HasFault {
	ds := r.datastore(ctx.Map, req)
	var kept *simulator.VirtualMachine
	if ds != nil && !r.registered(ctx.Map, ds.Self, req.Path) {
		kept = r.srv.shelf.take(shelfKey(ds.Self, req.Path))
	}
	if kept == nil {
		return r.plain(ctx, req, ds)
	}
	ref := r.srv.run(ctx, r.folder, r.folder.Name, job{id: "registerVm", finish: func(bg *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		made, fault := r.putBack(bg, req, kept, ds)
		if fault != nil {
			r.srv.shelf.put(shelfKey(ds.Self, req.Path), kept)
			return nil, fault
		}
		return made, nil
	}})
	return &methods.RegisterVM_TaskBody{Res: &types.RegisterVM_TaskResponse{Returnval: ref}}
}

// plain leaves it to the simulator, which looks for more files than the .vmx.
func (r *registrar) plain(ctx *simulator.Context, req *types.RegisterVM_Task, ds *simulator.Datastore) soap.HasFault {
	_, rel, _ := strings.Cut(req.Path, "] ")
	if ds != nil && dirOnDisk(ds) != "" {
		home := filepath.Join(dirOnDisk(ds), path.Dir(rel))
		name := req.Name
		if name == "" {
			name = path.Dir(rel)
		}
		if _, err := os.Stat(filepath.Join(dirOnDisk(ds), rel)); err == nil {
			for _, f := range []string{name + ".nvram", "vmware.log"} {
				touch(filepath.Join(home, f))
			}
		}
	}
	return r.folder.RegisterVMTask(ctx, req)
}

func touch(file string) {
	if f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY, 0o600); err == nil { //nolint:gosec // below the simulator's own directory
		_ = f.Close()
	}
}

// datastore is that of the path, among those that the folder's datacenter has.
func (r *registrar) datastore(reg *simulator.Registry, req *types.RegisterVM_Task) *simulator.Datastore {
	name, _, ok := strings.Cut(strings.TrimPrefix(req.Path, "["), "] ")
	dc := datacenterOf(reg, &r.Self)
	for _, e := range reg.All("Datastore") {
		if e.Entity().Name == name && ok && datacenterOf(reg, e.Entity().Parent).Datacenter == dc.Datacenter {
			return e.(*simulator.Datastore)
		}
	}
	return nil
}

func (r *registrar) registered(reg *simulator.Registry, ds types.ManagedObjectReference, vmx string) bool {
	return slices.ContainsFunc(r.srv.vms(reg), func(vm *simulator.VirtualMachine) bool {
		return vm.Config != nil && vm.Config.Files.VmPathName == vmx && slices.Contains(vm.Datastore, ds)
	})
}

func (s *Server) vms(reg *simulator.Registry) []*simulator.VirtualMachine {
	var all []*simulator.VirtualMachine
	for _, e := range reg.All("VirtualMachine") {
		if vm, ok := e.(*simulator.VirtualMachine); ok {
			all = append(all, vm)
		}
	}
	return all
}

// putBack registers a VM again, with a new reference.
func (r *registrar) putBack(
	bg *simulator.Context, req *types.RegisterVM_Task, vm *simulator.VirtualMachine, ds *simulator.Datastore,
) (types.AnyType, types.BaseMethodFault) {
	at, fault := r.place(bg, req, ds)
	if fault != nil {
		return nil, fault
	}
	cfg := *vm.Config
	if req.Name != "" {
		cfg.Name = req.Name
	} else {
		cfg.Name = vm.Name
	}
	if there := bg.Map.FindByName(cfg.Name, r.folder.ChildEntity); there != nil {
		return nil, &types.DuplicateName{Name: cfg.Name, Object: there.Reference()}
	}
	cfg.Template = req.AsTemplate
	vm.Self = r.srv.newRef("VirtualMachine", "vm")
	self, host := vm.Self, at.host.Self
	vm.Name, vm.Config, vm.Summary.Vm, vm.RecentTask = cfg.Name, &cfg, &self, nil
	vm.Summary.Config.Name, vm.Summary.Config.Template = cfg.Name, cfg.Template
	vm.Runtime.Host, vm.Summary.Runtime.Host, vm.ResourcePool = &host, &host, nil
	if !cfg.Template {
		pool := at.pool.Self
		vm.ResourcePool = &pool
	}
	at.enter(bg, vm)
	return vm.Self, nil
}

func (r *registrar) place(bg *simulator.Context, req *types.RegisterVM_Task, ds *simulator.Datastore) (place, types.BaseMethodFault) {
	at := place{folder: r.folder, ds: ds}
	if req.AsTemplate && req.Host == nil {
		return at, &types.InvalidArgument{InvalidProperty: "host"}
	}
	pool := req.Pool
	if req.AsTemplate {
		root := rootPool(bg.Map, req.Host)
		pool = &root
	}
	if pool == nil {
		return at, &types.InvalidArgument{InvalidProperty: "pool"}
	}
	host := req.Host
	if host == nil {
		host = freeHost(bg.Map, computeOf(bg.Map, pool), nil)
	}
	if host == nil {
		return at, &types.NoCompatibleHost{}
	}
	if fault := usable(bg.Map, *host); fault != nil {
		return at, fault
	}
	at.host, _ = bg.Map.Get(*host).(*simulator.HostSystem)
	at.pool, _ = bg.Map.Get(*pool).(*simulator.ResourcePool)
	if at.pool == nil {
		return at, &types.InvalidArgument{InvalidProperty: "pool"}
	}
	return at, nil
}
