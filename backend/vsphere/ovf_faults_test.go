package vsphere_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/vcsim"
)

// during begins an operation, and calls act when its first bytes are moved; of an import
// they come behind the check.
func during(t *testing.T, b backend.Backend, op backend.Op, act func(cancel context.CancelFunc)) (backend.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var once sync.Once
	var over atomic.Bool
	_, imports := op.(backend.OVFImportOp)
	res, err := b.Do(ctx, op, backend.Progress{Bytes: func(done, total int64) {
		if over.Load() {
			t.Error("progress was told after the end")
		}
		if imports {
			done -= total / 2
		}
		if done > 0 {
			once.Do(func() { go act(cancel) })
		}
	}})
	over.Store(true)
	return res, err
}

// moved calls act when so many bytes have moved under the lease of a number.
func (l *ovfLab) moved(ctx context.Context, lease int, bytes int64, act func()) {
	for ctx.Err() == nil {
		if all := l.s.Leases(); len(all) > lease && len(all[lease].Files) > 0 && all[lease].Files[0].Bytes >= bytes {
			act()
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// left asserts how many VMs an import left behind.
func (l *ovfLab) left(before, want int) {
	l.t.Helper()
	n := l.vms() - before
	for end := time.Now().Add(10 * time.Second); n != want && time.Now().Before(end); n = l.vms() - before {
		time.Sleep(10 * time.Millisecond) // a server may yet be taking away what its lease ended with
	}
	if n != want {
		l.t.Errorf("%d VMs were left, want %d", n, want)
	}
}

// TestOVFCancel cancels imports and exports at many moments: each lease is ended once,
// nothing stays, nothing hangs.
func TestOVFCancel(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{DiskSize: 4 << 20}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(4<<20, 1)))
	vm := mustDo(t, l.b, l.op(source)).Created
	before := l.vms()
	l.s.Disturb(vcsim.Trouble{Pace: 5 * time.Millisecond})
	dir := t.TempDir()
	for i := range 16 {
		in := l.op(source)
		in.Name = "cancelled"
		op := backend.Op(in)
		if i%4 == 3 {
			op = backend.OVFExportOp{Object: vm, File: filepath.Join(dir, "out.ova")}
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		go l.moved(ctx, i+1, int64(i%8)<<18, cancel)
		_, err := l.b.Do(ctx, op, backend.Progress{})
		cancel()
		if backend.ClassOf(err) != backend.ClassCancelled || time.Since(began) > 10*time.Second {
			t.Fatalf("%d: %v after %v", i, err, time.Since(began))
		}
		l.left(before, 0)
	}
	l.lastLease(17)
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("exports left %v", entries)
	}
}

// TestOVFCancelEarly cancels before the lease is ready.
func TestOVFCancelEarly(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{Starting: 300 * time.Millisecond}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(1000, 1)))
	before := l.vms()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for len(l.s.Leases()) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := l.b.Do(ctx, l.op(source), backend.Progress{}); backend.ClassOf(err) != backend.ClassCancelled {
		t.Error(err)
	}
	l.lastLease(1)
	l.left(before, 0)
}

// TestOVFOutlivesItsConnection: a server that pauses for some seconds ends the watch, and
// the connection is closed and dialled anew; what moves bytes has a session of its own,
// goes on, and logs out at its end.
func TestOVFOutlivesItsConnection(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(4<<20, 1)))
	before := l.vms()
	l.s.Disturb(vcsim.Trouble{Pace: 5 * time.Millisecond})
	closed := make(chan error, 1)
	res, err := during(t, l.b, l.op(source), func(context.CancelFunc) { closed <- l.b.Close() })
	if err != nil || res.Created.IsZero() {
		t.Errorf("%v, %v", res, err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := l.lastLease(1); got.Completes != 1 || got.Aborts != 0 {
		t.Errorf("%+v", got)
	}
	l.left(before, 1)
}

// TestOVFBroken: what goes wrong at the server is told in words and leaves nothing.
func TestOVFBroken(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(2<<20, 1)))
	vm := mustDo(t, l.b, l.op(source)).Created
	before := l.vms()
	leases := 1
	for name, c := range map[string]struct {
		trouble vcsim.Trouble
		says    string
	}{
		"500":          {vcsim.Trouble{Status: http.StatusInternalServerError}, "no space left on the datastore"},
		"403":          {vcsim.Trouble{Status: http.StatusForbidden}, "403"},
		"cut":          {vcsim.Trouble{CutAfter: 500_000}, ""},
		"cut, VM kept": {vcsim.Trouble{CutAfter: 500_000, KeepVM: true}, ""},
	} {
		l.s.Disturb(c.trouble)
		op := l.op(source)
		op.Name = "broken"
		_, err := do(t, l.b, op)
		if err == nil || backend.ClassOf(err) == backend.ClassLost || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "s-disk0.vmdk") {
			t.Errorf("%s: %v", name, err)
		}
		l.left(before, 0)
		dir := t.TempDir()
		if _, err = do(t, l.b, backend.OVFExportOp{Object: vm, File: filepath.Join(dir, "x.ovf")}); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: export: %v", name, err)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 0 {
			t.Errorf("%s: the export left %v", name, entries)
		}
		leases += 2
		l.lastLease(leases)
	}
}

