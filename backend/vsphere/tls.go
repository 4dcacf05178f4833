package vsphere

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
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
