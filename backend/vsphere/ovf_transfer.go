package vsphere

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// transferBuffer is what a connection for disks reads or writes at once, in bytes.
const transferBuffer = 256 << 10

// courier moves the files of one lease. A vCenter sends to the ESXi hosts themselves,
// whose certificates it vouches for by their thumbprints.
type courier struct {
	c      *Conn
	l      *nfcLease
	client *http.Client

	mu     sync.Mutex
	prints map[string]string // by host:port
}

func (l *nfcLease) courier() *courier {
	k := &courier{c: l.a.c, l: l, prints: make(map[string]string)}
	k.client = &http.Client{
		Jar: l.a.c.vc.Jar,
		Transport: k.c.traced(&http.Transport{
			Proxy: http.ProxyFromEnvironment, DialTLSContext: k.dialTLS,
			DialContext:     k.dial,
			WriteBufferSize: transferBuffer, ReadBufferSize: transferBuffer, DisableCompression: true,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: l.a.c.opts.Insecure, MinVersion: tls.VersionTLS12}, //nolint:gosec // through a proxy; as told
		}, "files"),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return k
}

func (k *courier) close() { k.client.CloseIdleConnections() }

// address is where a device is moved to or from. A "*" stands for the host of the
// connection.
func (k *courier) address(d types.HttpNfcLeaseDeviceUrl) (*url.URL, error) {
	u, err := url.Parse(d.Url)
	if err != nil {
		return nil, k.l.a.refuse(backend.ClassOther, "the server gave an address for %s that can't be read", nameOfDevice(d))
	}
	end := k.c.end
	u = end.url().ResolveReference(u)
	if u.Hostname() == "*" {
		port := u.Port()
		if port == "" && u.Scheme == end.scheme {
			port = end.port
		}
		u.Host = end.host
		if strings.Contains(end.host, ":") {
			u.Host = "[" + end.host + "]"
		}
		if port != "" {
			u.Host = net.JoinHostPort(end.host, port)
		}
	}
	if u.Scheme != "https" && u.Scheme != "http" {
		return nil, k.l.a.refuse(backend.ClassOther, "the server gave an address for %s that is no web address", nameOfDevice(d))
	}
	k.know(u, d.SslThumbprint)
	return u, nil
}

// know notes the thumbprint that a server vouches for.
func (k *courier) know(u *url.URL, print string) {
	port := u.Port()
	if port == "" {
		port = defaultPort(u.Scheme)
	}
	addr := net.JoinHostPort(u.Hostname(), port)
	if print == "" {
		print = k.c.vc.Thumbprint(addr)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.prints[addr] = print
}

// dialTLS connects to a host, whose certificate has to have a good chain, or the
// thumbprint that the server told.
func (k *courier) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	plain, err := k.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(plain, &tls.Config{
		InsecureSkipVerify: true, ServerName: host, MinVersion: tls.VersionTLS12, //nolint:gosec // verified by VerifyConnection
		VerifyConnection: func(s tls.ConnectionState) error { return k.verify(host, addr, s.PeerCertificates) },
	})
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, err
	}
	return conn, nil
}

// dial makes a connection whose bytes are signs of life.
func (k *courier) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return clockedConn{conn, &k.l.clock}, nil
}

