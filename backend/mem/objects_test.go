package mem_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

func one[T backend.Object](t *testing.T, b backend.Backend, k backend.Kind, name string) (found T) {
	t.Helper()
	all := list(t, b, backend.Query{Kind: k})
	i := slices.IndexFunc(all, func(o backend.Object) bool { return o.Title() == name })
	if i < 0 {
		t.Fatalf("there is no %s %q", k, name)
	}
	found, ok := all[i].(T)
	if !ok {
		t.Fatalf("%s %q is a %T", k, name, all[i])
	}
	return found
}

func made(t *testing.T, b backend.Backend, op backend.Op) backend.Ref {
	t.Helper()
	result, err := b.Do(t.Context(), op, backend.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	return result.Created
}

// TestDemoHasSomethingOfEverything: each screen of the demo shows something.
func TestDemoHasSomethingOfEverything(t *testing.T) {
	for _, id := range []backend.ConnID{"kvm01", "kvm02"} {
		b := dial(t, mem.New(mem.Demo(id)))
		for _, k := range b.Caps().Kinds {
			if len(list(t, b, backend.Query{Kind: k})) == 0 {
				t.Errorf("%s: no %s", id, k)
			}
		}
		if n := one[*backend.Network](t, b, backend.KindNetwork, "lab"); n.Active {
			t.Error("the network lab is active")
		}
		used, free := 0, 0
		for _, o := range list(t, b, backend.Query{Kind: backend.KindVolume}) {
			v, ok := o.(*backend.Volume)
			if !ok || !v.UsedKnown {
				t.Fatalf("%v: it is not known who uses it", o)
			}
			if len(v.UsedBy) > 0 {
				used++
			} else if v.Format == "qcow2" {
				free++
			}
		}
		if used == 0 || free == 0 {
			t.Errorf("%s: %d disks in use, %d orphans", id, used, free)
		}
	}
}

// TestWatchTellsOfEveryKind makes and removes an object of each kind.
func TestWatchTellsOfEveryKind(t *testing.T) {
	h := mem.New(mem.Config{})
	b := dial(t, h)
	var mu sync.Mutex
	have := map[backend.Ref]bool{}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- dial(t, h).Watch(ctx, func(d backend.Delta) {
			mu.Lock()
			defer mu.Unlock()
			switch d := d.(type) {
			case backend.Replace:
				for _, o := range d.Objects {
					have[o.Ref()] = true
				}
			case backend.Upsert:
				for _, o := range d.Objects {
					have[o.Ref()] = true
				}
			case backend.Remove:
				for _, r := range d.Refs {
					delete(have, r)
				}
			}
		})
	}()
	defer func() { cancel(); <-ended }()
	await := func(r backend.Ref, want bool) {
		t.Helper()
		for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
			mu.Lock()
			got := have[r]
			mu.Unlock()
			if got == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the watcher has the %s: %v, want %v", r.Kind, got, want)
			}
		}
	}
	host := list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref()
	await(host, true)
	for _, op := range []backend.Op{
		backend.PoolNewOp{Host: host, Name: "p", Type: "dir", Path: "/p"},
		backend.NetworkNewOp{Host: host, Name: "n", Mode: "isolated"},
		backend.SecretNewOp{Host: host, Usage: "tls", UsageID: "s"},
		backend.DefineOp{Kind: backend.KindInterface, Under: host, XML: "<interface type='bridge' name='br9'><bridge/></interface>"},
	} {
		r := made(t, b, op)
		await(r, true)
		do(t, b, backend.UndefineOp{Object: r})
		await(r, false)
	}
	vm := made(t, b, backend.VMNewOp{Host: host, Name: "v", VCPUs: 1, Memory: 1 << 30})
	await(vm, true)
	do(t, b, backend.VMUndefineOp{VM: vm})
	await(vm, false)
}

