package backend

// What can be done to objects of several kinds in the same way. The verb of each is
// VerbFor(kind, act).

// The acts of VerbFor.
const (
	ActDefine    = "define"
	ActCreate    = "create" // run without a lasting definition
	ActUndefine  = "undefine"
	ActStart     = "start"
	ActStop      = "stop"
	ActAutostart = "autostart"
)

// VerbFor is the verb of an act on a kind of object: "pool.start".
func VerbFor(k Kind, act string) Verb { return Verb(k.String() + "." + act) }

// StartOp activates a pool, network or host interface. Sources:
// virStoragePoolCreate, virNetworkCreate, virInterfaceCreate.
type StartOp struct{ Object Ref }

// StopOp deactivates a pool, network or host interface; what is stored in it stays.
// Sources: virStoragePoolDestroy, virNetworkDestroy, virInterfaceDestroy.
type StopOp struct{ Object Ref }

// AutostartOp says whether a VM, pool or network starts with its host. Sources:
// virDomainSetAutostart, virStoragePoolSetAutostart, virNetworkSetAutostart.
type AutostartOp struct {
	Object Ref
	On     bool
}

// UndefineOp removes the definition of an inactive pool, network or interface, or a
// secret with its value; what a pool stores stays. VMs have VMUndefineOp. Sources:
// virStoragePoolUndefine, virNetworkUndefine, virInterfaceUndefine, virSecretUndefine.
type UndefineOp struct{ Object Ref }

// DefineOp gives the server a definition in its own XML, which it validates: of a new
// object, or of Object, which it must name. Sources: virDomainDefineXMLFlags,
// virStoragePoolDefineXML, virStorageVolCreateXML, virNetworkDefineXML,
// virInterfaceDefineXML, virSecretDefineXML, virDomainSnapshotCreateXML (redefine).
type DefineOp struct {
	Kind Kind
	// Under is the host; the pool of a volume; the VM of a snapshot.
	Under Ref
	// Object is what is redefined; zero for a new one. A volume can't be redefined.
	// An XML that names another object is refused before the server is asked.
	Object Ref
	XML    string `audit:"secret"`
	// Transient runs it without a lasting definition: virDomainCreateXML and alike.
	Transient bool
}

// Target implements Op.
func (o StartOp) Target() Ref     { return o.Object }
func (o StopOp) Target() Ref      { return o.Object }
func (o AutostartOp) Target() Ref { return o.Object }
func (o UndefineOp) Target() Ref  { return o.Object }
func (o DefineOp) Target() Ref {
	if o.Object.IsZero() {
		return o.Under
	}
	return o.Object
}

// Verb implements Op.
func (o StartOp) Verb() Verb     { return VerbFor(o.Object.Kind, ActStart) }
func (o StopOp) Verb() Verb      { return VerbFor(o.Object.Kind, ActStop) }
func (o AutostartOp) Verb() Verb { return VerbFor(o.Object.Kind, ActAutostart) }
func (o UndefineOp) Verb() Verb  { return VerbFor(o.Object.Kind, ActUndefine) }
func (o DefineOp) Verb() Verb {
	if o.Transient {
		return VerbFor(o.Kind, ActCreate)
	}
	return VerbFor(o.Kind, ActDefine)
}

// Title implements Op.
func (o StartOp) Title() string { return "start " + o.Object.Kind.String() }
func (o StopOp) Title() string  { return "stop " + o.Object.Kind.String() }
func (o AutostartOp) Title() string {
	if o.On {
		return "set autostart of " + o.Object.Kind.String()
	}
	return "clear autostart of " + o.Object.Kind.String()
}
func (o UndefineOp) Title() string { return "undefine " + o.Object.Kind.String() }
func (o DefineOp) Title() string {
	switch {
	case o.Transient:
		return "create transient " + o.Kind.String()
	case o.Object.IsZero():
		return "define " + o.Kind.String()
	default:
		return "change the definition of " + o.Kind.String()
	}
}

func objectOps() []Op {
	return []Op{StartOp{}, StopOp{}, AutostartOp{}, UndefineOp{}, DefineOp{}}
}
