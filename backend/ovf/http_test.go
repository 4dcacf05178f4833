package ovf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
)

// server serves files by path, with or without ranges, and counts.
type server struct {
	*httptest.Server
	files    map[string][]byte
	ranges   bool
	requests atomic.Int64
	bytes    atomic.Int64
}

func serve(t testing.TB, ranges bool, files map[string][]byte) *server {
	t.Helper()
	s := &server{files: files, ranges: ranges}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	data, ok := s.files[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	out := &counted{ResponseWriter: w, n: &s.bytes}
	if s.ranges {
		http.ServeContent(out, r, "", time.Unix(1, 0), bytes.NewReader(data))
		return
	}
	out.Write(data)
}

type counted struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}

func twoDisks(t testing.TB, size int) (archive, a, b []byte) {
	t.Helper()
	a, b = diskBytes(size), diskBytes(size+1)
	d := []byte(descriptorOf(fileElement("f0", "a.vmdk", len(a), ""), fileElement("f1", "b.vmdk", len(b), "")))
	m := manifestOf(map[string][]byte{"vm.ovf": d, "a.vmdk": a, "b.vmdk": b})
	return archiveOf(t, entry{"vm.ovf", d, nil}, entry{"vm.mf", m, nil}, entry{"a.vmdk", a, nil}, entry{"b.vmdk", b, nil}), a, b
}

func TestArchivesAtAServer(t *testing.T) {
	archive, a, b := twoDisks(t, 8<<20)
	for name, ranges := range map[string]bool{"with ranges": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, ranges, map[string][]byte{"/x.ova": archive})
			p := mustOpen(t, s.URL+"/x.ova", Options{})
			if p.Manifest == nil || len(p.Descriptor.Findings) != 0 {
				t.Errorf("manifest %v, findings %v", p.Manifest, p.Descriptor.Findings)
			}
			if n := s.bytes.Load(); ranges && n > 1<<20 {
				t.Errorf("opening took %d bytes", n)
			}
			if err := p.Verify(t.Context(), nil); err != nil {
				t.Error(err)
			}
			before := s.requests.Load()
			for i, want := range [][]byte{a, b} {
				got, err := contents(t, p, p.Descriptor.Files[i])
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("file %d: %d bytes, %v", i, len(got), err)
				}
			}
			if n := s.requests.Load() - before; !ranges && n != 1 {
				t.Errorf("reading both files took %d passes, not one", n)
			}
			got, err := contents(t, p, p.Descriptor.Files[0])
			if err != nil || !bytes.Equal(got, a) {
				t.Errorf("again: %d bytes, %v", len(got), err)
			}
			_, err = contents(t, p, File{Href: "none.vmdk", Size: -1})
			refused(t, err, backend.ClassInvalid, "none.vmdk", "not there")
		})
	}
}

func TestAManifestAtTheEndIsFoundWithoutRanges(t *testing.T) {
	disk := diskBytes(1 << 20)
	d := []byte(descriptorOf(fileElement("f0", "disk0.vmdk", len(disk), "")))
	m := manifestOf(map[string][]byte{"vm.ovf": d, "disk0.vmdk": disk})
	s := serve(t, false, map[string][]byte{"/x.ova": archiveOf(t, entry{"vm.ovf", d, nil}, entry{"disk0.vmdk", disk, nil}, entry{"vm.mf", m, nil})})
	if p := mustOpen(t, s.URL+"/x.ova", Options{}); p.Manifest == nil {
		t.Error("the manifest was not found")
	}
}

func TestADescriptorAtAServer(t *testing.T) {
	disk := diskBytes(100_000)
	d := []byte(descriptorOf(fileElement("f0", "sub/a%20b.vmdk", len(disk), "")))
	s := serve(t, false, map[string][]byte{"/dir/vm.ovf": d, "/dir/sub/a b.vmdk": disk, "/secret": []byte("secret"),
		"/dir/vm.mf": manifestOf(map[string][]byte{"vm.ovf": d, "sub/a b.vmdk": disk})})
	if err := whole(t.Context(), s.URL+"/dir/vm.ovf?token=1", Options{}); err != nil {
		t.Error(err)
	}
	for _, href := range []string{"../secret", "..%2fsecret", s.URL + "/secret", "//other/secret", "/secret"} {
		s.files["/dir/vm.ovf"] = []byte(descriptorOf(fileElement("f0", href, 6, "")))
		delete(s.files, "/dir/vm.mf")
		p := mustOpen(t, s.URL+"/dir/vm.ovf", Options{})
		_, err := contents(t, p, p.Descriptor.Files[0])
		refused(t, err, backend.ClassInvalid, "secret")
		refused(t, p.Verify(t.Context(), nil), backend.ClassInvalid, "secret")
	}
	s.files["/dir/vm.ovf"] = []byte(descriptorOf(fileElement("f0", "q?x=1#y", 1, "")))
	s.files["/dir/q?x=1#y"] = []byte("1")
	if err := whole(t.Context(), s.URL+"/dir/vm.ovf", Options{}); err != nil {
		t.Errorf("a name with a question mark is no path: %v", err)
	}
}

