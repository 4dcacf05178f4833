package vsphere

import (
	"context"
	"net"
	"sync/atomic"
	"time"
)

// wire knows when bytes last moved on any connection to a server, whatever they were for.
// It is safe for concurrent use.
type wire struct{ last atomic.Int64 } // Unix nanoseconds

// moved is how long ago that was; very long when never.
func (w *wire) moved() time.Duration { return time.Since(time.Unix(0, w.last.Load())) }

type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// dialed has the connections that dial makes watched.
func (w *wire) dialed(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &wired{conn, w}, nil
	}
}

// wired is a connection that notes when it moves bytes. What is written counts as well: a
// server that takes nothing any more fills the buffers and stops the writer.
type wired struct {
	net.Conn
	w *wire
}

func (c *wired) note(n int) {
	if n > 0 {
		c.w.last.Store(time.Now().UnixNano())
	}
}

func (c *wired) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.note(n)
	return n, err
}

func (c *wired) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.note(n)
	return n, err
}
