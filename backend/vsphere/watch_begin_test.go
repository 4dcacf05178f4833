package vsphere_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// between is the URL of a server before another one, that has before called with the body
// of each request, in its own goroutine, before it passes it on.
func between(t *testing.T, to string, before func(body string)) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: u.Scheme, Host: u.Host})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		before(string(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return strings.Replace(to, u.Host, s.Listener.Addr().String(), 1)
}

// TestGoneWhileTheWatchBegins: the first rows are fetched before the collector begins, and
// what is deleted in between is told by nobody.
func TestGoneWhileTheWatchBegins(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 3})
	other := dial(t, vsphere.Options{URL: s.URL()})
	doomed := refOf(t, other, backend.KindVM, "DC0_H0_VM1")
	if _, err := other.Do(t.Context(), backend.PowerOffOp{VM: doomed}, backend.Progress{}); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	url := between(t, s.URL(), func(body string) {
		if !strings.Contains(body, "<CreateFilter ") {
			return
		}
		once.Do(func() {
			if _, err := other.Do(t.Context(), backend.VMUndefineOp{VM: doomed}, backend.Progress{}); err != nil {
				t.Error(err)
			}
		})
	})
	m := watch(t, dial(t, vsphere.Options{URL: url}))
	m.untilSynced()
	m.until("the VM to go", func() bool { return m.vm("DC0_H0_VM1") == nil })
	if m.vm("DC0_H0_VM0") == nil || m.vm("DC0_H0_VM2") == nil {
		t.Error("others went with it")
	}
}
