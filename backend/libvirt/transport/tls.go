package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"

	"hvdeck/backend"
)

// tlsPort is where libvirtd listens with TLS. Source: libvirtd.conf, tls_port.
const tlsPort = "16514"

// dialTLS opens an encrypted connection with certificates for both ends. The server
// sends one byte when it has accepted ours. Source: virNetTLSSession and
// virNetClientSetTLSSession.
func dialTLS(ctx context.Context, t *Target) (net.Conn, error) {
	mine, err := loadPKI(t.pki(), t.flag("no_verify"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	plain, err := dialHost(ctx, t.place(tlsPort))
	if err != nil {
		return nil, err
	}
	c := tls.Client(plain, &tls.Config{
		ServerName: t.Host, Certificates: mine.own, MinVersion: tls.VersionTLS12,
		// The check is ours: libvirt's rules for names and its words for refusals.
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection checks
		VerifyConnection:   func(s tls.ConnectionState) error { return mine.verify(s.PeerCertificates, t.Host, time.Now()) },
	})
	if err := c.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, t.handshakeError(err, mine)
	}
	if err := confirmed(ctx, c); err != nil {
		_ = plain.Close()
		return nil, t.handshakeError(err, mine)
	}
	return c, nil
}

// confirmLimit is how long the server may take to accept us once the handshake is done.
// It has our certificate by then and decides at once; libvirtd 9.0 falls silent when it
// refuses one, and keeps the connection.
const confirmLimit = 5 * time.Second

// errSilent is the server's silence where it should accept or refuse us.
var errSilent = errors.New("it stays silent")

// confirmed waits for the byte by which the server accepts us.
func confirmed(ctx context.Context, c *tls.Conn) error {
	_ = c.SetReadDeadline(time.Now().Add(confirmLimit))
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	one := make([]byte, 1)
	_, err := io.ReadFull(c, one)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSilent
	case err != nil:
		return err
	case one[0] != 1:
		return errors.New("it did not confirm the connection")
	}
	return c.SetReadDeadline(time.Time{})
}

// handshakeError words why there is no encrypted connection.
func (t *Target) handshakeError(err error, mine *pki) error {
	var ours *backend.Error
	var alert tls.AlertError
	var record tls.RecordHeaderError
	place := t.place(tlsPort)
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ended(err)
	case errors.As(err, &record):
		return &backend.Error{Class: backend.ClassUnreachable, Err: err,
			Message: place + " answers something that is not TLS",
			Remedy:  "check the port; libvirtd listens with TLS on 16514 and without on 16509"}
	case refusal(err) && !mine.met:
		return &backend.Error{Class: backend.ClassUnreachable, Err: err,
			Message: place + " ended the connection instead of speaking TLS: " + Plain(err),
			Remedy:  "check the port; libvirtd listens with TLS on 16514 and without on 16509"}
	case errors.As(err, &alert), mine.met && refusal(err):
		return t.refused(err, mine)
	default:
		return &backend.Error{Class: backend.ClassUnreachable, Err: err, Message: place + ": " + Plain(err)}
	}
}

// refusal reports whether the server broke off where it looks at our certificate.
func refusal(err error) bool {
	return errors.Is(err, errSilent) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "remote error: tls") ||
		strings.Contains(err.Error(), "connection reset")
}

func (t *Target) refused(err error, mine *pki) error {
	e := &backend.Error{Class: backend.ClassDenied, Err: err,
		Message: fmt.Sprintf("%s did not accept our certificate (%s)", t.Host, Plain(err)),
		Remedy:  "have it signed by the CA that the server trusts, and its subject allowed by tls_allowed_dn_list"}
	if len(mine.own) == 0 {
		e.Message = fmt.Sprintf("%s wants a client certificate and there is none (%s)", t.Host, Plain(err))
		e.Remedy = "put it into " + mine.places.cert + " and its key into " + mine.places.key + ", or name their folder: …?pkipath=DIR"
	}
	return e
}

// verify checks the server's certificate: chain, dates, revocation, name.
func (p *pki) verify(chain []*x509.Certificate, host string, now time.Time) error {
	p.met = true
	if p.noVerify {
		return nil
	}
	if len(chain) == 0 {
		return untrusted("the server has shown no certificate", "")
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	leaf := chain[0]
	_, err := leaf.Verify(x509.VerifyOptions{Roots: p.roots, Intermediates: between, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	if err != nil {
		return p.distrust(leaf, err, now)
	}
	if p.isRevoked(leaf) {
		return untrusted(fmt.Sprintf("the certificate of %s has been revoked (%s)", host, p.places.crl), "ask whoever runs the host for the new one")
	}
	if err := sameHost(leaf, host); err != nil {
		return untrusted(err.Error(), "connect by a name in the certificate, or have one made for "+host)
	}
	return nil
}

// distrust words why a certificate fails.
func (p *pki) distrust(leaf *x509.Certificate, err error, now time.Time) error {
	switch {
	case now.After(leaf.NotAfter):
		return untrusted("the server's certificate expired on "+day(leaf.NotAfter), "have it renewed; check the clock of this machine too")
	case now.Before(leaf.NotBefore):
		return untrusted("the server's certificate is not valid before "+day(leaf.NotBefore), "check the clocks of both machines")
	}
	var foreign x509.UnknownAuthorityError
	if errors.As(err, &foreign) {
		return untrusted(fmt.Sprintf("the server's certificate (%s) is not signed by the CA in %s", subject(leaf), p.places.ca),
			"put the CA of the server there, or name the folder that has it: …?pkipath=DIR")
	}
	return untrusted(fmt.Sprintf("the server's certificate (%s) is not good: %v", subject(leaf), err), "")
}

func untrusted(message, remedy string) *backend.Error {
	return &backend.Error{Class: backend.ClassUntrusted, Message: message, Remedy: remedy}
}

func subject(c *x509.Certificate) string { return c.Subject.String() }

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// sameHost checks that the certificate is for the host. One without alternative names
// counts by its common name, as GnuTLS has it: libvirt's own guide made such ones.
func sameHost(c *x509.Certificate, host string) error {
	if len(c.DNSNames) == 0 && len(c.IPAddresses) == 0 {
		if strings.EqualFold(c.Subject.CommonName, host) {
			return nil
		}
		return fmt.Errorf("the server's certificate is for %q, not for %s", c.Subject.CommonName, host)
	}
	if c.VerifyHostname(host) == nil {
		return nil
	}
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return fmt.Errorf("the server's certificate is for %s, not for %s", strings.Join(names, ", "), host)
}
