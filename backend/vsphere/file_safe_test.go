package vsphere_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/vsphere"
)

// between puts a proxy between the lab's connection and its server, which has put deal
// with every PUT; next passes it on.
func (x *filesLab) between(put func(w http.ResponseWriter, r *http.Request, next http.Handler)) {
	x.t.Helper()
	server, err := url.Parse(x.v.URL())
	if err != nil {
		x.t.Fatal(err)
	}
	next := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: server.Scheme, Host: server.Host})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			put(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	}))
	x.t.Cleanup(proxy.Close)
	at, err := url.Parse(proxy.URL)
	if err != nil {
		x.t.Fatal(err)
	}
	at.User, at.Path = server.User, server.Path
	x.b = dial(x.t, vsphere.Options{URL: at.String()})
}

// TestBrokenImportSparesTheDataOfADisk: the file that was to be made is the descriptor of
// a disk whose data is there already.
func TestBrokenImportSparesTheDataOfADisk(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(x *filesLab, op backend.Op) error
	}{
		{"cancelled", func(x *filesLab, op backend.Op) error { return x.cancel(op) }},
		{"answer lost", func(x *filesLab, op backend.Op) error {
			x.between(func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			})
			_, err := do(x.t, x.b, op)
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newFilesLab(t)
			flat, data := x.random("flat", 5000)
			mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "web-flat.vmdk", File: flat})
			big, _ := x.random("big", 32<<20)
			err := c.end(x, backend.VolumeImportOp{Pool: x.pool, Name: "web.vmdk", File: big, NoChecksum: true})
			if err == nil || !strings.Contains(err.Error(), "nothing of it was left") {
				t.Error(err)
			}
			if x.at("")["web.vmdk"] != nil {
				t.Error("half a file stayed")
			}
			if got := x.byGovc("web-flat.vmdk"); !bytes.Equal(got, data) {
				t.Errorf("%d bytes of the data are left", len(got))
			}
		})
	}
}

// TestADiskIsNotCopiedOverData: the data of another disk lies where its own would go.
func TestADiskIsNotCopiedOverData(t *testing.T) {
	x := newFilesLab(t)
	flat, data := x.random("flat", 5000)
	mustDo(t, x.b, backend.VolumeImportOp{Pool: x.pool, Name: "web-flat.vmdk", File: flat})
	x.v.Govc("datastore.disk.create", "-dc", "DC0", "-ds", "LocalDS_0", "-size", "1M", "d.vmdk")
	x.refused(backend.VolumeCloneOp{Volume: x.volume("d.vmdk"), Name: "web.vmdk"}, backend.ClassConflict, "web-flat.vmdk exists already")
	x.refused(backend.VolumeMoveOp{Volume: x.volume("d.vmdk"), Name: "web.vmdk"}, backend.ClassConflict, "web-flat.vmdk exists already")
	x.refused(backend.VolumeImportOp{Pool: x.pool, Name: "web-flat.vmdk", File: flat}, backend.ClassConflict, "web-flat.vmdk exists already")
	if got := x.byGovc("web-flat.vmdk"); !bytes.Equal(got, data) {
		t.Errorf("%d bytes of the data are left", len(got))
	}
	big, _ := x.random("big", 32<<20)
	err := x.cancel(backend.VolumeImportOp{Pool: x.pool, Name: "half-flat.vmdk", File: big})
	if out := x.v.Govc("datastore.ls", "-dc", "DC0", "-ds", "LocalDS_0"); strings.Contains(out, "half") {
		t.Errorf("%v, and there is %s", err, out)
	}
}

// TestRefusedTransfersTouchNothing: somebody makes the file just before the PUT, which the
// server refuses, with a body that is under way.
func TestRefusedTransfersTouchNothing(t *testing.T) {
	x := newFilesLab(t)
	theirs, want := x.random("theirs", 3000)
	big, _ := x.random("big", 8<<20)
	direct := x.b
	var code int
	x.between(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		if strings.HasSuffix(r.URL.Path, "new") {
			mustDo(t, direct, backend.VolumeImportOp{Pool: x.pool, Name: "new", File: theirs})
		}
		_, _ = io.Copy(io.Discard, r.Body)
		w.WriteHeader(code)
	})
	mustDo(t, direct, backend.VolumeImportOp{Pool: x.pool, Name: "old", File: theirs})
	for _, c := range []struct {
		code  int
		class backend.Class
	}{
		{http.StatusForbidden, backend.ClassDenied}, {http.StatusConflict, backend.ClassConflict}, {http.StatusLocked, backend.ClassBusy},
	} {
		code = c.code
		for name, op := range map[string]backend.Op{
			"new": backend.VolumeImportOp{Pool: x.pool, Name: "new", File: big},
			"old": backend.VolumeUploadOp{Volume: x.volume("old"), File: big},
		} {
			_, err := do(t, x.b, op)
			if err == nil || backend.ClassOf(err) != c.class || strings.Contains(err.Error(), "part of") || strings.Contains(err.Error(), "left") {
				t.Errorf("%d: %v (%v)", code, err, backend.ClassOf(err))
			}
			if got := x.byGovc(name); !bytes.Equal(got, want) {
				t.Errorf("%d: %s has %d bytes", code, name, len(got))
			}
		}
		mustDo(t, direct, backend.VolumeDeleteOp{Volume: x.volume("new")})
	}
}

// TestBrokenImportSparesSomebodysFile: the connection breaks, and at the place is a file
// that can't be what was sent.
func TestBrokenImportSparesSomebodysFile(t *testing.T) {
	x := newFilesLab(t)
	theirs, want := x.random("theirs", 3000)
	small, _ := x.random("small", 500)
	direct := x.b
	x.between(func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		mustDo(t, direct, backend.VolumeImportOp{Pool: x.pool, Name: "new", File: theirs})
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	x.refused(backend.VolumeImportOp{Pool: x.pool, Name: "new", File: small}, backend.ClassUnreachable, "somebody else's", "left as it is")
	if got := x.byGovc("new"); !bytes.Equal(got, want) {
		t.Errorf("it has %d bytes", len(got))
	}
}

// TestImportOutlivesItsConnection: it has a session of its own.
func TestImportOutlivesItsConnection(t *testing.T) {
	x := newFilesLab(t)
	file, want := x.random("big", 8<<20)
	b := dial(t, vsphere.Options{URL: x.v.URL()})
	first := true
	_, err := b.Do(t.Context(), backend.VolumeImportOp{Pool: x.pool, Name: "whole", File: file}, backend.Progress{Bytes: func(int64, int64) {
		if first { // told by one goroutine after the other
			first = false
			if err := b.Close(); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.byGovc("whole"); !bytes.Equal(got, want) {
		t.Errorf("it has %d of %d bytes", len(got), len(want))
	}
}
