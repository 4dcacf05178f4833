package libvirt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

func (x *transferLab) fullDisk(t *testing.T) {
	small := filepath.Join(x.dir, "small")
	lab.Tmpfs(t, small, "size=1m")
	const n = 4 << 20
	path, _ := x.random(t, "full", n)
	v := x.raw(t, "full", n)
	mustDo(t, x.b, backend.VolumeUploadOp{Volume: v, File: path})
	refused(t, x.b, backend.VolumeDownloadOp{Volume: v, File: filepath.Join(small, "f")}, backend.ClassOther,
		"no space left on device", "4 MiB", "free some room")
	// What fills up only while the volume is on its way.
	c, _ := backend.As[*client](x.b)
	found, _, err := c.findVolume(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	part, err := os.Create(filepath.Join(small, "part"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = part.Close() }()
	_, err = c.receive(t.Context(), backend.VolumeDownloadOp{Volume: v}, found, part, 0, backend.Progress{})
	e, ok := backendError(err)
	if !ok || !strings.Contains(e.Message, "no space left on device") || e.Remedy == "" {
		t.Errorf("%v", err)
	}
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: v})
}

// slowed starts an operation and gives its outcome; begun is closed when bytes move.
func (x *transferLab) slowed(ctx context.Context, op backend.Op) (begun chan struct{}, outcome chan error) {
	begun, outcome = make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		_, err := x.b.Do(ctx, op, backend.Progress{Bytes: func(done, _ int64) {
			if done > 0 {
				once.Do(func() { close(begun) })
			}
		}})
		outcome <- err
	}()
	return begun, outcome
}

// sparse makes a file too large to be moved in a moment.
func (x *transferLab) sparse(t *testing.T, path string) uint64 {
	t.Helper()
	const n = 8 << 30
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(n); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	return n
}

// endless is a volume of so many bytes that a download has to be stopped, on a file
// system of its own that the download does not fill.
func (x *transferLab) endless(t *testing.T) backend.Ref {
	t.Helper()
	v := x.raw(t, "endless", 1<<20)
	if err := os.Truncate(x.file("endless"), 8<<30); err != nil {
		t.Fatal(err)
	}
	return v
}

