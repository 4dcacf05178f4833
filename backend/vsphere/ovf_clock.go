package vsphere

import (
	"net"
	"sync"
	"time"
)

// patience is how long a lease may stand still.
type patience struct {
	initializing time.Duration // without progress, until a server has made the VM
	silence      time.Duration // without a byte moved, where it is the server's turn
	answer       time.Duration // after the last byte of an upload, which the server may write still
	undo         time.Duration // until what was begun has been taken back
}

// usualPatience is generous where a server works: disks that are zeroed beforehand take
// hours, in which some servers tell no progress.
func usualPatience() patience {
	return patience{initializing: 6 * time.Hour, silence: 2 * time.Minute, answer: 15 * time.Minute, undo: 45 * time.Second}
}

// stallClock runs while it is the server's turn to move bytes; what is done at this
// machine stands outside of it. The zero value stands still. It is safe for concurrent
// use.
type stallClock struct {
	mu    sync.Mutex
	since time.Time // zero: it stands still
	limit time.Duration
}

// start begins to wait for the server.
func (c *stallClock) start(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.limit = time.Now(), limit
}

func (c *stallClock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since = time.Time{}
}

// sign notes that bytes were moved.
func (c *stallClock) sign() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.since.IsZero() {
		c.since = time.Now()
	}
}

// over tells whether the server has been silent for too long, and how long that is.
func (c *stallClock) over() (bool, time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.since.IsZero() && time.Since(c.since) > c.limit, c.limit
}

// clockedConn notes whatever moves on a connection: a trickle is no silence.
type clockedConn struct {
	net.Conn
	clock *stallClock
}

// Read implements net.Conn.
func (c clockedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.clock.sign()
	}
	return n, err
}

// Write implements net.Conn.
func (c clockedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.clock.sign()
	}
	return n, err
}
