package transport

import (
	"context"
	"fmt"
	"net"
)

// tcpPort is where libvirtd listens without TLS. Source: libvirtd.conf, tcp_port.
const tcpPort = "16509"

// dialTCP opens an unencrypted connection. Source: libvirt's tcp transport.
func dialTCP(ctx context.Context, t *Target) (net.Conn, error) {
	return dialHost(ctx, t.place(tcpPort))
}

// place is host and port.
func (t *Target) place(port string) string {
	if t.Port != "" {
		port = t.Port
	}
	return net.JoinHostPort(t.Host, port)
}

func dialHost(ctx context.Context, place string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialLimit}
	c, err := d.DialContext(ctx, "tcp", place)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", place, Plain(err))
	}
	return c, nil
}
