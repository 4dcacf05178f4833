package libvirt

import "context"

// aside opens a connection of its own: for a stream, which a slow reader may hold up
// and only cutting the connection can end, and for calls that run for hours, of which
// libvirtd serves five at once on a connection. The caller closes it.
func (c *client) aside(ctx context.Context) (*rpcConn, error) {
	r, err := c.dialer.login(ctx, c.transport, nil)
	if err != nil {
		return nil, c.dialer.connectError(err)
	}
	return r, nil
}
