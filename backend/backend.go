package backend

import (
	"context"
	"time"
)

// Backend is one live connection to a hypervisor. It is made by a Dialer, is safe
// for concurrent use, and is dead for good after the first ClassUnreachable error
// of List, Stats or Watch: the caller closes it and dials a new one. A Backend
// never redials and never retries an operation by itself (a vSphere session that
// expired is renewed within the same Backend).
//
// Every method honours its context and, over that, a deadline of the driver's own,
// so that none blocks for ever on a frozen server; what overran it is
// ClassUnreachable (reads) or ClassLost (operations). Every error is an *Error.
type Backend interface {
	ID() ConnID
	About() About
	Caps() Caps

	// List fetches a list with cheap fields in a number of calls that does not
	// depend on its length (server-forced paging aside), and hands it over in
	// one or more pages; the union is the list. After an error the list is
	// incomplete. emit is called from one goroutine and must not block long.
	List(ctx context.Context, q Query, emit func(page []Object)) error

	// Get fetches the dear fields of one object.
	Get(ctx context.Context, r Ref) (*Detail, error)

	// Stats samples the load of these VMs and hosts; with no refs of every
	// running VM and every host. Objects that do not run or have vanished are
	// absent. The first call on an object may give Unknown rates.
	Stats(ctx context.Context, refs []Ref) ([]Sample, error)

	// Watch reports changes until the context ends (nil) or the connection is
	// lost (an error). It starts by bringing the receiver up to date: a full set
	// of Replace or Upsert…Synced deltas for the kinds in Caps().Watched, or
	// Invalidate deltas where the driver wants List to be called. It is called
	// once per Backend. emit is called from one goroutine, in order.
	Watch(ctx context.Context, emit func(Delta)) error

	// Do performs one operation and returns when the server says that it is
	// done, refused or lost. progress may be called from another goroutine, and
	// not after Do returned. When ctx is cancelled, Do asks the server to cancel
	// where it can; if the server can't, Do goes on waiting and says so once
	// through Progress.Uncancellable. It never reports ClassCancelled unless the
	// work has really stopped.
	Do(ctx context.Context, op Op, progress Progress) (Result, error)

	// Close logs out and frees everything, within 5 s at most, and may be called
	// more than once, also while other calls are pending: they then fail. Only an
	// operation that is Local may go on, on a connection of its own, until it ends or
	// its context does: a link that is dialled anew must not cost an hour's transfer.
	Close() error
}

// NodeMonitor is implemented by backends that can sample a node by CPU and NUMA
// cell. Found by As.
type NodeMonitor interface {
	// Node samples a host in detail. The first call may give Unknown shares.
	Node(ctx context.Context, host Ref) (*NodeSample, error)
}

// Unwrapper is implemented by wrappers around a Backend.
type Unwrapper interface{ Unwrap() Backend }

// As finds the outermost layer of b that implements T.
func As[T any](b Backend) (T, bool) {
	for b != nil {
		if t, ok := b.(T); ok {
			return t, true
		}
		w, ok := b.(Unwrapper)
		if !ok {
			break
		}
		b = w.Unwrap()
	}
	var zero T
	return zero, false
}

// Dialer opens a connection. Dial blocks until the server answered and the
// operator is logged in, the context ends, or it failed; it leaves nothing behind
// when it fails. It may ask through ask, which may block for as long as the
// operator thinks.
type Dialer interface {
	Dial(ctx context.Context, ask Asker) (Backend, error)
}

// Asker puts a question to the operator while a connection is being made.
type Asker interface {
	// Ask returns the answer, or an error when the operator declined, nobody can
	// be asked, or ctx ended.
	Ask(ctx context.Context, p Prompt) (string, error)
}

// Prompt is a question of a Dialer.
type Prompt struct {
	Conn   ConnID
	Title  string // "Password for root@vc1"
	Text   string `clean:"text"` // what the operator has to know to answer
	Secret bool   // the answer is masked and never kept
	// Choices, when given, are the only answers; the first is the safe one and
	// has the focus.
	Choices []Choice
}

// About says what is at the other end (C5).
type About struct {
	Product  string // "QEMU", "VMware vCenter Server"
	Version  string // of the product
	API      string // API or library version
	URI      string // as dialled, without password
	HostName string
	Type     string // "libvirt", "vCenter", "ESXi"
	ReadOnly bool   // opened so at the server
	Fields   []Field
	// ServerTime is how far the times in objects, tasks and events are ahead of our clock;
	// 0 when unknown. A driver that knows that the server's clock is off gives them by ours.
	ServerTime time.Duration
}

// Detail is an object's dear fields, fetched at At. The pointer of its kind is
// set; Fields are further facts in the order of display; Raw is the XML or JSON.
type Detail struct {
	Ref    Ref
	At     time.Time
	VM     *VMDetail
	Host   *HostDetail
	Fields []Field
	Raw    string `clean:"raw"`
}

// Delta is a change reported by Watch.
type Delta interface{ delta() }

// Replace says that the answer to the query is now exactly these objects.
type Replace struct {
	Query   Query
	Objects []Object
}

// Upsert adds or overwrites objects.
type Upsert struct{ Objects []Object }

// Remove says that objects are gone.
type Remove struct{ Refs []Ref }

// Syncing says that a full set of these kinds follows, ended by Synced: sent at a
// re-sync within one Watch, such as after a renewed session. Watch itself begins
// as if it had been sent for all watched kinds.
type Syncing struct{ Kinds []Kind }

// Synced says that every object of these kinds that still exists has been sent
// since Watch began, or since Syncing: what was not is gone.
type Synced struct{ Kinds []Kind }

// Invalidate asks for the query to be listed again; with Refs only those objects.
type Invalidate struct{ Query Query }

// Foreign reports a task that the server runs, ours or someone else's.
type Foreign struct{ Task RemoteTask }

// Happened reports an event for the log.
type Happened struct{ Event Event }

func (Replace) delta()    {}
func (Upsert) delta()     {}
func (Remove) delta()     {}
func (Syncing) delta()    {}
func (Synced) delta()     {}
func (Invalidate) delta() {}
func (Foreign) delta()    {}
func (Happened) delta()   {}

// Event is something that happened at a server.
type Event struct {
	At       time.Time
	Conn     ConnID
	Object   Ref    // may be zero
	Name     string // of the object
	Text     string `clean:"text"`
	User     string
	Severity Severity
}

// Severity grades an event.
type Severity uint8

// The severities.
const (
	SeverityInfo Severity = iota
	SeverityWarning
	SeverityError
)
