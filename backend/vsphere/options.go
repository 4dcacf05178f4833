package vsphere

import (
	"context"
	"sync/atomic"

	"hvdeck/backend"
	"hvdeck/backend/trace"
)

// Options say where and how to connect.
type Options struct {
	ID backend.ConnID
	// URL is a host name, an IP address, a URL (http or https, any port, /sdk
	// when it has no path), vsphere://, or libvirt's esx:// and vpx://. A
	// password in it is used and never shown.
	URL string
	// Username is used when the URL has none.
	Username string
	// Password is asked when the URL has none; "" means that there is none here
	// either, and the operator is asked.
	Password func(ctx context.Context) (string, error)
	// Before lets Username and Password, where they give something, come before what the
	// URL says, as GOVC_USERNAME and GOVC_PASSWORD do.
	Before bool
	// Insecure accepts any certificate.
	Insecure bool
	// CACerts are PEM files of authorities to trust in place of the system's, as
	// in GOVC_TLS_CA_CERTS: paths separated like PATH.
	CACerts string
	// KnownHosts are files of trusted thumbprints, one "host:port SHA256" a line, or
	// SHA-1, as in GOVC_TLS_KNOWN_HOSTS: paths separated like PATH. The first is
	// written when one is trusted.
	KnownHosts string
	// Certificate and PrivateKey are PEM files that we show to a server that asks for
	// them, as in GOVC_CERTIFICATE and GOVC_PRIVATE_KEY.
	Certificate, PrivateKey string
	// APIVersion is the version of the API to speak, as in GOVC_VIM_VERSION; "" or "-":
	// the newest of the server's.
	APIVersion string
	// ReadOnly refuses every operation in this driver.
	ReadOnly bool
	// Version of the program, for the user agent.
	Version string
	// Unwritten takes that a certificate that was trusted could not be remembered; it must
	// not block. nil: nobody is told.
	Unwritten func(error)
	// Trace, when given, gets every request and answer, without what is secret.
	Trace *trace.Log

	requests *atomic.Int64 // how many were traced
	patience patience      // with leases; zero: the usual
}

// dialer implements backend.Dialer.
type dialer struct {
	opts  Options
	end   endpoint
	mark  eventMark
	wire  wire
	bulk  wire // of transfers
	debts debts
	// unsaved is trusted for as long as the program runs.
	unsaved unsaved
}

// New checks the options without connecting. The error is one line with a remedy.
func New(o Options) (backend.Dialer, error) {
	end, err := parseEndpoint(o.URL)
	if err != nil {
		return nil, err
	}
	if end.user == "" || o.Before && o.Username != "" {
		end.user = o.Username
	}
	if end.insecure {
		o.Insecure = true
	}
	if o.Version == "" {
		o.Version = "dev"
	}
	o.requests = new(atomic.Int64)
	return &dialer{opts: o, end: end}, nil
}
