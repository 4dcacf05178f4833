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
	in, out atomic.Int64
	long    turn // of answers that are long
}

// got is what came from the server: what we sent it may lie there unread.
func (w *wire) got() int64 { return w.in.Load() }

// both ways: who sends a file to a server that takes nothing fills the buffers and stops.
func (w *wire) both() int64 { return w.in.Load() + w.out.Load() }

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

// wired is a connection that counts the bytes it moves.
type wired struct {
	net.Conn
	w *wire
}

func (c *wired) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.w.in.Add(int64(n))
	return n, err
}

func (c *wired) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.w.out.Add(int64(n))
	return n, err
}
