package libvirt

import (
	"context"
	"hvdeck/backend"
	"net"
)

func newSSH(t *target, id backend.ConnID, ro bool, ask backend.Asker) (transport, error) {
	return dialFunc(func(ctx context.Context) (net.Conn, error) { return nil, nil }), nil
}
