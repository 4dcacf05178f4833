package libvirt

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// migrateRig is two hosts that reach each other, and see the same files.
type migrateRig struct {
	from, to *lab.Libvirtd
	b, there backend.Backend
	dir      string
	sockets  int
}

// op migrates a VM over a socket of its own.
func (r *migrateRig) op(vm backend.Ref) backend.VMMigrateOp {
	r.sockets++
	return backend.VMMigrateOp{VM: vm, URI: r.to.URI("qemu"), Live: true,
		DataURI: "unix://" + filepath.Join(r.dir, string(rune('a'+r.sockets)))}
}

func TestMigrate(t *testing.T) {
	r := &migrateRig{from: lab.StartLibvirtd(t), to: lab.StartLibvirtd(t)}
	r.dir = r.to.Dir()
	r.from.DefineGuest("g1", true)
	r.b, r.there = dial(t, r.from.URI("qemu"), false), dial(t, r.to.URI("qemu"), false)
	vm := vmNamed(t, r.b, "g1").ID
	t.Run("refused", func(t *testing.T) { r.unsafe(t, vm) })
	t.Run("cancelled", func(t *testing.T) { r.cancelled(t, vm) })
	t.Run("moved", func(t *testing.T) { r.moved(t, vm) })
	t.Run("copied", r.copied)
	t.Run("lost", r.lost)
}

func (r *migrateRig) unsafe(t *testing.T, vm backend.Ref) {
	t.Helper()
	e := refusal(t, r.b, r.op(vm), backend.ClassConflict, "unsafe")
	if e.Code != "81" || !strings.Contains(e.Remedy, "copy the disks along") {
		t.Errorf("%#v", e)
	}
	op := r.op(vm)
	op.URI, op.Unsafe = "qemu+unix:///system?socket=/no/such/socket", true
	if e := refusal(t, r.b, op, backend.ClassOther, "/no/such/socket"); e.Remedy == "" && e.Code == "" {
		t.Errorf("%#v", e)
	}
	if got := r.from.Virsh("domstate", "g1"); got != "running" {
		t.Errorf("state %q", got)
	}
}

// slowly makes a migration last, and tells when it moves.
func (r *migrateRig) slowly(ctx context.Context, vm backend.Ref) (moving <-chan int64, done <-chan error) {
	op := r.op(vm)
	op.Unsafe, op.Bandwidth, op.Persist, op.Undefine = true, 1<<20, true, true
	bytes, ended := make(chan int64, 1000), make(chan error, 1)
	go func() {
		_, err := r.b.Do(ctx, op, backend.Progress{Bytes: func(n, total int64) {
			if n <= total {
				bytes <- total
			}
		}})
		ended <- err
	}()
	return bytes, ended
}

func (r *migrateRig) cancelled(t *testing.T, vm backend.Ref) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	moving, done := r.slowly(ctx, vm)
	select {
	case total := <-moving:
		if total < 64<<20 {
			t.Errorf("%d bytes in all", total)
		}
	case err := <-done:
		t.Fatalf("ended at once: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("no progress")
	}
	cancel()
	if err := <-done; backend.ClassOf(err) != backend.ClassCancelled {
		t.Errorf("%v", err)
	}
	eventually(t, 10*time.Second, "it runs here again and not there", func() bool {
		return r.from.Virsh("domstate", "g1") == "running" && strings.TrimSpace(r.to.Virsh("list", "--all", "--name")) == ""
	})
}

func (r *migrateRig) moved(t *testing.T, vm backend.Ref) {
	t.Helper()
	op := r.op(vm)
	op.Unsafe, op.Persist, op.Undefine, op.AutoConverge = true, true, true, true
	var asked atomic.Int64
	if _, err := r.b.Do(t.Context(), op, backend.Progress{Bytes: func(int64, int64) { asked.Add(1) }}); err != nil {
		t.Fatal(err)
	}
	if got := r.to.Virsh("dominfo", "g1"); !strings.Contains(got, "running") || !strings.Contains(got, "Persistent:     yes") {
		t.Error(got)
	}
	if got := strings.TrimSpace(r.from.Virsh("list", "--all", "--name")); got != "" {
		t.Errorf("still here: %q", got)
	}
	if got := vmNamed(t, r.there, "g1"); got.ID.ID != vm.ID || got.State != backend.PowerOn {
		t.Errorf("%+v", got)
	}
	r.to.Virsh("destroy", "g1")
	r.to.Virsh("undefine", "g1")
}

// copied: a disk that is not shared goes along, into a file that is there.
func (r *migrateRig) copied(t *testing.T) {
	r.from.DefineGuest("g2", false)
	image := filepath.Join(r.from.Dir(), "images", "g2.qcow2")
	run(t, "qemu-io", "-f", "qcow2", "-c", "write -P 0xcd 2M 64k", image)
	r.from.Virsh("start", "g2")
	vm := vmNamed(t, r.b, "g2").ID
	op := r.op(vm)
	op.CopyStorage = true
	// Both see the same file: it would be written over itself, which its lock prevents.
	if _, err := do(t, r.b, op); err == nil || !strings.Contains(err.Error(), "lock") {
		t.Errorf("%v", err)
	}
	if got := r.from.Virsh("domstate", "g2"); got != "running" {
		t.Errorf("state %q", got)
	}
	own := filepath.Join(r.to.Dir(), "own")
	if err := os.Mkdir(own, 0o700); err != nil {
		t.Fatal(err)
	}
	run(t, "qemu-img", "create", "-q", "-f", "qcow2", filepath.Join(own, "g2.qcow2"), "64M")
	pid := strings.TrimSpace(readText(t, filepath.Join(r.to.Dir(), "run", "libvirtd.pid")))
	run(t, "nsenter", "--target", pid, "--mount", "mount", "--bind", own, filepath.Dir(image))
	op = r.op(vm)
	op.CopyStorage = true
	mustDo(t, r.b, op)
	if got := r.to.Virsh("domstate", "g2"); got != "running" {
		t.Errorf("state %q", got)
	}
	r.to.Virsh("destroy", "g2")
	run(t, "qemu-io", "-f", "qcow2", "-c", "read -P 0xcd 2M 64k", filepath.Join(own, "g2.qcow2"))
	r.from.Virsh("start", "g2")
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lost: the daemon dies half way.
func (r *migrateRig) lost(t *testing.T) {
	vm := vmNamed(t, r.b, "g2").ID
	moving, done := r.slowly(t.Context(), vm)
	select {
	case <-moving:
	case err := <-done:
		t.Fatalf("ended at once: %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("no progress")
	}
	r.from.Kill()
	if err := <-done; backend.ClassOf(err) != backend.ClassLost {
		t.Errorf("%v", err)
	}
	r.from.Restart()
}
