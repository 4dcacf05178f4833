package vsphere

import (
	"bytes"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"hvdeck/backend/vcsim"
)

// fault answers a request in place of the server; pass hands it on to the server.
type fault func(w http.ResponseWriter, r *http.Request, method string, pass http.Handler)

// front is an HTTP server before the simulator that can be made bad.
type front struct {
	server *httptest.Server
	pass   http.Handler

	mu    sync.Mutex
	fault fault
	after string // the method whose answer is the first that is spoiled; "": all are
	seen  []string
	cert  *tls.Certificate
}

// startFront runs one; with TLS it shows a new certificate that nobody knows.
func startFront(t *testing.T, addr string, secure bool) *front {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	proxy.FlushInterval = -1
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	f := &front{pass: proxy}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.server.Config.ErrorLog = proxy.ErrorLog
	if secure {
		f.NewCertificate(t)
		f.server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			return f.cert, nil
		}}
		f.server.StartTLS()
		f.server.TLS.Certificates = nil // the test server's own would come first
	} else {
		f.server.Start()
	}
	t.Cleanup(func() {
		f.Set(nil)
		f.server.CloseClientConnections()
		f.server.Close()
	})
	return f
}

// NewCertificate changes what is shown from the next handshake on.
func (f *front) NewCertificate(t *testing.T) {
	t.Helper()
	cert, err := vcsim.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cert = cert
}

// URI is the front's address for a user whose password is in the environment.
func (f *front) URI(user string) string {
	return strings.Replace(f.server.URL, "://", "://"+user+"@", 1) + "/sdk"
}

// Set makes the front bad for the requests from now on; nil makes it good.
func (f *front) Set(bad fault) { f.SetAfter("", bad) }

// SetAfter makes it bad when this method is called: the server gets that call, and its
// answer is the first that is spoiled.
func (f *front) SetAfter(method string, bad fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.after = bad, method
}

// Seen are the methods called so far.
func (f *front) Seen() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.seen...)
}

func (f *front) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	method := methodOf(r, body)
	f.mu.Lock()
	f.seen = append(f.seen, method)
	bad := f.fault
	if f.after == method {
		f.after = ""
	}
	if f.after != "" {
		bad = nil
	}
	f.mu.Unlock()
	if bad == nil {
		f.pass.ServeHTTP(w, r)
		return
	}
	bad(w, r, method, f.pass)
}

var soapMethod = regexp.MustCompile(`<(?:\w+:)?Body[^>]*>\s*<(?:\w+:)?(\w+)`)

// methodOf is the SOAP method of a request; of others their path.
func methodOf(r *http.Request, body []byte) string {
	if m := soapMethod.FindSubmatch(body[:min(len(body), 4096)]); m != nil {
		return string(m[1])
	}
	return r.Method + " " + r.URL.Path
}

// answered has the server carry the request out, and gives the answer to spoil.
func answered(r *http.Request, pass http.Handler) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	pass.ServeHTTP(rec, r)
	return rec
}

// elsewhere is a server that nobody should get to; it counts what comes.
func elsewhere(t *testing.T) (addr string, count func() int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	n := 0
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			n++
			mu.Unlock()
			_ = c.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String(), func() int { mu.Lock(); defer mu.Unlock(); return n }
}
