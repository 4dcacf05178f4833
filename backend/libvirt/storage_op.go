package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
)

// copyLimit bounds what copies or overwrites whole volumes.
const copyLimit = 48 * time.Hour

// storageWork is what is done to pools and volumes (G2, G4, G5).
func (c *client) storageWork(op backend.Op) work {
	if run := c.poolWork(op); run != nil {
		return run
	}
	return c.volumeWork(op)
}

func storageVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbFor(backend.KindPool, backend.ActDefine), backend.VerbFor(backend.KindPool, backend.ActUndefine),
		backend.VerbFor(backend.KindPool, backend.ActStart), backend.VerbFor(backend.KindPool, backend.ActStop),
		backend.VerbFor(backend.KindPool, backend.ActAutostart),
		backend.VerbPoolBuild, backend.VerbPoolRefresh, backend.VerbPoolDelete,
		backend.VerbFor(backend.KindVolume, backend.ActDefine), backend.VerbVolumeDelete, backend.VerbVolumeClone,
		backend.VerbVolumeResize, backend.VerbVolumeWipe, backend.VerbVolumeUpload, backend.VerbVolumeDownload,
	}
}

// plain makes the change of one call that gives nothing back.
func plain(op backend.Op, object string, limit time.Duration, run func(*libvirt.Libvirt) error) change {
	return change{
		deed: deed{doing: op.Title(), object: object, limit: limit, change: true},
		run: func(lv *libvirt.Libvirt) (backend.Result, error) {
			return backend.Result{}, run(lv)
		},
	}
}

// carry carries a change out unless the operator has cancelled before.
func (c *client) carry(ctx context.Context, ch change, progress backend.Progress) (backend.Result, error) {
	if ctx.Err() != nil {
		return backend.Result{}, ch.deed.failed(context.Canceled)
	}
	return c.carryOut(ctx, ch, progress)
}

// carryAside carries a change out on a connection of its own, since it may take hours.
// An operator who cancels is told that libvirt can't stop it. while, when given, runs
// beside it and ends with its context.
func (c *client) carryAside(ctx context.Context, ch change, progress backend.Progress, while func(context.Context)) (backend.Result, error) {
	if ctx.Err() != nil {
		return backend.Result{}, ch.deed.failed(context.Canceled)
	}
	r, err := c.aside(ctx)
	if err != nil {
		return backend.Result{}, err
	}
	defer r.close()
	working, done := context.WithCancel(context.WithoutCancel(ctx))
	defer done()
	waits := []func(){
		c.beside(func() { c.sayUncancellable(ctx, working, ch, progress) }),
		c.beside(func() { c.endWith(working, r) }),
	}
	if while != nil {
		waits = append(waits, c.beside(func() { while(working) }))
	}
	result, err := call(working, r, ch.deed, ch.run)
	done()
	for _, wait := range waits {
		wait()
	}
	if backend.ClassOf(err) == backend.ClassLost {
		err = c.transport.Explain(err)
	}
	return result, err
}

// beside runs fn and gives the wait for its end.
func (c *client) beside(fn func()) (wait func()) {
	ended := make(chan struct{})
	guard.Go("libvirt operation", c.poll.fence.fail, func() {
		defer close(ended)
		fn()
	})
	return func() { <-ended }
}

func (c *client) sayUncancellable(ctx, working context.Context, ch change, progress backend.Progress) {
	select {
	case <-ctx.Done():
		c.cancel(ch, progress)
	case <-working.Done():
	}
}

// endWith cuts a connection when the backend ends.
func (c *client) endWith(working context.Context, r *rpcConn) {
	select {
	case <-c.poll.fence.done:
		r.fence.fail(c.poll.fence.cause)
	case <-working.Done():
	}
}
