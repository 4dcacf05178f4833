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

// fileUse says who uses the files of a datastore: the one answer to that question.
type fileUse struct {
	files  map[string][]string // datastore path to the names of VMs
	dirs   map[string][]string // folder with a slash at its end, and those above it
	homes  map[string][]string // folder of a .vmx, with a slash at its end
	unread []string            // VMs whose files the server does not tell
	known  bool                // all VMs were looked at, and all were told
}

// vmHome is what is always told of a VM.
type vmHome struct{ name, vmx string }

// fileUse reads the VMs of a datastore, but for the one of moid except: one call for all
// of them, and one for those that have changed since the last time.
func (c *Conn) fileUse(ctx context.Context, doing string, s *store, except string) (*fileUse, error) {
	u := newFileUse()
	if len(s.vms) == 0 {
		return u, nil
	}
	old := c.uses.of(s.pool.ID)
	now := make(map[string]vmFiles, len(s.vms))
	homes := make(map[string]vmHome, len(s.vms))
	var again []moref
	err := c.readWithin(ctx, pageTimeout, doing, unescape(s.name), func(ctx context.Context) error {
		clear(now)
		again = nil
		if err := c.retrieve(ctx, refSpec(s.vms, stampSet()), func(page []types.ObjectContent) {
			for _, o := range page {
				got := propsOf(o)
				homes[o.Obj.Value] = vmHome{unescape(as[string](got["name"])), as[string](got["summary.config.vmPathName"])}
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
	for _, vm := range s.vms {
		if vm.Value != except {
			u.add(homes[vm.Value], now[vm.Value])
		}
	}
	return u, nil
}

func newFileUse() *fileUse {
	return &fileUse{files: make(map[string][]string), dirs: make(map[string][]string), homes: make(map[string][]string), known: true}
}

func stampSet() []types.PropertySpec {
	return []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{
		"name", "summary.config.vmPathName", "config.changeVersion", "layoutEx.timestamp", "runtime.powerState", "snapshot",
	}}}
}

// stampOf changes when the files of a VM may have changed; "" for a VM whose files the
// server does not tell, as those on a host that is disconnected.
func stampOf(got props) string {
	version, ok := got["config.changeVersion"].(string)
	at, laid := got["layoutEx.timestamp"].(time.Time)
	if !ok || !laid {
		return ""
	}
	_, rev := treeSummary(got["snapshot"])
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

func (u *fileUse) add(home vmHome, vm vmFiles) {
	if vm.stamp == "" {
		u.known = false
		u.unread = addNew(u.unread, orDefault(home.name, "a VM that may not be read"))
	}
	files := vm.files
	if strings.HasPrefix(home.vmx, "[") {
		files = append(slices.Clip(files), home.vmx)
		if dir := path.Dir(home.vmx); dir != "." {
			u.homes[dir+"/"] = addNew(u.homes[dir+"/"], home.name)
		}
	}
	for _, f := range files {
		u.files[f] = addNew(u.files[f], home.name)
		for dir := path.Dir(f); dir != "." && dir != "/"; dir = path.Dir(dir) {
			u.dirs[dir+"/"] = addNew(u.dirs[dir+"/"], home.name)
		}
	}
}

// of are the VMs that use a file, or have something in a folder or below it. What holds
// the data of a disk is used with the disk.
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

// homeOf are the VMs in whose folder, or below it, a file or folder lies.
func (u *fileUse) homeOf(full string) []string {
	for dir := path.Dir(full); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if vms := u.homes[dir+"/"]; len(vms) > 0 {
			return vms
		}
	}
	return nil
}

// disksIn are the VMs that have a disk file in this folder, or below it.
func (u *fileUse) disksIn(dir string) []string {
	var users []string
	for f, vms := range u.files {
		if strings.HasPrefix(f, dir) && strings.HasSuffix(f, ".vmdk") {
			users = append(users, vms...)
		}
	}
	return users
}

// blind says which VMs the server tells nothing of.
func (u *fileUse) blind() string {
	return "the server does not tell which files these VMs use: " + listed(u.unread)
}

const blindRemedy = "bring the host of these VMs back, or unregister them"

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

// unused refuses what a VM needs: the file, or something in the folder or below it. Where
// the files of some VM are not told, what lies in its folder counts as used by it, and
// disks and folders anywhere may be its own, so they are refused.
func (a *action) unused(ctx context.Context, f *file) error {
	u, err := a.c.fileUse(ctx, a.doing, f.store, "")
	if err != nil {
		return err
	}
	full := f.store.path(f.rel)
	users := u.of(full, f.facts.dir)
	if !u.known && len(users) == 0 {
		users = u.homeOf(full)
	}
	if len(users) > 0 {
		return a.used(users, f.facts.dir)
	}
	if _, disk := descriptorOf(f.rel); u.known || !disk && !f.facts.dir {
		return nil
	}
	e := a.refuse(backend.ClassConflict, "%s", u.blind())
	e.Remedy = blindRemedy
	return e
}

func (a *action) used(users []string, dir bool) error {
	what := "uses it"
	if dir {
		what = "has files in it"
	}
	who := "the VM " + users[0]
	if len(users) > 1 {
		who = fmt.Sprintf("%s, with %d other VMs,", who, len(users)-1)
	}
	return a.refuse(backend.ClassConflict, "%s %s", who, what)
}
