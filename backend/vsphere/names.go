package vsphere

import (
	"net/url"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// place is an object that others are in: a folder, datacenter, host, pool, switch.
type place struct {
	kind, name, parent string // the managed object's type, its name, the moid above
}

// names knows what moids are called. It is filled by Watch and List, and read for
// the names in objects, errors and tasks. Safe for concurrent use.
type names struct {
	mu     sync.Mutex
	places map[string]place
	vms    map[string]string
	same   map[string]string // one copy of strings that many VMs share
}

func newNames() *names {
	return &names{places: make(map[string]place), vms: make(map[string]string), same: make(map[string]string)}
}

// unescape undoes the %XX of the three characters that inventory names may not
// hold: %2f for /, %5c for \ and %25 for %.
func unescape(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	if plain, err := url.PathUnescape(name); err == nil {
		return plain
	}
	return name
}

// intern returns the one copy of s.
func (n *names) intern(s string) string {
	if s == "" {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.same[s]; ok {
		return known
	}
	s = strings.Clone(s)
	n.same[s] = s
	return s
}

// moids are the ids of a list of references, interned.
func (n *names) moids(val any) []string {
	refs := as[types.ArrayOfManagedObjectReference](val).ManagedObjectReference
	if len(refs) == 0 {
		return nil
	}
	out := make([]string, len(refs))
	for i, r := range refs {
		out[i] = n.intern(r.Value)
	}
	return out
}

// learn notes a property of a place, and says whether a known name or place changed.
func (n *names) learn(ref types.ManagedObjectReference, path string, val any) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, known := n.places[ref.Value]
	p.kind = ref.Type
	changed := false
	switch v := val.(type) {
	case string:
		if path == "name" {
			changed = known && p.name != "" && p.name != unescape(v)
			p.name = unescape(v)
		}
	case types.ManagedObjectReference:
		if path == "parent" {
			changed = known && p.parent != "" && p.parent != v.Value
			p.parent = v.Value
		}
	}
	n.places[ref.Value] = p
	return changed
}

func (n *names) learnVM(moid, name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.vms[moid] = name
}

func (n *names) forget(moid string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.vms, moid)
	delete(n.places, moid)
}

// name of any object; the moid when it is not known.
func (n *names) name(moid string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if name, ok := n.vms[moid]; ok {
		return name
	}
	if p, ok := n.places[moid]; ok && p.name != "" {
		return p.name
	}
	return moid
}

// kind is the managed object type of a place; "" when it is not known.
func (n *names) kind(moid string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.places[moid].kind
}

// place name; "" when it is not known.
func (n *names) place(moid string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.places[moid].name
}

// above is the nearest object at or over moid of one of these types.
func (n *names) above(moid string, kinds ...string) (id string, p place) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for range 64 { // deeper than any inventory, and an end to a cycle
		p, ok := n.places[moid]
		if !ok {
			return "", place{}
		}
		for _, k := range kinds {
			if p.kind == k {
				return moid, p
			}
		}
		moid = p.parent
	}
	return "", place{}
}

// folderPath is the names of the folders from below the datacenter down to moid:
// "Production/Web". The folder that every datacenter has ("vm") is left out.
func (n *names) folderPath(moid string) string {
	return n.path(moid, func(p place) bool { return p.kind == "Datacenter" || n.fixed(p) })
}

// poolPath is the names of the resource pools from below the cluster or host down to
// moid. The root pool that each of those has is left out.
func (n *names) poolPath(moid string) string {
	return n.path(moid, func(p place) bool { return isCompute(p.kind) || isCompute(n.places[p.parent].kind) })
}

func isCompute(kind string) bool {
	return kind == "ClusterComputeResource" || kind == "ComputeResource"
}

// path is the names down to moid from below the first place where it stops.
func (n *names) path(moid string, stop func(place) bool) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var parts []string
	for range 64 {
		p, ok := n.places[moid]
		if !ok || stop(p) {
			break
		}
		parts = append([]string{p.name}, parts...)
		moid = p.parent
	}
	return strings.Join(parts, "/")
}

// typeOf is the managed object's type for a reference.
func (n *names) typeOf(r backend.Ref) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch r.Kind {
	case backend.KindHost:
		return "HostSystem"
	case backend.KindVM:
		return "VirtualMachine"
	case backend.KindCluster:
		return "ClusterComputeResource"
	case backend.KindPool:
		return "Datastore"
	default: // a type of its own for each object
	}
	if p, ok := n.places[r.ID]; ok {
		return p.kind
	}
	switch {
	case r.Kind == backend.KindResourcePool:
		return "ResourcePool"
	case r.Kind == backend.KindFolder && strings.HasPrefix(r.ID, "datacenter"):
		return "Datacenter"
	case r.Kind == backend.KindFolder:
		return "Folder"
	}
	if strings.HasPrefix(r.ID, "dvportgroup") {
		return "DistributedVirtualPortgroup"
	}
	return "Network"
}

// kindOf is the neutral kind of a managed object's type; KindNone for those that
// are only places.
func kindOf(moType string) backend.Kind {
	switch moType {
	case "VirtualMachine":
		return backend.KindVM
	case "HostSystem":
		return backend.KindHost
	case "ClusterComputeResource":
		return backend.KindCluster
	case "ResourcePool", "VirtualApp":
		return backend.KindResourcePool
	case "Datastore":
		return backend.KindPool
	case "Network", "DistributedVirtualPortgroup", "OpaqueNetwork":
		return backend.KindNetwork
	case "Folder", "Datacenter", "StoragePod":
		return backend.KindFolder
	default:
		return backend.KindNone
	}
}