func (x *transferLab) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	down := filepath.Join(x.dir, "cancelled")
	v := x.endless(t)
	begun, outcome := x.slowed(ctx, backend.VolumeDownloadOp{Volume: v, File: down})
	x.stop(t, begun, outcome, cancel)
	if _, err := os.Stat(down); err == nil || len(parts(t, x.dir)) != 0 {
		t.Errorf("left behind: %q", parts(t, x.dir))
	}
	ctx, cancel = context.WithCancel(t.Context())
	big := filepath.Join(x.dir, "big sparse")
	x.sparse(t, big)
	begun, outcome = x.slowed(ctx, backend.VolumeUploadOp{Volume: v, File: big})
	err := x.stop(t, begun, outcome, cancel)
	if !strings.Contains(err.Error(), "the volume holds part of the file") {
		t.Errorf("%v", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	begun, outcome = x.slowed(ctx, backend.VolumeImportOp{Pool: x.pool, Name: "cancelled", File: big})
	err = x.stop(t, begun, outcome, cancel)
	if !strings.Contains(err.Error(), "the new volume was deleted again") || strings.Contains(x.l.Virsh("vol-list", "moved"), "cancelled") {
		t.Errorf("%v", err)
	}
	// Nothing else was cut.
	list[*backend.VM](t, x.b, backend.Query{Kind: backend.KindVM})
	mustDo(t, x.b, backend.VolumeDeleteOp{Volume: v})
}

// stop cancels what has begun and wants it to have stopped.
func (x *transferLab) stop(t *testing.T, begun chan struct{}, outcome chan error, cancel func()) error {
	t.Helper()
	defer cancel()
	select {
	case <-begun:
	case err := <-outcome:
		t.Fatalf("ended before it was cancelled: %v", err)
	}
	cancel()
	select {
	case err := <-outcome:
		if backend.ClassOf(err) != backend.ClassCancelled {
			t.Errorf("%v (%v)", err, backend.ClassOf(err))
		}
		return err
	case <-time.After(15 * time.Second):
		t.Fatal("it does not stop")
		return nil
	}
}

// vanishes: the file of the volume is gone when it is asked for.
func (x *transferLab) vanishes(t *testing.T) {
	v := x.raw(t, "gone", 10)
	if err := os.Remove(x.file("gone")); err != nil {
		t.Fatal(err)
	}
	down := filepath.Join(x.dir, "gone")
	_, err := do(t, x.b, backend.VolumeDownloadOp{Volume: v, File: down})
	if err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(down); err == nil || len(parts(t, x.dir)) != 0 {
		t.Errorf("left behind: %q", parts(t, x.dir))
	}
}

// killed comes last: it leaves no daemon.
func (x *transferLab) killed(t *testing.T) {
	v := x.endless(t)
	down := filepath.Join(x.dir, "killed")
	begun, outcome := x.slowed(t.Context(), backend.VolumeDownloadOp{Volume: v, File: down})
	<-begun
	x.l.Kill()
	if err := <-outcome; backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "broke off after") {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
	if _, err := os.Stat(down); err == nil || len(parts(t, x.dir)) != 0 {
		t.Errorf("left behind: %q", parts(t, x.dir))
	}
	x.l.Restart()
	x.b = dial(t, x.l.URI("qemu"), false)
	if poolNamed(t, x.b, "moved").State != backend.PoolRunning {
		x.l.Virsh("pool-start", "moved")
	}
	big := filepath.Join(x.dir, "big sparse")
	begun, outcome = x.slowed(t.Context(), backend.VolumeUploadOp{Volume: v, File: big})
	<-begun
	x.l.Kill()
	if err := <-outcome; backend.ClassOf(err) != backend.ClassLost || !strings.Contains(err.Error(), "the volume holds part of the file") {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
}

// importKilled: a volume that got part of a file goes when the daemon is back; otherwise
// it is said to have stayed.
func (x *transferLab) importKilled(t *testing.T) {
	restarted := func() {
		x.l.Restart()
		if !strings.Contains(x.l.Virsh("pool-info", "moved"), "running") {
			x.l.Virsh("pool-start", "moved")
		}
	}
	restarted()
	x.b = dial(t, x.l.URI("qemu"), false)
	big := filepath.Join(x.dir, "big sparse")
	begun, outcome := x.slowed(t.Context(), backend.VolumeImportOp{Pool: x.pool, Name: "half", File: big})
	<-begun
	x.l.Kill()
	restarted()
	err := <-outcome
	if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "the new volume was deleted again") {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
	if _, err := os.Stat(x.file("half")); err == nil {
		t.Error("half a volume stayed")
	}
	if out := x.l.Virsh("vol-list", "moved"); strings.Contains(out, "half") {
		t.Errorf("virsh lists %s", out)
	}
	x.importStays(t, big)
}

// importStays: a backend that is closed waits for nothing, and says what it leaves.
func (x *transferLab) importStays(t *testing.T, big string) {
	x.b = dial(t, x.l.URI("qemu"), false)
	begun, outcome := x.slowed(t.Context(), backend.VolumeImportOp{Pool: x.pool, Name: "half", File: big})
	<-begun
	_ = x.b.Close()
	e, ok := backendError(<-outcome)
	if !ok || !strings.Contains(e.Message, "the volume half stayed in the pool moved, with part of the file") || !strings.Contains(e.Remedy, "delete the volume half") {
		t.Errorf("%v", e)
	}
	if out := x.l.Virsh("vol-list", "moved"); !strings.Contains(out, "half") {
		t.Errorf("virsh lists %s", out)
	}
}