// TestOVFKeepAlive: a lease of a second holds through a slow transfer, and one that can't
// be extended ends it.
func TestOVFKeepAlive(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{LeaseTimeout: 3 * time.Second}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(2<<20, 1)))
	l.s.Disturb(vcsim.Trouble{Pace: 180 * time.Millisecond}) // about 6 s
	mustDo(t, l.b, l.op(source))
	got := l.lastLease(1)
	rising := true
	for i, p := range got.Percent[1:] {
		rising = rising && p >= got.Percent[i]
	}
	if got.Progress < 4 || !rising {
		t.Errorf("%+v", got)
	}
	before := l.vms()
	l.s.Refuse(vcsim.Refusal{Method: "HttpNfcLeaseProgress", Fault: &types.InvalidState{}, Message: "no more"})
	op := l.op(source)
	op.Name = "refused"
	if _, err := do(t, l.b, op); err == nil || !strings.Contains(err.Error(), "no more") {
		t.Error(err)
	}
	l.left(before, 0)
	l.lastLease(2)
}

// TestOVFLeaseRunsOut: the server ends the lease although the client is there.
func TestOVFLeaseRunsOut(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{
		NFC:         vcsim.NFC{LeaseTimeout: time.Second},
		MethodDelay: map[string]time.Duration{"HttpNfcLeaseProgress": 2 * time.Second},
	})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(4<<20, 1)))
	before := l.vms()
	l.s.Disturb(vcsim.Trouble{Pace: 40 * time.Millisecond})
	_, err := do(t, l.b, l.op(source))
	if err == nil || backend.ClassOf(err) == backend.ClassLost {
		t.Error(err)
	}
	l.left(before, 0)
	if got := l.s.Leases()[0]; got.Completes != 0 || got.Ends() > 1 {
		t.Errorf("%+v", got)
	}
}

// TestOVFSessionEnds: the session is ended by another in the middle of an import, and is
// renewed.
func TestOVFSessionEnds(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{LeaseTimeout: time.Second}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(2<<20, 1)))
	l.s.Disturb(vcsim.Trouble{Pace: 30 * time.Millisecond})
	res, err := during(t, l.b, l.op(source), func(context.CancelFunc) { kick(t, l.s) })
	if err != nil || res.Created.IsZero() {
		t.Fatal(err)
	}
	if got := l.lastLease(1); got.Completes != 1 {
		t.Errorf("%+v", got)
	}
	before := l.vms()
	op := l.op(source)
	op.Name = "cancelled"
	_, err = during(t, l.b, op, func(cancel context.CancelFunc) { kick(t, l.s); cancel() })
	if backend.ClassOf(err) != backend.ClassCancelled {
		t.Error(err)
	}
	l.lastLease(2)
	l.left(before, 0)
}

// TestOVFAbortRefused: where what was made can't be removed, its name is told.
func TestOVFAbortRefused(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(2<<20, 1)))
	l.s.Disturb(vcsim.Trouble{CutAfter: 500_000, KeepVM: true})
	l.s.Refuse(vcsim.Refusal{Method: "Destroy_Task", Fault: &types.NoPermission{PrivilegeId: "VirtualMachine.Inventory.Delete"}, Message: "not yours"})
	_, err := do(t, l.b, l.op(source))
	if backend.ClassOf(err) != backend.ClassLost || !strings.Contains(err.Error(), "the VM made may be left") || !strings.Contains(err.Error(), "not yours") {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
	l.lastLease(1)
}

// TestOVFExportDiskFull runs itself under a limit of the size of files, which fails as a
// full disk does: such an export leaves nothing.
func TestOVFExportDiskFull(t *testing.T) {
	if dir := os.Getenv("HVDECK_FULL_DISK"); dir != "" {
		fullDisk(t, dir)
		return
	}
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", `trap '' XFSZ; ulimit -f 1000; exec "$0" -test.run '^TestOVFExportDiskFull$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "HVDECK_FULL_DISK="+dir, "GOCOVERDIR=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("it left %v", entries)
	}
}

func fullDisk(t *testing.T, dir string) {
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{DiskSize: 4 << 20}})
	vm := list(t, l.b, backend.Query{Kind: backend.KindVM})[0].Ref()
	mustDo(t, l.b, backend.PowerOffOp{VM: vm})
	for _, file := range []string{"x.ova", "x.ovf"} {
		_, err := do(t, l.b, backend.OVFExportOp{Object: vm, File: filepath.Join(dir, file)})
		if err == nil || !strings.Contains(err.Error(), "file too large") {
			t.Errorf("%v", err)
		}
	}
	if got := l.lastLease(2); got.Aborts != 1 {
		t.Errorf("%+v", got)
	}
}

// kick ends all other sessions as an administrator does.
func kick(t *testing.T, s *vcsim.Server) {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Error(err)
		return
	}
	ctx := context.Background()
	c, err := govmomi.NewClient(ctx, u, true)
	if err != nil {
		t.Error(err)
		return
	}
	defer func() { _ = c.Logout(ctx) }()
	own, err := c.SessionManager.UserSession(ctx)
	if err != nil {
		t.Error(err)
		return
	}
	var sm mo.SessionManager
	if err := property.DefaultCollector(c.Client).RetrieveOne(ctx, *c.ServiceContent.SessionManager, []string{"sessionList"}, &sm); err != nil {
		t.Error(err)
	}
	var keys []string
	for _, one := range sm.SessionList {
		if one.Key != own.Key {
			keys = append(keys, one.Key)
		}
	}
	if err := c.SessionManager.TerminateSession(ctx, keys); err != nil || len(keys) == 0 {
		t.Errorf("%d sessions to end, %v", len(keys), err)
	}
}
