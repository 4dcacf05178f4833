package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// textLimit bounds reading one VM: some daemons ask its QEMU, which may hang.
const textLimit = 4 * time.Second

// domainText reads a VM's XML without secrets; flags 0 is the running one. A VM that
// does not answer in time is ClassBusy and does not cut the connection: its call keeps
// one place there, and only one, since on the polling connection one such call is made
// at a time. Source: virDomainGetXMLDesc.
func (c *client) domainText(ctx context.Context, r *rpcConn, d libvirt.Domain, flags libvirt.DomainXMLFlags) (string, error) {
	asked := deed{doing: "read", object: d.Name, limit: longLimit}
	done := func() {}
	if r == c.poll {
		if err := c.turn(ctx, asked); err != nil {
			return "", err
		}
		done = func() { <-c.texts }
	}
	got := make(chan answer[string], 1)
	guard.Go("libvirt definition", r.fence.fail, func() {
		defer done()
		text, err := call(context.WithoutCancel(ctx), r, asked, func(lv *libvirt.Libvirt) (string, error) {
			return lv.DomainGetXMLDesc(d, flags)
		})
		got <- answer[string]{text, err}
	})
	timer := time.NewTimer(textLimit)
	defer timer.Stop()
	select {
	case a := <-got:
		if backend.ClassOf(a.err) == backend.ClassUnreachable {
			return "", c.transport.Explain(a.err)
		}
		return a.value, a.err
	case <-ctx.Done():
		return "", asked.failed(ctx.Err())
	case <-timer.C:
		return "", asked.silent()
	}
}

// turn waits until no other VM's XML is being read on the polling connection.
func (c *client) turn(ctx context.Context, d deed) error {
	timer := time.NewTimer(readLimit)
	defer timer.Stop()
	select {
	case c.texts <- struct{}{}:
		return nil
	case <-c.poll.fence.done:
		return c.transport.Explain(d.unreachable(c.poll.fence.cause))
	case <-ctx.Done():
		return d.failed(ctx.Err())
	case <-timer.C:
		return d.silent()
	}
}

// silent is the error for a VM that does not answer.
func (d deed) silent() error {
	e := backend.Refuse(backend.ClassBusy, d.doing, d.object, "no answer in time: this VM, or one read before it, may hang")
	e.Remedy = "try again, or power off the VM that hangs"
	return e
}

// vmXML reads a VM's definition without secrets; flags 0 is the running one.
func (c *client) vmXML(ctx context.Context, d libvirt.Domain, flags libvirt.DomainXMLFlags) (*libvirtxml.Domain, error) {
	text, err := c.domainText(ctx, c.poll, d, flags)
	if err != nil {
		return nil, err
	}
	x := &libvirtxml.Domain{}
	return x, parsed("VM", d.Name, x.Unmarshal(text))
}
