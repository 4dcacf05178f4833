package vsphere

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/vmware/govmomi/vim25/soap"

	"hvdeck/backend"
)

const connectTimeout = 10 * time.Second

// trust checks the server's identity before anything is sent to it: the chain,
// else the known thumbprint, else the operator. It returns the thumbprint to pin,
// "" where the chain is good or nothing is checked.
func (d *dialer) trust(ctx context.Context, ask backend.Asker) (string, error) {
	if d.end.scheme != "https" || d.opts.Insecure {
		return "", nil
	}
	cert, chainErr, err := d.certificate(ctx)
	if err != nil || chainErr == nil {
		return "", err
	}
	mark := soap.ThumbprintSHA256(cert)
	known, err := knownPrint(d.opts.KnownHosts, d.end.addr())
	if err != nil {
		return "", d.refuse(backend.ClassOther, "can't read the known hosts: "+err.Error(), "")
	}
	if known == "" {
		known = d.unsaved.get()
	}
	if known != "" && !hasPrint(cert, known) {
		return "", d.refuse(backend.ClassUntrusted,
			fmt.Sprintf("the certificate has changed: trusted was %s, it is now %s", known, mark),
			"if the server was given a new certificate, remove its line from "+d.opts.KnownHosts)
	}
	if known != "" {
		return known, nil
	}
	if err := d.askTrust(ctx, ask, cert, chainErr, mark); err != nil {
		return "", err
	}
	return mark, d.remember(ctx, mark)
}

// certificate shakes hands without trusting, and says what is wrong with the
// chain.
func (d *dialer) certificate(ctx context.Context) (*x509.Certificate, error, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	roots, err := loadRoots(d.opts.CACerts)
	if err != nil {
		return nil, nil, d.refuse(backend.ClassInvalid, err.Error(), "check GOVC_TLS_CA_CERTS or ca_certs in the configuration")
	}
	own, err := d.ownCertificate()
	if err != nil {
		return nil, nil, err
	}
	dial := &tls.Dialer{NetDialer: &net.Dialer{}, Config: &tls.Config{ //nolint:gosec // the chain is verified below
		InsecureSkipVerify: true, ServerName: d.end.host, MinVersion: tls.VersionTLS12, Certificates: own,
	}}
	conn, err := dial.DialContext(ctx, "tcp", d.end.addr())
	if err != nil {
		return nil, nil, d.connectError(ctx, err)
	}
	defer func() { _ = conn.Close() }()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	opts := x509.VerifyOptions{Roots: roots, DNSName: d.end.host, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	_, chainErr := chain[0].Verify(opts)
	return chain[0], chainErr, nil
}

// hasPrint tells whether a thumbprint, SHA-256 or SHA-1, is that of the certificate.
func hasPrint(cert *x509.Certificate, mark string) bool {
	return mark == soap.ThumbprintSHA256(cert) || mark == soap.ThumbprintSHA1(cert)
}

// ownCertificate is what we show of ourselves to a server that asks; none without one.
func (d *dialer) ownCertificate() ([]tls.Certificate, error) {
	if d.opts.Certificate == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(d.opts.Certificate, d.opts.PrivateKey)
	if err != nil {
		return nil, d.refuse(backend.ClassInvalid, "can't read our own certificate: "+err.Error(), "check GOVC_CERTIFICATE and GOVC_PRIVATE_KEY")
	}
	return []tls.Certificate{cert}, nil
}

// secure sets up the transport: the server that was asked for has to show the pinned
// certificate, where there is one; all others have to verify. The library's own dialing
// ignores contexts, and refuses a pinned certificate that has expired.
func (d *dialer) secure(t *http.Transport, mark string, w *wire) error {
	roots, err := loadRoots(d.opts.CACerts)
	if err != nil {
		return d.refuse(backend.ClassInvalid, err.Error(), "check GOVC_TLS_CA_CERTS or ca_certs in the configuration")
	}
	own, err := d.ownCertificate()
	if err != nil {
		return err
	}
	t.DialContext = w.dialed((&net.Dialer{Timeout: connectTimeout}).DialContext)
	t.TLSClientConfig = &tls.Config{
		InsecureSkipVerify: d.opts.Insecure, //nolint:gosec // as the operator wants it
		MinVersion:         tls.VersionTLS12, RootCAs: roots, Certificates: own,
	}
	t.DialTLSContext = w.dialed(func(ctx context.Context, network, addr string) (net.Conn, error) {
		conf := t.TLSClientConfig.Clone()
		if mark != "" && addr == d.end.addr() {
			conf.InsecureSkipVerify = true
			conf.VerifyConnection = func(s tls.ConnectionState) error {
				if !hasPrint(s.PeerCertificates[0], mark) {
					return fmt.Errorf("the certificate of %s has changed: trusted was %s, it is now %s", addr, mark, soap.ThumbprintSHA256(s.PeerCertificates[0]))
				}
				return nil
			}
		}
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		return (&tls.Dialer{NetDialer: &net.Dialer{}, Config: conf}).DialContext(ctx, network, addr)
	})
	return nil
}

// loadRoots reads PEM files; nil means the system's authorities.
func loadRoots(paths string) (*x509.CertPool, error) {
	if paths == "" {
		return nil, nil
	}
	pool := x509.NewCertPool()
	for _, name := range filepath.SplitList(paths) {
		data, err := os.ReadFile(filepath.Clean(name))
		if err != nil {
			return nil, err
		}
		if block, _ := pem.Decode(data); block == nil || !pool.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("%s holds no PEM certificate", name)
		}
	}
	return pool, nil
}

