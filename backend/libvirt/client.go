package libvirt

import (
	"context"
	"errors"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/libvirt/transport"

	libvirt "github.com/digitalocean/go-libvirt"
)

// The driver's own deadlines. A frozen daemon is noticed sooner, by silence.
const (
	readLimit  = 20 * time.Second // one call of a list; thousands of objects over a slow link
	quickLimit = 10 * time.Second
)

// client is the Backend: one connection for polling and events, one for what the
// operator does, so that a long operation never holds up the lists.
type client struct {
	id        backend.ConnID
	dialer    *dialer
	transport transport.Transport
	poll, act *rpcConn
	about     backend.About
	caps      backend.Caps
	node      nodeFacts

	// dear lends the calls that a hung VM can block for ever. See dearStats.
	dear chan struct{}
	// texts lends the one call at a time that reads a VM's XML. See domainText.
	texts chan struct{}
	// agent lends the one call at a time that waits for a guest agent.
	agent chan struct{}

	hung      hungVMs
	configs   configCache
	addresses addressBook
	rates     rateMemory
	nodeRates nodeMemory
	snapshots snapshotCache
	networks  networkCache
	poolRevs  revisions
	diskUsers diskUsers
	book      volumeBook

	closing sync.Once
}

func newClient(ctx context.Context, d *dialer, tr transport.Transport, poll, act *rpcConn) (*client, error) {
	c := &client{
		id: d.opts.ID, dialer: d, transport: tr, poll: poll, act: act,
		dear: make(chan struct{}, maxDear), agent: make(chan struct{}, 1), texts: make(chan struct{}, 1),
	}
	if err := c.introduce(ctx, d); err != nil {
		return nil, err
	}
	guard.Go("libvirt connections", poll.fence.fail, c.shareFate)
	return c, nil
}

// shareFate ends both connections when one has ended: half a backend is none.
func (c *client) shareFate() {
	select {
	case <-c.poll.fence.done:
		c.act.fence.fail(c.poll.fence.cause)
	case <-c.act.fence.done:
		c.poll.fence.fail(c.act.fence.cause)
	}
}

// ID implements backend.Backend.
func (c *client) ID() backend.ConnID { return c.id }

// About implements backend.Backend.
func (c *client) About() backend.About { return c.about }

// Caps implements backend.Backend.
func (c *client) Caps() backend.Caps { return c.caps }

// Close implements backend.Backend. It only cuts the connections: the daemon needs
// no farewell, and a frozen one would not hear it.
func (c *client) Close() error {
	c.closing.Do(func() {
		c.poll.close()
		c.act.close()
		c.transport.Close()
	})
	return nil
}

// read makes one call of a list on the polling connection.
func read[T any](ctx context.Context, c *client, doing, object string, fn func(*libvirt.Libvirt) (T, error)) (T, error) {
	v, err := call(ctx, c.poll, deed{doing: doing, object: object, limit: readLimit}, fn)
	if err != nil && backend.ClassOf(err) == backend.ClassUnreachable {
		err = c.transport.Explain(err)
	}
	return v, err
}

// List implements backend.Backend. libvirt has bulk calls for domains only: pools,
// networks, volumes and snapshots cost a call or two each, four at a time.
func (c *client) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	switch q.Kind {
	case backend.KindHost:
		return c.listHosts(ctx, q, emit)
	case backend.KindVM:
		return c.listVMs(ctx, q, emit)
	case backend.KindSnapshot:
		return c.listSnapshots(ctx, q, emit)
	case backend.KindPool:
		return c.listPools(ctx, q, emit)
	case backend.KindVolume:
		return c.listVolumes(ctx, q, emit)
	case backend.KindNetwork:
		return c.listNetworks(ctx, q, emit)
	case backend.KindInterface:
		return c.listInterfaces(ctx, q, emit)
	case backend.KindSecret:
		return c.listSecrets(ctx, q, emit)
	case backend.KindNodeDevice:
		return c.listNodeDevices(ctx, q, emit)
	default:
		return nil
	}
}

// Get implements backend.Backend.
func (c *client) Get(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	switch r.Kind {
	case backend.KindHost:
		return c.getHost(ctx, r)
	case backend.KindVM:
		return c.getVM(ctx, r)
	case backend.KindSnapshot:
		return c.getSnapshot(ctx, r)
	case backend.KindPool:
		return c.getPool(ctx, r)
	case backend.KindVolume:
		return c.getVolume(ctx, r)
	case backend.KindNetwork:
		return c.getNetwork(ctx, r)
	case backend.KindInterface:
		return c.getInterface(ctx, r)
	case backend.KindSecret:
		return c.getSecret(ctx, r)
	case backend.KindNodeDevice:
		return c.getNodeDevice(ctx, r)
	default:
		return nil, backend.Refuse(backend.ClassUnsupported, "show", "", "a libvirt connection has no %s", r.Kind)
	}
}

// ref is a reference to an object of this connection.
func (c *client) ref(k backend.Kind, id string) backend.Ref {
	return backend.Ref{Conn: c.id, Kind: k, ID: id}
}

// wanted tells which objects a query asks for by id; nil means all.
func wanted(q backend.Query) map[string]bool {
	if len(q.Refs) == 0 {
		return nil
	}
	ids := make(map[string]bool, len(q.Refs))
	for _, r := range q.Refs {
		ids[r.ID] = true
	}
	return ids
}

// asBackendError makes sure that every error is an *backend.Error.
func asBackendError(err error, doing string) error {
	var e *backend.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return deed{doing: doing}.failed(err)
}
