package kind

import (
	"slices"
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

// Places are what one connection has to put VMs into.
type Places struct {
	conn   backend.ConnID
	all    func(backend.Kind) []backend.Object
	lookup func(backend.Ref) backend.Object
	// several says that there is more than one datacenter, so that names need one.
	several bool
}

// NewPlaces gives the places of a connection, as all and lookup know them.
func NewPlaces(conn backend.ConnID, all func(backend.Kind) []backend.Object, lookup func(backend.Ref) backend.Object) Places {
	p := Places{conn: conn, all: all, lookup: lookup}
	p.several = len(p.Of(backend.KindFolder, func(o backend.Object) bool { return o.(*backend.Folder).Datacenter })) > 1
	return p
}

// placesOf are the places of the connection of what is selected.
func placesOf(s keymap.Selection) Places {
	var conn backend.ConnID
	if first := s.First(); first != nil {
		conn = first.Ref().Conn
	}
	return NewPlaces(conn, s.All, s.Lookup)
}

// Of lists the objects of a kind, by name; keep nil for all of them.
func (p Places) Of(k backend.Kind, keep func(backend.Object) bool) []backend.Object {
	var out []backend.Object
	for _, o := range p.all(k) {
		if o.Ref().Conn == p.conn && (keep == nil || keep(o)) {
			out = append(out, o)
		}
	}
	Order(out, nil, false)
	return out
}

// Hosts are those that take VMs now.
func (p Places) Hosts() []backend.Object { return p.Of(backend.KindHost, hostUsable) }

func hostUsable(o backend.Object) bool {
	h, ok := o.(*backend.Host)
	return ok && h.Link == backend.LinkConnected && !h.Maintenance && !h.Standby
}

// Stores are the datastores that can be written now.
func (p Places) Stores() []backend.Object {
	return p.Of(backend.KindPool, func(o backend.Object) bool { return poolUsable(o) && !o.(*backend.Pool).Maintenance })
}

// Folders are those for VMs.
func (p Places) Folders() []backend.Object {
	out := p.Of(backend.KindFolder, func(o backend.Object) bool { return o.(*backend.Folder).Holds == "VMs" })
	return p.byLabel(out)
}

// Pools are the resource pools and vApps, also the root pool of each cluster and host.
func (p Places) Pools() []backend.Object { return p.byLabel(p.Of(backend.KindResourcePool, nil)) }

func (p Places) byLabel(list []backend.Object) []backend.Object {
	labels := make(map[backend.Ref]string, len(list))
	for _, o := range list {
		labels[o.Ref()] = p.Label(o)
	}
	slices.SortStableFunc(list, func(a, b backend.Object) int { return strings.Compare(labels[a.Ref()], labels[b.Ref()]) })
	return list
}

// Label names a place so that it can be told from others of its kind.
func (p Places) Label(o backend.Object) string {
	switch o := o.(type) {
	case *backend.Host:
		if o.Cluster != "" { // which says where it is
			return o.Name + " in " + o.Cluster
		}
	case *backend.ResourcePool:
		return p.inDatacenter(o, joined("/", o.Cluster, orWord(o.Path, o.Name)))
	case *backend.Folder:
		return orWord(o.Path, o.Name)
	case *backend.Pool:
		return p.inDatacenter(o, o.Name) + ", " + Bytes(float64(o.Available)) + " free of " + Bytes(float64(o.Capacity))
	}
	return p.inDatacenter(o, o.Title())
}

// KindLabel is the Label with what kind of place it is, for a choice among several kinds.
func (p Places) KindLabel(o backend.Object) string {
	what := o.Ref().Kind.String()
	if pool, ok := o.(*backend.ResourcePool); ok {
		what = "pool"
		if pool.VApp {
			what = "vApp"
		}
	}
	return what + " " + p.Label(o)
}

// inDatacenter adds the datacenter where there are several.
func (p Places) inDatacenter(o backend.Object, name string) string {
	if !p.several {
		return name
	}
	if dc := p.Datacenter(o); dc != "" {
		return name + " (" + dc + ")"
	}
	return name
}

// deepest is how many pools or folders may be in each other; more is a mistake of the
// server.
const deepest = 64

// Datacenter is the name of the one that an object is in; "" where nobody says.
func (p Places) Datacenter(o backend.Object) string {
	for range deepest {
		var up backend.Ref
		switch o := o.(type) {
		case *backend.Cluster:
			return o.Datacenter
		case *backend.Host:
			return o.Datacenter
		case *backend.Pool:
			return fieldNamed(o.Extra, "Datacenter")
		case *backend.Network:
			return fieldNamed(o.Extra, "Datacenter")
		case *backend.Folder:
			if o.Datacenter {
				return o.Name
			}
			up = o.Up
		case *backend.ResourcePool:
			up = o.Up
		}
		if up.IsZero() {
			return ""
		}
		o = p.lookup(up)
	}
	return ""
}

// ClusterOf is the cluster that a cluster, host or resource pool belongs to; zero for
// none.
func (p Places) ClusterOf(o backend.Object) backend.Ref {
	for range deepest {
		switch at := o.(type) {
		case *backend.Cluster:
			return at.ID
		case *backend.Host:
			return at.ClusterRef
		case *backend.ResourcePool:
			o = p.lookup(at.Up)
		default:
			return backend.Ref{}
		}
	}
	return backend.Ref{}
}

// ProvisioningLabel says how disks are laid out; it knows the words of Provisionings and
// of OVFProvisionings.
func ProvisioningLabel(p string) string {
	switch p {
	case "":
		return "as they are"
	case "thin":
		return "thin, takes room as it is written"
	case "thick":
		return "thick, zeroed when first written"
	case "eager", "eagerZeroedThick":
		return "thick, zeroed at once"
	default:
		return p
	}
}