func TestServersThatFail(t *testing.T) {
	archive, _, _ := twoDisks(t, 1<<20)
	for name, c := range map[string]struct {
		serve func(w http.ResponseWriter, r *http.Request)
		class backend.Class
		words string
	}{
		"missing": {http.NotFound, backend.ClassNotFound, "no such file"},
		"denied":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }, backend.ClassDenied, "401"},
		"broken":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, backend.ClassUnreachable, "503"},
		"loop":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x.ova", http.StatusFound) }, backend.ClassUnreachable, "more than 10 times"},
		"other scheme": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		},
			backend.ClassUnreachable, "file URL"},
		"stall": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, backend.ClassUnreachable, "sent nothing"},
		"stall in the middle": {func(w http.ResponseWriter, r *http.Request) {
			w.Write(archive[:len(archive)/2])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, backend.ClassUnreachable, "sent nothing"},
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(len(archive)))
			w.Write(archive[:len(archive)/2])
		}, backend.ClassInvalid, "too early"},
		"cut off, with ranges": {ranging(archive, len(archive)/2), backend.ClassInvalid, "cut off"},
		"wrong range": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 7-6/banana")
			w.WriteHeader(http.StatusPartialContent)
			w.Write(archive)
		}, backend.ClassInvalid, "range"},
		"larger than it is": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-65535/%d", int64(1)<<60))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(archive[:65536])
		}, backend.ClassInvalid, "changed"},
		"changing": {changing(archive), backend.ClassInvalid, "changed"},
		"not HTTP": {func(w http.ResponseWriter, _ *http.Request) {
			c, _, _ := w.(http.Hijacker).Hijack()
			c.Write([]byte("220 smtp\r\n"))
			c.Close()
		}, backend.ClassUnreachable, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(c.serve))
			defer s.Close()
			start := time.Now()
			err := whole(t.Context(), s.URL+"/x.ova", Options{Stall: 200 * time.Millisecond})
			refused(t, err, c.class, c.words, "x.ova")
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// ranging answers ranges, but for what lies behind an offset.
func ranging(data []byte, end int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var first, last int
		fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &first, &last)
		last = min(last, len(data)-1)
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		w.Write(data[first:max(first, min(end, last+1))])
	}
}

func changing(data []byte) http.HandlerFunc {
	n := atomic.Int64{}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", fmt.Sprintf(`"%d"`, n.Add(1)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
	}
}

func TestASlowReaderIsNoStall(t *testing.T) {
	archive, a, _ := twoDisks(t, 1<<20)
	s := serve(t, true, map[string][]byte{"/x.ova": archive})
	p := mustOpen(t, s.URL+"/x.ova", Options{Stall: 50 * time.Millisecond})
	r, size, err := p.OpenFile(t.Context(), p.Descriptor.Files[0])
	if err != nil || size != int64(len(a)) {
		t.Fatal(size, err)
	}
	defer r.Close()
	io.ReadFull(r, make([]byte, 10))
	<-time.After(150 * time.Millisecond) // the reader is what is slow here
	if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(a)-10) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestACancelledReadEnds(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := Open(ctx, s.URL+"/x.ova", Options{})
	refused(t, err, backend.ClassCancelled)
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err = Open(ctx, s.URL+"/x.ova", Options{})
	refused(t, err, backend.ClassUnreachable)
}

func TestPasswordsOfURLsAreInNoError(t *testing.T) {
	var user, password string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ = r.BasicAuth()
		w.WriteHeader(http.StatusForbidden)
	}))
	u, _ := url.Parse(s.URL + "/x.ova?sig=hush2")
	u.User = url.UserPassword("ann", "hush1")
	_, err := Open(t.Context(), u.String(), Options{})
	refused(t, err, backend.ClassDenied, "x.ova")
	if user != "ann" || password != "hush1" {
		t.Errorf("the server got %q and %q", user, password)
	}
	s.Close()
	_, gone := Open(t.Context(), u.String(), Options{})
	refused(t, gone, backend.ClassUnreachable)
	for _, e := range []error{err, gone} {
		var b *backend.Error
		if errors.As(e, &b); strings.Contains(fmt.Sprintf("%+v %v", b, e), "hush") {
			t.Errorf("%+v holds a secret", b)
		}
	}
}

func TestACertificateThatIsNotTrusted(t *testing.T) {
	archive, _, _ := twoDisks(t, 1000)
	s := httptest.NewTLSServer(&server{files: map[string][]byte{"/x.ova": archive}})
	defer s.Close()
	_, err := Open(t.Context(), s.URL+"/x.ova", Options{})
	refused(t, err, backend.ClassUntrusted, "x.ova")
	if err := whole(t.Context(), s.URL+"/x.ova", Options{Client: s.Client()}); err != nil {
		t.Error(err)
	}
}
