package vsphere

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// The deadlines of calls. A page of a list may be large and the link slow.
const (
	callTimeout   = 15 * time.Second
	pageTimeout   = 40 * time.Second
	logoutTimeout = 2 * time.Second
)

// Conn is one session with a vCenter or an ESXi host. It implements
// backend.Backend and backend.NodeMonitor.
type Conn struct {
	opts  Options
	end   endpoint
	vc    *vim25.Client
	sm    *session.Manager
	user  *url.Userinfo
	about backend.About
	caps  backend.Caps

	skew    *skew      // of its clock
	debts   *debts     // of its dialer
	dialled time.Time  // by the server's clock
	mark    *eventMark // of its dialer

	life context.Context // ends with Close
	die  context.CancelFunc

	again func(context.Context) (*vim25.Client, error) // makes another client, for aside
	wire  *wire                                        // of all connections of the dialer
	bulk  *wire                                        // of those that were made for aside

	loginMu sync.Mutex
	renewed int   // how many logins there were; guarded by loginMu
	refused error // the server took our password no longer; guarded by loginMu

	leave     leaving
	closeOnce sync.Once
	closeErr  error

	names     *names
	tags      tagger
	uses      useBook
	alarms    alarmDefs
	catalogue eventCatalogue
	perf      perfCounters
	perfMu    sync.Mutex
	spans     []backend.HistorySpan // set while dialling
}

func newConn(o Options, end endpoint, vc *vim25.Client, mark *eventMark) *Conn {
	life, die := context.WithCancel(context.Background())
	return &Conn{opts: o, end: end, vc: vc, sm: session.NewManager(vc), life: life, die: die, names: newNames(), mark: mark,
		wire: &wire{}, bulk: &wire{}, skew: &skew{}, debts: &debts{}}
}

// ID implements backend.Backend.
func (c *Conn) ID() backend.ConnID { return c.opts.ID }

// About implements backend.Backend.
func (c *Conn) About() backend.About { return c.about }

// Caps implements backend.Backend.
func (c *Conn) Caps() backend.Caps { return c.caps }

// Close implements backend.Backend. Pending calls fail at once; what they have to undo
// at the server is waited for; then it logs out.
func (c *Conn) Close() error {
	c.closeOnce.Do(func() {
		c.die()
		parting, done := c.parting()
		c.leave.depart(parting)
		done()
		ctx, cancel := context.WithTimeout(context.Background(), logoutTimeout)
		defer cancel()
		// A login that is under way would leave a session behind; it ends with
		// the life of the connection.
		out := make(chan error, 1)
		guard.Go("log out", func(err error) { out <- err }, func() {
			c.loginMu.Lock()
			defer c.loginMu.Unlock()
			err := c.sm.Logout(ctx)
			c.owe(err)
			out <- err
		})
		select {
		case err := <-out:
			if err != nil && !sessionEnded(err) {
				c.closeErr = fail("log out of", c.end.shown(), err)
			}
		case <-ctx.Done():
			c.closeErr = fail("log out of", c.end.shown(), ctx.Err())
		}
		c.vc.CloseIdleConnections()
	})
	return c.closeErr
}

// ref makes the backend's reference of an object.
func (c *Conn) ref(kind backend.Kind, moid string) backend.Ref {
	return backend.Ref{Conn: c.opts.ID, Kind: kind, ID: moid}
}

// moref is the server's reference of an object of the inventory.
func (c *Conn) moref(r backend.Ref) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: c.names.typeOf(r), Value: r.ID}
}
