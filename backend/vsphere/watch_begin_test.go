package vsphere_test

import (
	"bytes"
	"io"
	"log"
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

// intercept is the URL of a server before another one, which gets the requests that answer
// says false to.
func intercept(t *testing.T, to string, answer func(w http.ResponseWriter, r *http.Request, body string) bool) string {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	pass := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: u.Scheme, Host: u.Host})
	pass.ErrorLog = log.New(io.Discard, "", 0)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !answer(w, r, string(body)) {
			pass.ServeHTTP(w, r)
		}
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
	url := intercept(t, s.URL(), func(_ http.ResponseWriter, _ *http.Request, body string) bool {
		if !strings.Contains(body, "<CreateFilter ") {
			return false
		}
		once.Do(func() {
			if _, err := other.Do(t.Context(), backend.VMUndefineOp{VM: doomed}, backend.Progress{}); err != nil {
				t.Error(err)
			}
		})
		return false
	})
	m := watch(t, dial(t, vsphere.Options{URL: url}))
	m.untilSynced()
	m.until("the VM to go", func() bool { return m.vm("DC0_H0_VM1") == nil })
	if m.vm("DC0_H0_VM0") == nil || m.vm("DC0_H0_VM2") == nil {
		t.Error("others went with it")
	}
}
