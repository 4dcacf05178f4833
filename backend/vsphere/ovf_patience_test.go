package vsphere_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// patient is a lab of little patience; exports are of a VM that is off.
func patient(t *testing.T, o vcsim.Options) (*ovfLab, backend.Ref) {
	t.Helper()
	o.NFC.LeaseTimeout = time.Second
	l := newOVFLab(t, o, func(v *vsphere.Options) { v.Patient(500*time.Millisecond, 500*time.Millisecond, 800*time.Millisecond) })
	vm := list(t, l.b, backend.Query{Kind: backend.KindVM})[0].Ref()
	mustDo(t, l.b, backend.PowerOffOp{VM: vm})
	return l, vm
}

// TestOVFLongPreparation: a server that zeroes disks is waited for while it comes on.
func TestOVFLongPreparation(t *testing.T) {
	for _, still := range []bool{false, true} {
		l, _ := patient(t, vcsim.Options{NFC: vcsim.NFC{Starting: 1500 * time.Millisecond, Still: still}})
		before := l.vms()
		_, err := do(t, l.b, l.op(l.ova(sample("s", backendtest.Noise(1000, 1)))))
		if !still && err != nil {
			t.Error(err)
		}
		if still {
			if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "without progress") {
				t.Error(err)
			}
			l.left(before, 0)
		}
		l.lastLease(1)
	}
}

// TestOVFSlowIsNotSilent: neither a trickle of bytes nor long work at this machine or of
// another call ends an export.
func TestOVFSlowIsNotSilent(t *testing.T) {
	l, vm := patient(t, vcsim.Options{
		NFC: vcsim.NFC{DiskSize: 2000}, MethodDelay: map[string]time.Duration{"CreateDescriptor": 1200 * time.Millisecond},
	})
	t.Parallel()
	l.s.Disturb(vcsim.Trouble{Piece: 150, Pace: 150 * time.Millisecond})
	mustDo(t, l.b, backend.OVFExportOp{Object: vm, File: filepath.Join(t.TempDir(), "x.ova")})
	if got := l.lastLease(1); got.Completes != 1 {
		t.Errorf("%+v", got)
	}
}

// TestOVFSilence: a server that takes or gives nothing any more is not waited for.
func TestOVFSilence(t *testing.T) {
	l, vm := patient(t, vcsim.Options{NFC: vcsim.NFC{DiskSize: 1 << 20}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(24<<20, 1)))
	before := l.vms()
	l.s.Disturb(vcsim.Trouble{Pace: time.Minute})
	for _, op := range []backend.Op{l.op(source), backend.OVFExportOp{Object: vm, File: filepath.Join(l.dir, "x.ovf")}} {
		_, err := do(t, l.b, op)
		if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "nothing was moved for 500ms") {
			t.Errorf("%s: %v", op.Verb(), err)
		}
	}
	l.left(before, 0)
	l.lastLease(2)
}

// TestOVFCancelledTooLate cancels an export when its first file has its name: the package
// is there, and the export has succeeded.
func TestOVFCancelledTooLate(t *testing.T) {
	l, vm := patient(t, vcsim.Options{})
	t.Parallel()
	for n := range 4 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "out.ovf"), []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			for ; ctx.Err() == nil; time.Sleep(100 * time.Microsecond) {
				if _, err := os.Lstat(filepath.Join(dir, "out-disk1.vmdk")); err == nil {
					cancel()
				}
			}
		}()
		res, err := l.b.Do(ctx, backend.OVFExportOp{Object: vm, File: filepath.Join(dir, "out.ovf"), Overwrite: true}, backend.Progress{})
		cancel()
		<-watched
		if err != nil || strings.Contains(res.Text, "warning") {
			t.Errorf("%v: %q", err, res.Text)
		}
		if got := l.lastLease(n + 1); got.Completes != 1 {
			t.Errorf("%+v", got)
		}
		if entries, _ := os.ReadDir(dir); len(entries) != 3 {
			t.Errorf("%v", entries)
		}
	}
}

// TestOVFCancelAtCalls cancels an import with each call that concerns its lease: it is
// gone, or it is there whole where it had been completed.
func TestOVFCancelAtCalls(t *testing.T) {
	var act atomic.Pointer[func(string)]
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{LeaseTimeout: time.Second, Seen: func(method string) {
		if f := act.Load(); f != nil {
			(*f)(method)
		}
	}}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(2<<20, 1)))
	l.s.Disturb(vcsim.Trouble{Pace: 20 * time.Millisecond})
	for n, at := range []string{"ImportVApp", "HttpNfcLeaseProgress", "HttpNfcLeaseComplete"} {
		before := l.vms()
		ctx, cancel := context.WithCancel(t.Context())
		stop := func(method string) {
			if method == at {
				cancel()
			}
		}
		act.Store(&stop)
		op := l.op(source)
		op.Name = at
		res, err := l.b.Do(ctx, op, backend.Progress{})
		cancel()
		if at == "HttpNfcLeaseComplete" {
			if err != nil || res.Created.IsZero() {
				t.Errorf("%s: %v", at, err)
			}
			l.left(before, 1)
		} else {
			if backend.ClassOf(err) != backend.ClassCancelled {
				t.Errorf("%s: %v", at, err)
			}
			l.left(before, 0)
		}
		l.lastLease(n + 1)
	}
}

// TestOVFCancelBeforeTold cancels when the VM is there and the server has not told which
// it is: it goes, or what to look for is told.
func TestOVFCancelBeforeTold(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{NFC: vcsim.NFC{Late: 20 * time.Second}})
	t.Parallel()
	source := l.ova(sample("s", backendtest.Noise(1000, 1)))
	for n, keep := range []bool{false, true} {
		l.s.Disturb(vcsim.Trouble{KeepVM: keep})
		before := l.vms()
		ctx, cancel := context.WithCancel(t.Context())
		watched := make(chan struct{})
		go func() {
			defer close(watched)
			for l.vms() == before && ctx.Err() == nil {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		_, err := l.b.Do(ctx, l.op(source), backend.Progress{})
		cancel()
		<-watched
		switch {
		case keep && (backend.ClassOf(err) != backend.ClassLost || !strings.Contains(err.Error(), "the VM made may be left")):
			t.Errorf("kept: %v (%v)", err, backend.ClassOf(err))
		case !keep && backend.ClassOf(err) != backend.ClassCancelled:
			t.Errorf("%v (%v)", err, backend.ClassOf(err))
		}
		if !keep {
			l.left(before, 0)
		}
		l.lastLease(n + 1)
	}
}

// TestOVFPanics: a mistake of ours in the middle of a transfer ends the lease.
func TestOVFPanics(t *testing.T) {
	l, vm := patient(t, vcsim.Options{})
	t.Parallel()
	before := l.vms()
	source := l.ova(sample("s", backendtest.Noise(1<<20, 1)))
	for n, op := range []backend.Op{backend.OVFExportOp{Object: vm, File: filepath.Join(l.dir, "x.ovf")}, l.op(source)} {
		_, err := l.b.Do(t.Context(), op, backend.Progress{Bytes: func(done, total int64) {
			if n == 0 || done > total/2 {
				panic("a mistake")
			}
		}})
		if err == nil || !strings.Contains(err.Error(), "a mistake") {
			t.Error(err)
		}
		if got := l.lastLease(n + 1); got.Aborts != 1 {
			t.Errorf("%+v", got)
		}
	}
	l.left(before, 0)
}
