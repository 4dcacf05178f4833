package vsphere_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// outside is a vcsim process with a connection, and an import that goes to it.
func outside(t *testing.T, disk []byte, with ...func(*vsphere.Options)) (*lab.Vcsim, backend.Backend, backend.OVFImportOp) {
	t.Helper()
	v := lab.StartVcsim(t, "-vm", "1", "-cluster", "0")
	o := vsphere.Options{URL: v.URL()}
	for _, set := range with {
		set(&o)
	}
	b := dial(t, o)
	s := sample("s", disk)
	s.Digest = "SHA1" // the only one that govc can check
	file, err := s.WriteOVA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return v, b, backend.OVFImportOp{
		Under: list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref(), Source: file, Name: "ours",
		Datastore: list(t, b, backend.Query{Kind: backend.KindPool})[0].Ref(),
		Networks:  []backend.OVFNetwork{{Name: "net-a", Network: list(t, b, backend.Query{Kind: backend.KindNetwork})[0].Ref()}},
	}
}

// TestOVFAsGovc holds imports and exports against those of govc, in both directions.
func TestOVFAsGovc(t *testing.T) {
	t.Parallel()
	disk := backendtest.Noise(300_000, 7)
	v, b, op := outside(t, disk)
	made := mustDo(t, b, op).Created
	v.Govc("import.ova", "-m", "-name", "theirs", "-pool", "DC0_H0/Resources", op.Source)
	hardware := func(name string) string {
		var kept []string
		for _, line := range strings.Split(v.Govc("device.ls", "-vm", name), "\n") {
			kept = append(kept, strings.Join(strings.Fields(line), " "))
		}
		slices.Sort(kept)
		cpus := v.Govc("object.collect", "-s", "/DC0/vm/"+name, "config.hardware.numCPU", "config.hardware.memoryMB", "config.version", "config.guestId")
		return strings.ReplaceAll(strings.Join(kept, "\n")+cpus, name, "NAME")
	}
	if ours, theirs := hardware("ours"), hardware("theirs"); ours != theirs || !strings.Contains(ours, "VirtualDisk 65,536 KB") {
		t.Errorf("ours:\n%s\ntheirs:\n%s", ours, theirs)
	}
	dir := t.TempDir()
	v.Govc("export.ovf", "-vm", "ours", "-sha", "256", dir)
	files, err := filepath.Glob(filepath.Join(dir, "ours", "*.vmdk"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if got, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(got, disk) {
		t.Errorf("govc exported %d bytes, %v", len(got), err)
	}
	file := filepath.Join(dir, "back.ova")
	mustDo(t, b, backend.OVFExportOp{Object: made, File: file, Digest: "SHA1"})
	v.Govc("import.ova", "-m", "-name", "back", "-pool", "DC0_H0/Resources", file)
	if ours, back := hardware("ours"), hardware("back"); ours != back {
		t.Errorf("ours:\n%s\nback:\n%s", ours, back)
	}
}

// TestOVFServerGone: the server dies, or hangs, in the middle of an import. Leaving the
// console then ends within its time, and the name of what may be left is told.
func TestOVFServerGone(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(*lab.Vcsim){"dead": (*lab.Vcsim).Kill, "frozen": (*lab.Vcsim).Freeze} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, b, op := outside(t, backendtest.Noise(48<<20, 1), func(o *vsphere.Options) { o.Undo(time.Second) })
			var gone time.Time
			_, err := during(t, b, op, func(cancel context.CancelFunc) {
				act(v)
				gone = time.Now()
				cancel()
			})
			if backend.ClassOf(err) != backend.ClassLost || !strings.Contains(err.Error(), "the VM ours may be left") || time.Since(gone) > 5*time.Second {
				t.Errorf("%v (%v) after %v", err, backend.ClassOf(err), time.Since(gone))
			}
		})
	}
}

// TestOVFServerRestarts: the server dies in the middle of an import and comes back; it
// knows neither the session nor the lease, and there is nothing left.
func TestOVFServerRestarts(t *testing.T) {
	t.Parallel()
	v, b, op := outside(t, backendtest.Noise(48<<20, 1))
	_, err := during(t, b, op, func(context.CancelFunc) { v.Restart() })
	if err == nil || backend.ClassOf(err) == backend.ClassLost {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
	if out := v.Govc("find", "/", "-type", "m", "-name", "ours"); strings.TrimSpace(out) != "" {
		t.Errorf("left: %s", out)
	}
}

// TestOVFSurvivesAPause: a server that stands still for longer than a pulse may take ends
// the watch, and nothing else.
func TestOVFSurvivesAPause(t *testing.T) {
	t.Parallel()
	v, b, op := outside(t, backendtest.Noise(48<<20, 1))
	watched := make(chan error, 1)
	go func() { watched <- b.Watch(t.Context(), func(backend.Delta) {}) }()
	res, err := during(t, b, op, func(context.CancelFunc) {
		v.Freeze()
		defer v.Thaw()
		if err := <-watched; backend.ClassOf(err) != backend.ClassUnreachable {
			t.Errorf("the watch ended with %v", err)
		}
		_ = b.Close()
	})
	if err != nil || res.Created.IsZero() {
		t.Errorf("%v, %v", res, err)
	}
	if out := v.Govc("vm.info", "ours"); !strings.Contains(out, "ours") {
		t.Errorf("govc knows %q", out)
	}
}
