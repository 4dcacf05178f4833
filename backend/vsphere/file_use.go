package vsphere

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// useBook keeps which files the VMs of the datastore looked at last have, so that only
// those VMs are read again that have changed. It is safe for concurrent use.
type useBook struct {
	mu    sync.Mutex
	store string
	vms   map[string]vmFiles
}

// vmFiles are the files of a VM at the time of the stamp: those of its own, and the
// images in its drives.
type vmFiles struct {
	stamp string
	files []string
}

// fileUse says who uses the files of a datastore.
type fileUse struct {
	files map[string][]string // datastore path to the names of VMs
	dirs  map[string][]string // folder with a slash at its end
	known bool                // all VMs were looked at
}

// fileUse reads the VMs of a datastore: one call for all of them, and one for those that
// have changed since the last time.
func (c *Conn) fileUse(ctx context.Context, doing string, s *store) (*fileUse, error) {
	u := &fileUse{files: make(map[string][]string), dirs: make(map[string][]string), known: true}
	if len(s.vms) == 0 {
		return u, nil
	}
	old := c.uses.of(s.pool.ID)
	now := make(map[string]vmFiles, len(s.vms))
	names := make(map[string]string, len(s.vms))
	var again []moref
	err := c.readWithin(ctx, pageTimeout, doing, unescape(s.name), func(ctx context.Context) error {
		clear(now)
		again = nil
		if err := c.retrieve(ctx, refSpec(s.vms, stampSet()), func(page []types.ObjectContent) {
			for _, o := range page {
				got := propsOf(o)
				names[o.Obj.Value] = unescape(as[string](got["name"]))
				was, stamp := old[o.Obj.Value], stampOf(got)
				if stamp == "" || was.stamp != stamp {
					again = append(again, o.Obj)
				}
				was.stamp = stamp
				now[o.Obj.Value] = was
			}
		}); err != nil {
			return err
		}
		return c.readFiles(ctx, again, now)
	})
	if err != nil {
		return nil, err
	}
	c.uses.set(s.pool.ID, now)
	for moid, vm := range now {
		if vm.stamp == "" {
			u.known = false
		}
		u.add(names[moid], vm.files)
	}
	return u, nil
}

func stampSet() []types.PropertySpec {
	return []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{
		"name", "config.changeVersion", "layoutEx.timestamp", "runtime.powerState", "snapshot",
	}}}
}

// stampOf changes when the files of a VM may have changed; "" for a VM whose
// configuration the server can't read.
func stampOf(got props) string {
	version, ok := got["config.changeVersion"].(string)
	if !ok {
		return ""
	}
	_, rev := treeSummary(got["snapshot"])
	at := as[time.Time](got["layoutEx.timestamp"])
	return fmt.Sprint(version, at.UnixNano(), got["runtime.powerState"], rev)
}

// readFiles fetches the files of these VMs.
func (c *Conn) readFiles(ctx context.Context, refs []moref, into map[string]vmFiles) error {
	if len(refs) == 0 {
		return nil
	}
	sets := []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"layoutEx.file", "config.hardware.device", "config.files.vmPathName"}}}
	return c.retrieve(ctx, refSpec(refs, sets), func(page []types.ObjectContent) {
		for _, o := range page {
			got := propsOf(o)
			vm := into[o.Obj.Value]
			vm.files = filesOf(got)
			into[o.Obj.Value] = vm
		}
	})
}

// filesOf are the files of a VM, each once. Sources: layoutEx.file, the backings of its
// devices.
func filesOf(got props) []string {
	files := []string{as[string](got["config.files.vmPathName"])}
	for _, f := range as[types.ArrayOfVirtualMachineFileLayoutExFileInfo](got["layoutEx.file"]).VirtualMachineFileLayoutExFileInfo {
		files = append(files, f.Name)
	}
	for _, d := range as[types.ArrayOfVirtualDevice](got["config.hardware.device"]).VirtualDevice {
		if disk, ok := d.(*types.VirtualDisk); ok {
			for _, l := range layers(disk.Backing) {
				files = append(files, l.path)
			}
			continue
		}
		if b, ok := d.GetVirtualDevice().Backing.(types.BaseVirtualDeviceFileBackingInfo); ok {
			files = append(files, b.GetVirtualDeviceFileBackingInfo().FileName)
		}
	}
	slices.Sort(files)
	files = slices.Compact(files)
	return slices.DeleteFunc(files, func(f string) bool { return !strings.HasPrefix(f, "[") || strings.HasSuffix(f, "/") })
}

func (u *fileUse) add(vm string, files []string) {
	for _, f := range files {
		u.files[f] = addNew(u.files[f], vm)
		for dir := path.Dir(f); dir != "." && dir != "/"; dir = path.Dir(dir) {
			u.dirs[dir+"/"] = addNew(u.dirs[dir+"/"], vm)
		}
	}
}

// of are the VMs that use a file, or something in a folder. What holds the data of a disk
// is used with the disk.
func (u *fileUse) of(full string, dir bool) []string {
	if dir {
		return u.dirs[full+"/"]
	}
	users := u.files[full]
	if descriptor, ok := descriptorOf(full); ok && len(users) == 0 {
		users = u.files[descriptor]
	}
	return users
}

func (b *useBook) of(store string) map[string]vmFiles {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.store != store {
		return nil
	}
	return b.vms
}

func (b *useBook) set(store string, vms map[string]vmFiles) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.store, b.vms = store, vms
}

// unused refuses what a VM needs: the file, or something in the folder. Where not all VMs
// can be read, what lies in the folder of a VM counts as used by it.
func (a *action) unused(ctx context.Context, f *file) error {
	u, err := a.c.fileUse(ctx, a.doing, f.store)
	if err != nil {
		return err
	}
	full := f.store.path(f.rel)
	users := u.of(full, f.facts.dir)
	if !u.known && len(users) == 0 {
		if home := a.c.names.userOf(path.Dir(full) + "/"); home != "" {
			users = []string{home}
		}
	}
	if len(users) == 0 {
		return nil
	}
	what := "uses it"
	if f.facts.dir {
		what = "has files in it"
	}
	who := "the VM " + users[0]
	if len(users) > 1 {
		who = fmt.Sprintf("%s, with %d other VMs,", who, len(users)-1)
	}
	return a.refuse(backend.ClassConflict, "%s %s", who, what)
}
