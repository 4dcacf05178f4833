package libvirt

import (
	"context"
	"errors"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// nodeWork is what is done to the host (N4, N6).
func (c *client) nodeWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.NodeTuneOp:
		return bind(o, c.tuneNode)
	case backend.NodeSuspendOp:
		return bind(o, c.suspendNode)
	default:
		return nil
	}
}

func nodeVerbs() []backend.Verb { return []backend.Verb{backend.VerbNodeTune, backend.VerbNodeSuspend} }

func (c *client) thisHost(op backend.Op) error {
	if op.Target() != c.node.ref {
		return backend.Refuse(backend.ClassNotFound, op.Title(), "", "this connection has no such host")
	}
	return nil
}

// tuneNode sets what is asked for and leaves the rest. Source:
// virNodeSetMemoryParameters.
func (c *client) tuneNode(ctx context.Context, o backend.NodeTuneOp, progress backend.Progress) (backend.Result, error) {
	if err := c.thisHost(o); err != nil {
		return backend.Result{}, err
	}
	params, err := c.tuning(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	return c.carry(ctx, plain(o, c.node.name, powerLimit, func(lv *libvirt.Libvirt) error {
		return lv.NodeSetMemoryParameters(params, 0)
	}), progress)
}

// tuning is the parameters of a NodeTuneOp. The kernel refuses to change how pages are
// merged across nodes while some are shared, so that is not sent when it would stay.
func (c *client) tuning(ctx context.Context, o backend.NodeTuneOp) ([]libvirt.TypedParam, error) {
	refuse := func(format string, args ...any) ([]libvirt.TypedParam, error) {
		return nil, backend.Refuse(backend.ClassInvalid, o.Title(), c.node.name, format, args...)
	}
	const most = 1<<32 - 1
	if o.PagesToScan > most || o.SleepMillis > most {
		return refuse("%d is the most", int64(most))
	}
	if o.MergeAcross > 1 {
		return refuse("merging across nodes is 1 for yes or 0 for no")
	}
	now, err := c.sharing(ctx)
	if err != nil {
		return nil, err
	}
	var all []libvirt.TypedParam
	add := func(name string, value int64) {
		all = append(all, libvirt.TypedParam{Field: name, Value: *libvirt.NewTypedParamValueUint(uint32(value))}) //nolint:gosec // checked
	}
	if o.PagesToScan >= 0 {
		add("shm_pages_to_scan", o.PagesToScan)
	}
	if o.SleepMillis >= 0 {
		add("shm_sleep_millisecs", o.SleepMillis)
	}
	if o.MergeAcross >= 0 && (o.MergeAcross == 1) != now.MergeAcross {
		if now.Shared > 0 {
			return refuse("the kernel can't change merging across nodes while %d pages are shared", now.Shared)
		}
		add("shm_merge_across_nodes", o.MergeAcross)
	}
	if len(all) == 0 && o.MergeAcross < 0 {
		return refuse("nothing was to be changed")
	}
	return all, nil
}

// sharing reads how the host shares equal memory pages (N4). Source:
// virNodeGetMemoryParameters.
func (c *client) sharing(ctx context.Context) (*backend.MemorySharing, error) {
	var count int32
	count, err := read(ctx, c, "read memory sharing of", c.node.name, func(lv *libvirt.Libvirt) (int32, error) {
		_, n, err := lv.NodeGetMemoryParameters(0, 0)
		return n, err
	})
	if err != nil {
		return nil, err
	}
	all, err := read(ctx, c, "read memory sharing of", c.node.name, func(lv *libvirt.Libvirt) ([]libvirt.TypedParam, error) {
		all, _, err := lv.NodeGetMemoryParameters(count, 0)
		return all, err
	})
	if err != nil {
		return nil, err
	}
	p := paramsOf(all)
	return &backend.MemorySharing{
		PagesToScan: p.unsigned("shm_pages_to_scan"), SleepMillis: p.unsigned("shm_sleep_millisecs"),
		MergeAcross: p.integer("shm_merge_across_nodes") != 0,
		Shared:      p.unsigned("shm_pages_shared"), Sharing: p.unsigned("shm_pages_sharing"),
		Unshared: p.unsigned("shm_pages_unshared"), Volatile: p.unsigned("shm_pages_volatile"),
		FullScans: p.unsigned("shm_full_scans"),
	}, nil
}

// suspendTargets are virNodeSuspendTarget.
func suspendTargets() map[string]libvirt.NodeSuspendTarget {
	return map[string]libvirt.NodeSuspendTarget{
		"mem": libvirt.NodeSuspendTargetMem, "disk": libvirt.NodeSuspendTargetDisk, "hybrid": libvirt.NodeSuspendTargetHybrid,
	}
}

// suspendNode puts the host to sleep. The server answers before it sleeps.
func (c *client) suspendNode(ctx context.Context, o backend.NodeSuspendOp, progress backend.Progress) (backend.Result, error) {
	if err := c.thisHost(o); err != nil {
		return backend.Result{}, err
	}
	target, known := suspendTargets()[o.To]
	if !known {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, o.Title(), c.node.name, "%q is no way to sleep; there are mem, disk and hybrid", o.To)
	}
	if o.For < backend.MinNodeSuspend {
		return backend.Result{}, backend.Refuse(backend.ClassInvalid, o.Title(), c.node.name,
			"the host has to sleep for %v at least: it would not wake in time from less", backend.MinNodeSuspend)
	}
	if !c.canSleep(target) {
		return backend.Result{}, backend.Refuse(backend.ClassUnsupported, o.Title(), c.node.name, "its capabilities say that it can't sleep to %s", o.To)
	}
	seconds := uint64(o.For / time.Second)
	result, err := c.carry(ctx, plain(o, c.node.name, powerLimit, func(lv *libvirt.Libvirt) error {
		return lv.NodeSuspendForDuration(uint32(target), seconds, 0) //nolint:gosec // 0 to 2
	}), progress)
	var refused *backend.Error
	if errors.As(err, &refused) && refused.Class == backend.ClassUnsupported {
		err = withRemedy(err, "", "the host's firmware or kernel has no such sleep")
	}
	return result, err
}

// canSleepAnyhow reports whether there is a way in which the host can sleep.
func (c *client) canSleepAnyhow() bool {
	for _, target := range suspendTargets() {
		if c.canSleep(target) {
			return true
		}
	}
	return false
}

// canSleep looks in the capabilities, which come from the check that the server makes
// when it is asked to sleep; where they say nothing, the server is asked.
func (c *client) canSleep(target libvirt.NodeSuspendTarget) bool {
	var caps libvirtxml.Caps
	if caps.Unmarshal(c.node.capabilities) != nil || caps.Host.PowerManagement == nil {
		return true
	}
	pm := caps.Host.PowerManagement
	switch target {
	case libvirt.NodeSuspendTargetMem:
		return pm.SuspendMem != nil
	case libvirt.NodeSuspendTargetDisk:
		return pm.SuspendDisk != nil
	default:
		return pm.SuspendHybrid != nil
	}
}
