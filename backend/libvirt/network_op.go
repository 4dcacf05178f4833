package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// networkWork is what is done to networks and host interfaces (W1, W2). Sources:
// virNetworkCreate, …Destroy, …SetAutostart, …Undefine; virInterfaceCreate, …Destroy,
// …Undefine.
func (c *client) networkWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.StartOp:
		if o.Object.Kind == backend.KindInterface {
			return c.interfaceCall(op, func(lv *libvirt.Libvirt, i libvirt.Interface) error { return lv.InterfaceCreate(i, 0) })
		}
		return c.networkCall(op, (*libvirt.Libvirt).NetworkCreate)
	case backend.StopOp:
		if o.Object.Kind == backend.KindInterface {
			return c.interfaceCall(op, func(lv *libvirt.Libvirt, i libvirt.Interface) error { return lv.InterfaceDestroy(i, 0) })
		}
		return c.networkCall(op, (*libvirt.Libvirt).NetworkDestroy)
	case backend.UndefineOp:
		if o.Object.Kind == backend.KindInterface {
			return c.interfaceCall(op, func(lv *libvirt.Libvirt, i libvirt.Interface) error {
				return whenInactive(op, i.Name, func() (int32, error) { return lv.InterfaceIsActive(i) },
					func() error { return lv.InterfaceUndefine(i) })
			})
		}
		return c.networkCall(op, func(lv *libvirt.Libvirt, n libvirt.Network) error {
			return whenInactive(op, n.Name, func() (int32, error) { return lv.NetworkIsActive(n) },
				func() error { return lv.NetworkUndefine(n) })
		})
	case backend.AutostartOp:
		return c.networkCall(op, func(lv *libvirt.Libvirt, n libvirt.Network) error {
			return lv.NetworkSetAutostart(n, flag(o.On))
		})
	case backend.NetworkNewOp:
		return bind(o, c.newNetwork)
	default:
		return nil
	}
}

// whenInactive refuses to undefine what runs: libvirt would let it run on without a
// definition, to be gone at the next stop.
func whenInactive(op backend.Op, name string, active func() (int32, error), undefine func() error) error {
	runs, err := active()
	if err != nil {
		return err
	}
	if runs != 0 {
		e := backend.Refuse(backend.ClassConflict, op.Title(), name, "it is active")
		e.Remedy = "stop it first"
		return e
	}
	return undefine()
}

func networkVerbs() []backend.Verb {
	var verbs []backend.Verb
	for _, act := range []string{backend.ActDefine, backend.ActUndefine, backend.ActStart, backend.ActStop, backend.ActAutostart} {
		verbs = append(verbs, backend.VerbFor(backend.KindNetwork, act))
	}
	for _, act := range []string{backend.ActDefine, backend.ActUndefine, backend.ActStart, backend.ActStop} {
		verbs = append(verbs, backend.VerbFor(backend.KindInterface, act))
	}
	return verbs
}

// networkCall is one call on a network; nil where the object is of another kind.
func (c *client) networkCall(op backend.Op, fn func(*libvirt.Libvirt, libvirt.Network) error) work {
	if op.Target().Kind != backend.KindNetwork {
		return nil
	}
	return func(ctx context.Context, progress backend.Progress) (backend.Result, error) {
		n, err := c.lookupNetwork(ctx, op.Target())
		if err != nil {
			return backend.Result{}, err
		}
		result, err := c.carry(ctx, plain(op, n.Name, powerLimit, func(lv *libvirt.Libvirt) error { return fn(lv, n) }), progress)
		c.networks.forget(n.UUID)
		return result, networkRemedy(err)
	}
}

// networkRemedy says what to do about what networks are refused for.
func networkRemedy(err error) error {
	err = withRemedy(err, "cannot set autostart for transient network", "define the network first")
	err = withRemedy(err, "is already in use by interface", "choose another address, or stop what has it")
	return withRemedy(err, "not active", "start the network first")
}

// interfaceCall is one call on a host interface; nil where the object is of another
// kind. Most builds of libvirt can only look at interfaces.
func (c *client) interfaceCall(op backend.Op, fn func(*libvirt.Libvirt, libvirt.Interface) error) work {
	if op.Target().Kind != backend.KindInterface {
		return nil
	}
	return func(ctx context.Context, progress backend.Progress) (backend.Result, error) {
		i, err := c.findInterface(ctx, op.Target())
		if err != nil {
			return backend.Result{}, err
		}
		result, err := c.carry(ctx, plain(op, i.Name, powerLimit, func(lv *libvirt.Libvirt) error { return fn(lv, i) }), progress)
		return result, withRemedy(err, "not supported by the connection driver",
			"this host's libvirt can only show interfaces: change them with the host's own tools")
	}
}
