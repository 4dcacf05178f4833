package backend

// ConnID names one connection. It is unique in a run, short enough for a column,
// and the same from run to run for the same command line or configuration.
type ConnID string

// Kind is a kind of object in the inventory.
type Kind uint8

// The kinds. Snapshot hangs under a VM, Volume under a Pool; the others stand
// directly under their connection.
const (
	KindNone Kind = iota
	KindHost
	KindCluster
	KindResourcePool
	KindVM
	KindSnapshot
	KindPool
	KindVolume
	KindNetwork
	KindInterface
	KindSecret
	KindNodeDevice
	KindFolder
	KindAlarm
	kindEnd
)

// Kinds lists every kind, in the order of the screen.
func Kinds() []Kind {
	all := make([]Kind, 0, kindEnd-1)
	for k := KindNone + 1; k < kindEnd; k++ {
		all = append(all, k)
	}
	return all
}

var kindNames = [...]string{"", "host", "cluster", "resource pool", "VM", "snapshot", "pool", "volume", "network", "interface", "secret", "device", "folder", "alarm"}

// String is the kind as an operator would write it: "VM", "resource pool".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown kind"
}

// Ref names one object everywhere: in a selection, the store, a task, the audit
// log. It is comparable and survives a rename of the object.
//
// ID is the driver's own key: a UUID for libvirt domains, pools, networks, secrets;
// the name for host interfaces and node devices; the managed object id for vSphere; "<domain UUID>/<snapshot name>" and "<pool
// UUID>/<volume key>" for what has no UUID. It may hold foreign bytes: it is
// compared and sent back to the driver, never shown.
type Ref struct {
	Conn ConnID
	Kind Kind
	ID   string
}

// IsZero reports whether the reference names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// Query names a list: all objects of a kind of a connection, or those under one
// parent (the snapshots of a VM, the volumes of a pool). Refs narrows it to these
// objects; a listed Ref that no longer exists is simply absent from the answer.
type Query struct {
	Kind   Kind
	Parent Ref
	Refs   []Ref
}
