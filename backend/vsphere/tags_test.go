package vsphere_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func TestTags(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	v.Govc("tags.category.create", "env")
	v.Govc("tags.category.create", "a/b")
	v.Govc("tags.create", "-c", "env", "prod")
	v.Govc("tags.create", "-c", "a/b", "x y")
	v.Govc("tags.create", "-c", "env", "nobody's")
	v.Govc("tags.attach", "-c", "env", "prod", "/DC0/vm/DC0_H0_VM0")
	v.Govc("tags.attach", "-c", "a/b", "x y", "/DC0/vm/DC0_H0_VM0")
	v.Govc("tags.attach", "-c", "env", "prod", "/DC0/host/DC0_H0")
	b := dial(t, vsphere.Options{URL: v.URL()})
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVM}) {
		if o.(*backend.VM).Tags != nil {
			t.Error("tags are known before they were asked for")
		}
	}
	m := watch(t, b)
	m.until("the tags", func() bool {
		vm, other := m.vm("DC0_H0_VM0"), m.vm("DC0_C0_RP0_VM0")
		return vm != nil && slices.Equal(vm.Tags, []string{"a/b/x y", "env/prod"}) && other != nil && other.Tags != nil && len(other.Tags) == 0
	})
	v.Govc("object.rename", "/DC0/vm/DC0_H0_VM0", "renamed")
	m.until("the tags of a VM that changed", func() bool { vm := m.vm("renamed"); return vm != nil && len(vm.Tags) == 2 })
}

// gate stands before a simulator, and counts or refuses what goes to the tagging service.
type gate struct {
	*httptest.Server
	logins, logouts, calls atomic.Int32
	refuse                 atomic.Int32 // the status of an answer in place of the service's
	expire                 atomic.Bool  // the next call is answered as one without a session
	long                   atomic.Bool  // answers are as long as those of a large inventory
}

func newGate(t *testing.T, s *vcsim.Server) *gate {
	t.Helper()
	to, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: to.Scheme, Host: to.Host})
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	g := &gate{}
	proxy.ModifyResponse = func(r *http.Response) error {
		if g.long.Load() && r.Request.Method == http.MethodPost && strings.HasPrefix(r.Request.URL.Path, "/rest/") {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(strings.NewReader(strings.Repeat(" ", 6<<20)), r.Body), r.Body}
			r.ContentLength = -1
			r.Header.Del("Content-Length")
		}
		return nil
	}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/rest/") {
			proxy.ServeHTTP(w, r)
			return
		}
		g.calls.Add(1)
		session := strings.HasSuffix(r.URL.Path, "/cis/session")
		switch code := int(g.refuse.Load()); {
		case code != 0:
			w.WriteHeader(code)
			return
		case session && r.Method == http.MethodPost:
			g.logins.Add(1)
		case session && r.Method == http.MethodDelete:
			g.logouts.Add(1)
		case g.expire.CompareAndSwap(true, false):
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gate) url() string {
	return strings.Replace(g.URL, "http://", "http://user:pass@", 1) + "/sdk"
}

// TestTagSession: one that has ended is renewed, and the last one is logged out of.
func TestTagSession(t *testing.T) {
	g := newGate(t, sim(t, vcsim.Options{Demo: true}))
	g.expire.Store(true)
	b := dial(t, vsphere.Options{URL: g.url()})
	m := watch(t, b)
	m.until("tags", func() bool {
		vm := m.vm("db-01")
		return vm != nil && slices.Equal(vm.Tags, []string{"backup/daily", "environment/production", "team/shop"})
	})
	m.cancel()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if in, out := g.logins.Load(), g.logouts.Load(); in != 2 || out != 1 {
		t.Errorf("%d logins, %d logouts", in, out)
	}
	if n := g.calls.Load(); n > 30 {
		t.Errorf("%d calls for 7 tags", n)
	}
}

// TestLongListsOfTags: what is attached to thousands of VMs is read, though it has no
// mark-up.
func TestLongListsOfTags(t *testing.T) {
	g := newGate(t, sim(t, vcsim.Options{Demo: true}))
	g.long.Store(true)
	m := watch(t, dial(t, vsphere.Options{URL: g.url()}))
	m.until("tags", func() bool { vm := m.vm("db-01"); return vm != nil && len(vm.Tags) == 3 })
}

// TestTagsThatCannotBeRead: why is told, and VMs have no tags rather than none.
func TestTagsThatCannotBeRead(t *testing.T) {
	g := newGate(t, sim(t, vcsim.Options{VMs: 1}))
	g.refuse.Store(http.StatusInternalServerError)
	m := watch(t, dial(t, vsphere.Options{URL: g.url()}))
	m.until("why there are no tags", func() bool {
		return slices.ContainsFunc(m.events, func(e backend.Event) bool {
			return strings.Contains(e.Text, "the tags of VMs can't be read: ") && strings.Contains(e.Text, "500")
		})
	})
	for r, o := range m.now() {
		if vm, ok := o.(*backend.VM); ok && vm.Tags != nil {
			t.Errorf("%v has tags %v", r, vm.Tags)
		}
	}
}

// TestNoTags: a server without a tagging service is asked once, and that is told.
func TestNoTags(t *testing.T) {
	g := newGate(t, sim(t, vcsim.Options{VMs: 1}))
	g.refuse.Store(http.StatusNotFound)
	m := watch(t, dial(t, vsphere.Options{URL: g.url()}))
	m.until("why there are no tags", func() bool {
		return slices.ContainsFunc(m.events, func(e backend.Event) bool { return strings.Contains(e.Text, "it has no tagging service") })
	})
	for r, o := range m.now() {
		if vm, ok := o.(*backend.VM); ok && vm.Tags != nil {
			t.Errorf("%v has tags %v", r, vm.Tags)
		}
	}
	if n := g.calls.Load(); n != 1 {
		t.Errorf("%d calls", n)
	}
}
