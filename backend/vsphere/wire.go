package vsphere

import (
	"context"
	"net"
	"sync/atomic"
)

// busyBytes in some seconds are a line that is full: fewer are an answer that drips.
const busyBytes = 8 << 10

// wire counts the bytes that moved on connections to a server, whatever they were for.
// It is safe for concurrent use.
type wire struct {
	bytes atomic.Int64
	long  turn // of answers that are long
}

func (w *wire) count() int64 { return w.bytes.Load() }

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

// wired is a connection that counts the bytes it moves. What is written counts as well: a
// server that takes nothing any more fills the buffers and stops the writer.
type wired struct {
	net.Conn
	w *wire
}

func (c *wired) note(n int) {
	if n > 0 {
		c.w.bytes.Add(int64(n))
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
