package vsphere

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// The four folders that every datacenter has ("vm", "host", "datastore", "network") are
// not told as objects: an operator never sees them in the vSphere Client either. What is
// in one of them is in the datacenter; Folder.Holds and Folder.Path say which it was. The
// root folder is not told for the same reason: datacenters stand at the top. A single ESXi
// host has the same places, but only one of each: none of them is told.

// folderState is what is remembered of a Datacenter, a Folder or a StoragePod.
type folderState struct {
	kind, name, parent string
	holds              string
	alarm              backend.Health
}

// newFolder knows what a datastore cluster holds, which has no childType of its own in
// the lean set.
func newFolder(moType string) *folderState {
	f := &folderState{kind: moType}
	if moType == "StoragePod" {
		f.holds = "datastores"
	}
	return f
}

func (f *folderState) set(n *names, path string, val any) bool {
	switch path {
	case "name":
		f.name = unescape(as[string](val))
	case "parent":
		f.parent = n.intern(moidOf(val))
	case "overallStatus":
		f.alarm = health(val)
	case "childType":
		f.holds = holdsOf(as[types.ArrayOfString](val).String)
	default:
		return false
	}
	return true
}

// holdsOf says in a word what may be put into a folder. Source: Folder.childType.
func holdsOf(kinds []string) string {
	for _, k := range kinds {
		switch k {
		case "VirtualMachine":
			return "VMs"
		case "ComputeResource":
			return "hosts"
		case "Datastore":
			return "datastores"
		case "Network":
			return "networks"
		case "Datacenter":
			return "datacenters"
		}
	}
	return ""
}

// object is nil for one of the four folders of a datacenter.
func (f *folderState) object(c *Conn, moid string) backend.Object {
	if !c.vc.IsVC() || c.names.hidden(moid) {
		return nil
	}
	return &backend.Folder{
		Meta: backend.Meta{ID: c.ref(backend.KindFolder, moid), Name: f.name},
		Up:   c.folderRef(f.parent), Datacenter: f.kind == "Datacenter", Holds: f.holds,
		Path: c.names.inventoryPath(moid), Alarm: f.alarm,
	}
}

// folderRef is the folder or datacenter as which a moid is shown: the datacenter for one
// of its four folders, the zero reference for the root folder and for what is no folder.
func (c *Conn) folderRef(moid string) backend.Ref {
	if id := c.names.folder(moid); id != "" && c.vc.IsVC() {
		return c.ref(backend.KindFolder, id)
	}
	return backend.Ref{}
}

// fixed tells whether a place is one of the four folders of a datacenter. Needs mu.
func (n *names) fixed(p place) bool {
	return p.kind == "Folder" && n.places[p.parent].kind == "Datacenter"
}

// hidden tells whether a folder is not told as an object.
func (n *names) hidden(moid string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fixed(n.places[moid])
}

// folder is the moid of the folder or datacenter that stands for moid; "" for none.
func (n *names) folder(moid string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, ok := n.places[moid]
	switch {
	case !ok || kindOf(p.kind) != backend.KindFolder:
		return ""
	case n.fixed(p):
		return p.parent
	default:
		return moid
	}
}

// datacenters are the moids of the datacenters with this name; of all when it is "".
func (n *names) datacenters(name string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var all []string
	for moid, p := range n.places {
		if p.kind == "Datacenter" && (name == "" || p.name == name) {
			all = append(all, moid)
		}
	}
	return all
}

// inventoryPath is the names from the top down to moid, all of them: "/fra1/vm/Build".
func (n *names) inventoryPath(moid string) string { return "/" + n.chain(moid, "/", plainName) }

// apiPath is the inventory path as the server reads it, where a name's slashes, and so
// on, are written as %2f. It has no slash before it, as dcPath.
func (n *names) apiPath(moid string) string { return n.chain(moid, "/", escape) }

func (n *names) chain(moid, sep string, word func(string) string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var parts []string
	for range 64 { // deeper than any inventory, and an end to a cycle
		p, ok := n.places[moid]
		if !ok {
			break
		}
		parts = append([]string{word(p.name)}, parts...)
		moid = p.parent
	}
	return strings.Join(parts, sep)
}

func plainName(name string) string { return name }

// escape writes the characters that the API wants as %XX in names; see unescape.
func escape(name string) string {
	return strings.NewReplacer("%", "%25", "/", "%2f", `\`, "%5c").Replace(name)
}