// TestFaultsReachTheNewCalls: what a real server does wrong can be asked for.
func TestFaultsReachTheNewCalls(t *testing.T) {
	h := mem.New(mem.Config{Specs: []mem.VMSpec{{Name: "v"}}, Secrets: []mem.SecretSpec{{Usage: "tls", ID: "s", Value: "x"}}})
	b := dial(t, h)
	vm := h.VM("v")
	secret := one[*backend.Secret](t, b, backend.KindSecret, "s").ID
	definer, _ := backend.As[backend.Definer](b)
	docs, _ := backend.As[backend.Documenter](b)
	reader, _ := backend.As[backend.SecretReader](b)
	calls := map[mem.Call]func(context.Context) error{
		mem.CallDefinition: func(ctx context.Context) error { _, err := definer.Definition(ctx, vm); return err },
		mem.CallDocument:   func(ctx context.Context) error { _, err := docs.Document(ctx, vm, docs.Documents(vm)[0]); return err },
		mem.CallSecret:     func(ctx context.Context) error { _, err := reader.SecretValue(ctx, secret); return err },
	}
	for name, call := range calls {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		boom := errors.New("boom")
		h.Fail(name, boom)
		if err := call(t.Context()); !errors.Is(err, boom) {
			t.Errorf("%s: %v, want boom", name, err)
		}
		h.Freeze()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := call(ctx); backend.ClassOf(err) != backend.ClassUnreachable {
			t.Errorf("%s of a frozen server: %v", name, err)
		}
		cancel()
		h.Thaw()
	}
}

// storage gives a hypervisor with a running pool and a file of n bytes.
func storage(t *testing.T, n int) (h *mem.Hypervisor, b backend.Backend, pool backend.Ref, file string) {
	t.Helper()
	h = mem.New(mem.Config{})
	b = dial(t, h)
	file = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, bytes.Repeat([]byte("0123456789abcdef"), n/16), 0o600); err != nil {
		t.Fatal(err)
	}
	return h, b, one[*backend.Pool](t, b, backend.KindPool, "default").ID, file
}