// askTrust shows an unknown certificate. The safe answer comes first.
func (d *dialer) askTrust(ctx context.Context, ask backend.Asker, cert *x509.Certificate, why error, mark string) error {
	text := fmt.Sprintf("%s can't be verified: %v\n\nSubject  %s\nIssuer   %s\nValid    %s to %s\nSHA-256  %s",
		d.end.addr(), why, cert.Subject, cert.Issuer,
		cert.NotBefore.Format(time.DateOnly), cert.NotAfter.Format(time.DateOnly), mark)
	if ask == nil {
		return d.refuse(backend.ClassUntrusted, "the certificate is unknown: "+why.Error(), "")
	}
	answer, err := ask.Ask(ctx, backend.Prompt{
		Conn: d.opts.ID, Title: "Unknown certificate of " + d.end.addr(), Text: text,
		Choices: []backend.Choice{{Key: "cancel", Label: "Cancel"}, {Key: "trust", Label: "Trust this certificate from now on"}},
	})
	if err != nil {
		return &backend.Error{Class: backend.ClassUntrusted, Doing: "connect to", Object: d.end.shown(),
			Message: "the certificate is unknown (SHA-256 " + mark + ") and was not accepted", Err: err,
			Remedy: "trust it when asked, or give its authority with GOVC_TLS_CA_CERTS"}
	}
	if answer != "trust" {
		return d.refuse(backend.ClassUntrusted, "the certificate is unknown and was not accepted", "trust it when asked, or give its authority with GOVC_TLS_CA_CERTS")
	}
	return nil
}

func (d *dialer) refuse(class backend.Class, message, remedy string) error {
	return &backend.Error{Class: class, Doing: "connect to", Object: d.end.shown(), Message: message, Remedy: remedy}
}

// connectError says why no conversation came about.
func (d *dialer) connectError(ctx context.Context, err error) error {
	e := &backend.Error{Class: backend.ClassUnreachable, Doing: "connect to", Object: d.end.shown(), Err: err}
	var record tls.RecordHeaderError
	var dns *net.DNSError
	var away *redirected
	var none *noAnswer
	switch {
	case errors.As(err, &away):
		e.Message = away.Error()
		e.Remedy = "if that is the server that is meant, connect to that address"
	case errors.Is(ctx.Err(), context.Canceled):
		e.Class, e.Message = backend.ClassCancelled, "cancelled"
	case errors.As(err, &none):
		e.Message, e.Remedy = none.Error(), "it may be starting; if it stays so, look at the server or the proxy before it"
		if none.code < http.StatusInternalServerError { // the request is what it objects to
			e.Message, e.Remedy = "the server does not speak the vSphere API: it answers "+none.status,
				"check the host and port; vCenter and ESXi answer at https://HOST/sdk"
		}
	case errors.As(err, &record):
		e.Message = "no TLS at this port" + firstBytes(record.RecordHeader[:])
		e.Remedy = "if the server speaks plain HTTP, write http:// in front; else check the port"
	case errors.As(err, &dns):
		e.Message = "the name " + dns.Name + " is not known: " + dns.Err
		e.Remedy = "check the name, or use the address"
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("no answer within %v", connectTimeout)
	case notHTTP(err):
		e.Message = "the server does not speak HTTP"
		e.Remedy = "check the host and port; vCenter and ESXi answer at https://HOST/sdk"
	case brokenOff(err):
		e.Message = "the server broke off the connection at the first request"
		e.Remedy = "check the port; if the server wants TLS, write https:// in front"
	default:
		e.Message = innermost(err).Error()
	}
	return e
}

// brokenOff tells whether the peer closed the connection while the request was being
// written: a TLS server does, at plain HTTP, and its answer may be lost with it.
func brokenOff(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF)
}

// notHTTP tells whether something other than HTTP answered. net/http has no error
// types for it: the second text is of a server that spoke before it was asked.
func notHTTP(err error) bool {
	return strings.Contains(err.Error(), "malformed HTTP") || strings.Contains(err.Error(), "readLoopPeekFail")
}

// firstBytes tells what answered instead, as far as five bytes can.
func firstBytes(b []byte) string {
	switch s := string(b); {
	case strings.HasPrefix(s, "SSH-"):
		return ": an SSH server answered"
	case strings.HasPrefix(s, "HTTP/"):
		return ": a plain HTTP server answered"
	default:
		return ""
	}
}

// innermost is the last cause, which says it best: "connection refused".
func innermost(err error) error {
	for {
		var op *net.OpError
		if errors.As(err, &op) && op.Err != nil {
			return op.Err
		}
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}
