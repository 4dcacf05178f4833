package mem

import (
	"context"
	"io"
	"sync"
	"time"

	"hvdeck/backend"
)

// console is the open serial console of a made-up guest.
type console struct {
	c     *conn
	vm    backend.Ref
	shell shell

	mu      sync.Mutex
	printed []byte
	more    chan struct{} // something was printed
	over    chan struct{}
	err     error // set before over is closed
	once    sync.Once
	unhook  func() bool // from the end of the connection
}

var _ backend.ConsoleOpener = (*conn)(nil)

// OpenConsole implements backend.ConsoleOpener: a made-up shell that echoes. It ends
// with the VM, the connection, or when another client takes it by force.
func (c *conn) OpenConsole(ctx context.Context, vm backend.Ref, device string, force bool) (io.ReadWriteCloser, error) {
	const doing = "open console of"
	ctx, release, err := c.call(ctx, CallGet)
	if err != nil {
		return nil, c.failed(err, doing, "")
	}
	defer release()
	if err := ctx.Err(); err != nil {
		return nil, c.failed(err, doing, "")
	}
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.byRef[vm]
	if m == nil {
		return nil, backend.Refuse(backend.ClassNotFound, doing, "", "no such VM")
	}
	refuse := func(class backend.Class, message, remedy string) error {
		e := backend.Refuse(class, doing, m.Name, "%s", message)
		e.Remedy = remedy
		return e
	}
	switch {
	case h.cfg.ReadOnly:
		return nil, refuse(backend.ClassDenied, "read-only connection", "")
	case device != "" && device != consoleDevice:
		return nil, refuse(backend.ClassConflict, "cannot find character device "+device, "choose "+consoleDevice)
	case !alive(m.State) || h.now().Before(m.Booted):
		return nil, refuse(backend.ClassConflict, "domain is not running", "start the VM")
	}
	for other := range h.conns {
		if open := other.consoles[vm]; open != nil {
			if !force {
				return nil, refuse(backend.ClassBusy, "operation failed: Active console session exists for this domain",
					"end the other session, or take the console over by force")
			}
			open.end(io.EOF)
			delete(other.consoles, vm)
		}
	}
	return c.connect(m), nil
}

// consoleDevice is the name of the only device of each guest.
const consoleDevice = "serial0"

// connect opens the console. Needs h.mu.
func (c *conn) connect(m *machine) *console {
	con := &console{c: c, vm: m.ID, more: make(chan struct{}, 1), over: make(chan struct{})}
	con.shell = shell{host: m.Name, guest: m.Guest, up: func() time.Duration { return c.h.now().Sub(m.Booted) }}
	if c.consoles == nil {
		c.consoles = map[backend.Ref]*console{}
	}
	c.consoles[m.ID] = con
	con.unhook = context.AfterFunc(c.ctx, func() {
		con.end(&backend.Error{Class: backend.ClassUnreachable, Doing: "read the console of", Object: m.Name, Err: context.Cause(c.ctx)})
	})
	return con
}

// hangUp ends the console of a VM that has gone off. Needs h.mu.
func (c *conn) hangUp(r backend.Ref) {
	con := c.consoles[r]
	if con == nil {
		return
	}
	if m := c.h.byRef[r]; m == nil || !alive(m.State) {
		con.end(io.EOF)
		delete(c.consoles, r)
	}
}

func (con *console) end(why error) {
	con.once.Do(func() {
		con.err = why
		close(con.over)
	})
}

// Read gives what the guest prints.
func (con *console) Read(p []byte) (int, error) {
	for {
		con.mu.Lock()
		n := copy(p, con.printed)
		con.printed = con.printed[n:]
		con.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		select {
		case <-con.more:
			continue
		case <-con.over:
		}
		con.mu.Lock()
		left := len(con.printed)
		con.mu.Unlock()
		if left == 0 {
			return 0, con.err
		}
	}
}

// Write types.
func (con *console) Write(p []byte) (int, error) {
	select {
	case <-con.over:
		return 0, io.ErrClosedPipe
	default:
	}
	con.mu.Lock()
	out, reboot := con.shell.typed(p)
	con.printed = append(con.printed, out...)
	con.mu.Unlock()
	select {
	case con.more <- struct{}{}:
	default:
	}
	if reboot {
		con.reboot()
	}
	return len(p), nil
}

// reboot hangs up; the guest takes an OpTime to come back.
func (con *console) reboot() {
	h := con.c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if m := h.byRef[con.vm]; m != nil {
		m.Booted = h.now().Add(h.cfg.OpTime)
		h.happened(m, h.now(), "rebooted by its own hand")
	}
	con.leave(io.EOF)
}

// leave ends the console and lets others in. Needs h.mu.
func (con *console) leave(why error) {
	con.unhook()
	con.end(why)
	if con.c.consoles[con.vm] == con {
		delete(con.c.consoles, con.vm)
	}
}

// Close implements io.Closer.
func (con *console) Close() error {
	con.c.h.mu.Lock()
	defer con.c.h.mu.Unlock()
	con.leave(io.ErrClosedPipe)
	return nil
}