func (k *courier) verify(host, addr string, chain []*x509.Certificate) error {
	if k.c.opts.Insecure {
		return nil
	}
	if len(chain) == 0 {
		return errors.New("it shows no certificate")
	}
	k.mu.Lock()
	print := k.prints[addr]
	k.mu.Unlock()
	if print != "" && (strings.EqualFold(print, soap.ThumbprintSHA1(chain[0])) || strings.EqualFold(print, soap.ThumbprintSHA256(chain[0]))) {
		return nil
	}
	roots, err := loadRoots(k.c.opts.CACerts)
	if err != nil {
		return err
	}
	opts := x509.VerifyOptions{Roots: roots, DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if _, err = chain[0].Verify(opts); err != nil {
		return &untrustedHost{host: addr, err: err}
	}
	return nil
}

// untrustedHost is a host of disks whose certificate nobody vouches for.
type untrustedHost struct {
	host string
	err  error
}

func (u *untrustedHost) Error() string {
	return fmt.Sprintf("the certificate of %s, where the disks are, can't be verified: %v", u.host, u.err)
}

// nfcSource counts what is read, and remembers why reading ended: net/http tells only that
// the request broke off.
type nfcSource struct {
	r       *ahead
	l       *nfcLease
	uploads bool

	mu     sync.Mutex
	err    error
	closed bool
}

// Read implements io.Reader. The HTTP client may go on reading for a moment after its
// call has returned; then there is nothing more.
func (c *nfcSource) Read(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer guard.Recover("move a disk", func(panicked error) { // on a goroutine of the client
		c.err = panicked
		n, err = 0, panicked
	})
	if c.closed {
		return 0, io.ErrClosedPipe
	}
	n, err = c.waited(p)
	if n > 0 {
		c.l.touch(int64(n))
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		c.err = err
	}
	return n, err
}

// waited reads with the clock of the lease: in an upload it is the server's turn between
// two reads, in a download during them.
func (c *nfcSource) waited(p []byte) (int, error) {
	if !c.uploads {
		c.l.clock.start(c.l.wait.silence)
		defer c.l.clock.stop()
		return c.r.Read(p)
	}
	c.l.clock.stop()
	n, err := c.r.Read(p)
	if err != nil {
		c.l.clock.start(c.l.wait.answer)
	} else {
		c.l.clock.start(c.l.wait.silence)
	}
	return n, err
}

// close waits for a read that is under way, and gives the error that reading ended with.
func (c *nfcSource) close() error {
	c.r.end()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.err
}

// opener opens a file of a package: ovf.Package.OpenFile.
type opener func(ctx context.Context) (r io.ReadCloser, size int64, err error)

// send uploads one file. A file that the server does not expect to be there is put, a
// disk is posted.
func (k *courier) send(ctx context.Context, d types.HttpNfcLeaseDeviceUrl, item types.OvfFileItem, open opener) error {
	u, err := k.address(d)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, size, err := open(ctx) // -1 where only its end tells it
	if err != nil {
		return err
	}
	src := &nfcSource{r: readAhead(r), l: k.l, uploads: true}
	defer func() {
		_ = src.close()
		k.l.clock.stop()
		cancel()
		src.r.wait()
		_ = r.Close()
	}()
	method := http.MethodPost
	if item.Create {
		method = http.MethodPut
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), io.NopCloser(src))
	if err != nil {
		return err
	}
	req.ContentLength = size
	if size == 0 {
		req.Body = http.NoBody
	}
	if item.Create {
		req.Header.Set("Overwrite", "t")
	} else {
		req.Header.Set("Content-Type", "application/x-vnd.vmware-streamVmdk")
	}
	req.Header.Set("User-Agent", k.c.vc.UserAgent)
	k.l.clock.start(k.l.wait.silence)
	res, err := k.client.Do(req) //nolint:bodyclose // by answered
	if err == nil {
		err = k.answered(res)
	}
	if bad := src.close(); bad != nil {
		return bad // what was wrong with the source explains all that followed
	}
	return k.worded(ctx, "upload", item.Path, err)
}

// answered reads the answer to an upload.
func (k *courier) answered(res *http.Response) error {
	defer func() { _ = res.Body.Close() }()
	words, _ := io.ReadAll(io.LimitReader(res.Body, 1024)) // only to tell more
	if res.StatusCode/100 == 2 {
		return nil
	}
	return &refusedTransfer{status: res.Status, code: res.StatusCode, words: strings.Join(strings.Fields(string(words)), " ")}
}

// refusedTransfer is an answer that is no success.
type refusedTransfer struct {
	status, words string
	code          int
}

func (r *refusedTransfer) Error() string {
	if r.words == "" || strings.HasPrefix(r.words, "<") {
		return "the server answered " + r.status
	}
	return "the server answered " + r.status + ": " + r.words
}

// fetch opens a download. Its end without all bytes is an error of the reader.
func (k *courier) fetch(ctx context.Context, d types.HttpNfcLeaseDeviceUrl) (io.ReadCloser, error) {
	u, err := k.address(d)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", k.c.vc.UserAgent)
	k.l.clock.start(k.l.wait.silence)
	defer k.l.clock.stop()
	res, err := k.client.Do(req) //nolint:bodyclose // by the caller, or by answered
	if err != nil {
		return nil, k.worded(ctx, "download", nameOfDevice(d), err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, k.worded(ctx, "download", nameOfDevice(d), k.answered(res))
	}
	return res.Body, nil
}

// worded classifies the failure of a transfer; nil stays nil.
func (k *courier) worded(ctx context.Context, what, file string, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	var request *url.Error
	if errors.As(err, &request) { // it has the address, which lets in who knows it
		err = request.Err
	}
	e := fail(k.l.a.doing, k.l.a.object, err)
	var no *refusedTransfer
	var bad *untrustedHost
	switch {
	case errors.As(err, &no):
		e.Class, e.Message = backend.ClassOther, no.Error()
		if no.code == http.StatusUnauthorized || no.code == http.StatusForbidden {
			e.Class = backend.ClassDenied
		}
	case errors.As(err, &bad):
		e.Class, e.Message = backend.ClassUntrusted, bad.Error()
		e.Remedy = "give the authority of the hosts' certificates with GOVC_TLS_CA_CERTS or ca_certs in the configuration"
	case e.Class == backend.ClassUnreachable:
		e.Message = "the connection for the disks broke off: " + innermost(err).Error()
	}
	e.Message = what + " of " + file + ": " + e.Message
	return e
}

// nameOfDevice names a device's file.
func nameOfDevice(d types.HttpNfcLeaseDeviceUrl) string {
	if d.TargetId != "" {
		return d.TargetId
	}
	path := d.Url
	if u, err := url.Parse(d.Url); err == nil {
		path = u.Path
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}