// TestLostLinkDuringTransfers cuts the connection half way.
func TestLostLinkDuringTransfers(t *testing.T) {
	h, b, pool, file := storage(t, 4<<20)
	vol := made(t, b, backend.VolumeImportOp{Pool: pool, Name: "whole", File: file})
	dir := t.TempDir()
	for _, tt := range []struct {
		op   backend.Op
		want backend.Class
	}{
		{backend.VolumeUploadOp{Volume: vol, File: file}, backend.ClassLost},
		{backend.VolumeImportOp{Pool: pool, Name: "part", File: file}, backend.ClassLost},
		{backend.VolumeDownloadOp{Volume: vol, File: filepath.Join(dir, "down")}, backend.ClassUnreachable},
	} {
		_, err := dial(t, h).Do(t.Context(), tt.op, backend.Progress{Bytes: func(done, _ int64) {
			if done > 1<<20 {
				h.Drop()
			}
		}})
		if backend.ClassOf(err) != tt.want {
			t.Errorf("%s: %v, want %s", tt.op.Title(), err, tt.want)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("the download left %v behind", left)
	}
	for _, o := range list(t, dial(t, h), backend.Query{Kind: backend.KindVolume, Parent: pool}) {
		if o.Title() == "part" {
			t.Error("the import left its part behind")
		}
	}
}

// TestVolumesAreBounded: no upload makes the process grow without end.
func TestVolumesAreBounded(t *testing.T) {
	_, b, pool, file := storage(t, 48<<20)
	var err error
	var kept []backend.Ref
	for i := 0; i < 8 && err == nil; i++ {
		var r backend.Result
		r, err = b.Do(t.Context(), backend.VolumeImportOp{Pool: pool, Name: strings.Repeat("x", i+1), File: file}, backend.Progress{})
		if err == nil {
			kept = append(kept, r.Created)
		}
	}
	if err == nil || !strings.Contains(err.Error(), "No space left on device") {
		t.Fatalf("8 files of 48 MiB: %v", err)
	}
	if got := len(list(t, b, backend.Query{Kind: backend.KindVolume, Parent: pool})); got != len(kept) {
		t.Errorf("%d volumes, want %d: the one that did not fit has to be gone", got, len(kept))
	}
	do(t, b, backend.VolumeDeleteOp{Volume: kept[0]})
	made(t, b, backend.VolumeImportOp{Pool: pool, Name: "again", File: file})
}

// TestFormatsAreProbed: an uploaded image is what its first bytes say.
func TestFormatsAreProbed(t *testing.T) {
	_, b, pool, _ := storage(t, 16)
	src := made(t, b, backend.VolumeCreateOp{Pool: pool, Name: "src", Format: "qcow2", Capacity: 5 << 30})
	file := filepath.Join(t.TempDir(), "image")
	do(t, b, backend.VolumeDownloadOp{Volume: src, File: file})
	made(t, b, backend.VolumeImportOp{Pool: pool, Name: "dst", File: file})
	if v := one[*backend.Volume](t, b, backend.KindVolume, "dst"); v.Format != "qcow2" || v.Capacity != 5<<30 {
		t.Errorf("the image came back as %+v", v)
	}
}

func TestSuspendIsRecordedOnly(t *testing.T) {
	h := mem.New(mem.Config{})
	b := dial(t, h)
	op := backend.NodeSuspendOp{Host: list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref(), To: "mem", For: time.Hour}
	do(t, b, op)
	if got := h.Suspended(); len(got) != 1 || got[0] != op {
		t.Errorf("recorded %v", got)
	}
	list(t, b, backend.Query{Kind: backend.KindVM})
}

func TestKeysAreRecorded(t *testing.T) {
	h := mem.New(mem.Config{Specs: []mem.VMSpec{{Name: "v", State: backend.PowerOn}}})
	do(t, dial(t, h), backend.VMSendKeyOp{VM: h.VM("v"), Keys: "ctrl+alt+delete"})
	if got := h.Pressed(h.VM("v")); len(got) != 1 || got[0] != "ctrl+alt+delete" {
		t.Errorf("pressed %v", got)
	}
}

// TestMigration refuses hosts that are not there, and leaves the VM when it is cancelled.
func TestMigration(t *testing.T) {
	spec := mem.VMSpec{Name: "v", State: backend.PowerOn}
	from, to := mem.New(mem.Config{ID: "from", Specs: []mem.VMSpec{spec}, OpTime: 20 * time.Millisecond}), mem.New(mem.Config{ID: "to"})
	b, there := dial(t, from), dial(t, to)
	op := backend.VMMigrateOp{VM: from.VM("v"), To: list(t, there, backend.Query{Kind: backend.KindHost})[0].Ref(), Live: true, Persist: true, Undefine: true, CopyStorage: true}
	if _, err := b.Do(t.Context(), op, backend.Progress{}); err == nil || !strings.Contains(err.Error(), "unable to connect") {
		t.Fatalf("to a host that nobody joined: %v", err)
	}
	mem.Join(from, to)
	wrong := op
	wrong.URI = "mem:///elsewhere"
	if _, err := b.Do(t.Context(), wrong, backend.Progress{}); err == nil {
		t.Error("went to another URI")
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := b.Do(ctx, op, backend.Progress{Bytes: func(int64, int64) { cancel() }})
	if backend.ClassOf(err) != backend.ClassCancelled || from.VM("v").IsZero() || !to.VM("v").IsZero() {
		t.Fatalf("cancelled: %v, at home: %v", err, !from.VM("v").IsZero())
	}
	do(t, b, op)
	if !from.VM("v").IsZero() || to.VM("v").IsZero() {
		t.Error("the VM did not move")
	}
}

// TestBadXMLSaysWhere: an editor is put back where the mistake is.
func TestBadXMLSaysWhere(t *testing.T) {
	b := dial(t, mem.New(mem.Config{}))
	host := list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref()
	_, err := b.Do(t.Context(), backend.DefineOp{Kind: backend.KindVM, Under: host, XML: "<domain>\n  <name>x</nme>\n</domain>"}, backend.Progress{})
	var e *backend.Error
	if !errors.As(err, &e) || e.Class != backend.ClassInvalid || e.Code != "35" || !strings.Contains(e.Message, ":2:") || !strings.Contains(e.Message, "<name>x</nme>") {
		t.Errorf("the error is %+v", err)
	}
}

// TestEditsKeepWhatIsNotKnown: parts of a definition that nobody here understands stay.
func TestEditsKeepWhatIsNotKnown(t *testing.T) {
	h := mem.New(mem.Config{Specs: []mem.VMSpec{{Name: "v", State: backend.PowerOff}}})
	b := dial(t, h)
	definer, _ := backend.As[backend.Definer](b)
	text, err := definer.Definition(t.Context(), h.VM("v"))
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(text, "</devices>", "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng></devices>", 1)
	do(t, b, backend.DefineOp{Kind: backend.KindVM, Object: h.VM("v"), XML: text})
	do(t, b, backend.VMResourcesOp{VM: h.VM("v"), VCPUs: 1})
	again, err := definer.Definition(t.Context(), h.VM("v"))
	if err != nil || !strings.Contains(again, "/dev/urandom") {
		t.Errorf("after an edit: %v\n%s", err, again)
	}
}
