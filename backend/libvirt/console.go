package libvirt

import (
	"context"
	"io"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// procOpenConsole is REMOTE_PROC_DOMAIN_OPEN_CONSOLE.
	procOpenConsole = 201
	consoleLimit    = 15 * time.Second
)

func consoleVerbs() []backend.Verb { return []backend.Verb{backend.VerbConsole} }

// OpenConsole implements backend.ConsoleOpener. The console has a connection of its
// own, which ends with it; ctx bounds the opening only. Source: virDomainOpenConsole.
func (c *client) OpenConsole(ctx context.Context, vm backend.Ref, device string, force bool) (io.ReadWriteCloser, error) {
	const doing = "open console of"
	if why := c.caps.Why(backend.VerbConsole); why != "" {
		class := backend.ClassUnsupported
		if c.caps.ReadOnly {
			class = backend.ClassDenied
		}
		return nil, backend.Refuse(class, doing, "", "%s", why)
	}
	d, err := domainOf(vm)
	if err != nil {
		return nil, err
	}
	if d.Name, err = c.domainName(ctx, d); err != nil {
		return nil, err
	}
	flags := libvirt.DomainConsoleSafe
	if force {
		flags |= libvirt.DomainConsoleForce
	}
	s, err := c.openConsole(ctx, d, device, flags)
	if err != nil && strings.Contains(err.Error(), "unsupported flags") {
		// Only QEMU can tell whether somebody else is on the console.
		s, err = c.openConsole(ctx, d, device, flags&^libvirt.DomainConsoleSafe)
	}
	if err != nil {
		return nil, consoleError(err)
	}
	return s, nil
}

func (c *client) openConsole(ctx context.Context, d libvirt.Domain, device string, flags libvirt.DomainConsoleFlags) (*streamConn, error) {
	r, err := c.aside(ctx)
	if err != nil {
		return nil, err
	}
	var args xdrWriter
	args.domain(d)
	args.optional(device)
	args.uint(uint32(flags)) //nolint:gosec // two bits
	what := deed{doing: "open console of", object: d.Name, limit: consoleLimit}
	return openStream(ctx, r, c.poll.fence.done, what, procOpenConsole, args.buf)
}

// consoleError gives the daemon's words a class and a remedy where its number tells
// nothing. Source: qemuDomainOpenConsole, virChrdevOpen.
func consoleError(err error) error {
	e, ok := err.(*backend.Error) //nolint:errorlint // made here, or not ours to change
	if !ok {
		return err
	}
	switch {
	case strings.Contains(e.Message, "Active console session exists"):
		e.Class = backend.ClassBusy
		e.Remedy = "end the other session, or take the console over by force"
	case strings.Contains(e.Message, "is not using a PTY"), strings.Contains(e.Message, "cannot find console device"),
		strings.Contains(e.Message, "cannot find character device"):
		e.Class = backend.ClassConflict
		e.Remedy = "give the VM a serial port of type pty, and the guest a login on it"
	case strings.Contains(e.Message, "not running"):
		e.Class = backend.ClassConflict
		e.Remedy = "start the VM"
	}
	return e
}
