package libvirt

import (
	"context"
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

// copied: disks that are not shared go along, into files that are there.
func (r *migrateRig) copied(t *testing.T) {
	r.from.DefineGuest("g2", true)
	vm := vmNamed(t, r.b, "g2").ID
	op := r.op(vm)
	op.CopyStorage = true
	// On one machine the copy would be written over the original: the server's lock on
	// the file refuses that, in words.
	_, err := do(t, r.b, op)
	if err == nil || !strings.Contains(err.Error(), "lock") && !strings.Contains(err.Error(), "exist") {
		t.Errorf("%v", err)
	}
	if got := r.from.Virsh("domstate", "g2"); got != "running" {
		t.Errorf("state %q", got)
	}
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
