package vsphere

import (
	"context"
	"errors"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// longPoll is how long the server may hold a wait open. Shorter than the idle time
// after which proxies cut a connection.
const longPoll = 25 * time.Second

// firstSet is how long a server may take to collect all objects for the first time. It
// is no sign of death: the pulse asks meanwhile. Giving up early would have the server
// begin anew, each time with more to do.
const firstSet = 5 * time.Minute

// errStale means that the feed has to be set up again: the session was renewed, or
// the server no longer knows our collector.
var errStale = errors.New("the change feed has to be set up again")

// collector is a property collector of our own, so that no other caller's filters
// or waits mix with it. It belongs to the session and ends with it: destroying it
// would be one more call that a frozen server does not answer.
type collector struct {
	c       *Conn
	ref     moref
	version string
}

func (c *Conn) newCollector(ctx context.Context) (*collector, error) {
	ctx, cancel := c.bounded(promptly(ctx), callTimeout)
	defer cancel()
	res, err := methods.CreatePropertyCollector(ctx, c.vc, &types.CreatePropertyCollector{This: c.vc.ServiceContent.PropertyCollector})
	if err != nil {
		return nil, err
	}
	return &collector{c: c, ref: res.Returnval}, nil
}

func (k *collector) filter(ctx context.Context, spec types.PropertyFilterSpec) error {
	ctx, cancel := k.c.bounded(promptly(ctx), callTimeout)
	defer cancel()
	_, err := methods.CreateFilter(ctx, k.c.vc, &types.CreateFilter{This: k.ref, Spec: spec, PartialUpdates: false})
	return err
}

// next waits for changes: nil when there were none for the time of a long poll.
// The version is kept between calls, so nothing is missed.
func (k *collector) next(ctx context.Context) (*types.UpdateSet, error) {
	patience := longPoll + callTimeout
	if k.version == "" {
		patience = firstSet
	}
	ctx, cancel := k.c.bounded(ctx, patience)
	defer cancel()
	limit := int32(longPoll / time.Second)
	res, err := methods.WaitForUpdatesEx(ctx, k.c.vc, &types.WaitForUpdatesEx{
		This: k.ref, Version: k.version,
		Options: &types.WaitOptions{MaxWaitSeconds: &limit, MaxObjectUpdates: pageSize},
	})
	if err != nil {
		return nil, staleIfGone(err)
	}
	if res.Returnval != nil {
		k.version = res.Returnval.Version
	}
	return res.Returnval, nil
}

// staleIfGone recognises the faults that mean that views, filters and collectors
// went with their session.
func staleIfGone(err error) error {
	switch faultOf(err).(type) {
	case *types.ManagedObjectNotFound, *types.InvalidCollectorVersion:
		return errors.Join(errStale, err)
	default:
		return err
	}
}
