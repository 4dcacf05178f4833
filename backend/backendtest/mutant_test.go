package backendtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

// mutant breaks one promise of the Backend inside; nil functions break none.
type mutant struct {
	backend.Backend
	list  func(backend.Query) backend.Query
	watch func(backend.Delta) bool
	do    func(context.Context, backend.Backend, backend.Op, backend.Progress) (backend.Result, error)
	close func() error
	stats func([]backend.Sample) []backend.Sample
}

func (m mutant) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	if m.list != nil {
		q = m.list(q)
	}
	return m.Backend.List(ctx, q, emit)
}

func (m mutant) Watch(ctx context.Context, emit func(backend.Delta)) error {
	return m.Backend.Watch(ctx, func(d backend.Delta) {
		if m.watch == nil || m.watch(d) {
			emit(d)
		}
	})
}

func (m mutant) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	if m.do != nil {
		return m.do(ctx, m.Backend, op, p)
	}
	return m.Backend.Do(ctx, op, p)
}

func (m mutant) Stats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	all, err := m.Backend.Stats(ctx, refs)
	if m.stats != nil {
		all = m.stats(all)
	}
	return all, err
}

func (m mutant) Close() error {
	if m.close != nil {
		return m.close()
	}
	return m.Backend.Close()
}

func succeed(context.Context, backend.Backend, backend.Op, backend.Progress) (backend.Result, error) {
	return backend.Result{}, nil
}

func plainErrors(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	result, err := b.Do(ctx, op, p)
	if err != nil {
		err = errors.New(err.Error())
	}
	return result, err
}

func wildProgress(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	p.Percent(200)
	return b.Do(ctx, op, p)
}

func deafToContext(_ context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	return b.Do(context.Background(), op, p)
}

// lieAbout says that an operation of this type was done, and does nothing.
func lieAbout[T backend.Op](ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	if _, ok := op.(T); ok {
		return backend.Result{}, nil
	}
	return b.Do(ctx, op, p)
}

func overwrites(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	if o, ok := op.(backend.VolumeDownloadOp); ok {
		o.Overwrite = true
		op = o
	}
	return b.Do(ctx, op, p)
}

func backwards(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	tell := p.Bytes
	p.Bytes = func(done, total int64) { tell(total-done, total) }
	return b.Do(ctx, op, p)
}

// keepsParts makes again what a cancelled import had made.
func keepsParts(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
	result, err := b.Do(ctx, op, p)
	if o, ok := op.(backend.VolumeImportOp); ok && err != nil {
		_, _ = b.Do(context.Background(), backend.VolumeCreateOp{Pool: o.Pool, Name: o.Name, Format: "raw", Capacity: 1}, backend.Progress{})
	}
	return result, err
}

func noWatcher(d backend.Delta) bool { _, initial := d.(backend.Replace); return initial }

// TestSuiteFindsBrokenPromises runs cases on backends that break one promise each.
func TestSuiteFindsBrokenPromises(t *testing.T) {
	tests := []struct {
		name, caseName, want string
		m                    mutant
	}{
		{"sound", "power/on", "", mutant{}},
		{"refs ignored", "list/refs", "narrowed to one VM", mutant{list: func(q backend.Query) backend.Query { q.Refs = nil; return q }}},
		{"parent ignored", "list/unknown-parent", "want: [not found]", mutant{list: func(q backend.Query) backend.Query { q.Parent = backend.Ref{}; return q }}},
		{"changes not told", "watch/change", "in vain until the watcher sees it run", mutant{watch: noWatcher}},
		{"kinds not sent", "watch/initial", "in vain until the watcher is up to date", mutant{watch: func(backend.Delta) bool { return false }}},
		{"nothing done", "snapshot/create-off", "not in the tree", mutant{do: succeed}},
		{"wrong state accepted", "power/reset", "succeeded, want: [conflict]", mutant{do: succeed}},
		{"errors without a class", "power/off", "want a *backend.Error", mutant{do: plainErrors}},
		{"progress out of range", "power/on", "progress 200", mutant{do: wildProgress}},
		{"context ignored", "context/operations", "with an ended context: succeeded", mutant{do: deafToContext}},
		{"slash accepted", "snapshot/slash-in-name", "succeeded, want: [invalid]", mutant{do: succeed}},
		{"unknown VM accepted", "ops/unknown-vm", "succeeded, want: [not found]", mutant{do: succeed}},
		{"alive after close", "close/after", "succeeded, want: [unreachable]", mutant{close: func() error { return nil }}},
		{"negative figures", "stats/all", "is -1", mutant{stats: func(all []backend.Sample) []backend.Sample { all[0].CPU = -1; return all }}},
		{"pool not made", "pool/new", "is not listed", mutant{do: succeed}},
		{"used volume deleted", "volume/delete-used", "succeeded, want: [conflict busy]", mutant{do: lieAbout[backend.VolumeDeleteOp]}},
		{"name with a slash taken", "life/new-refused", "succeeded, want: [invalid]", mutant{do: lieAbout[backend.VMNewOp]}},
		{"bytes changed", "transfer/upload", "lacks the SHA-256", mutant{do: lieAbout[backend.VolumeUploadOp]}},
		{"file overwritten", "transfer/download-exists", "a refused download overwrote", mutant{do: overwrites}},
		{"bytes go backwards", "transfer/import", "bytes are told after", mutant{do: backwards}},
		{"part left behind", "transfer/import-cancel", "there is still a volume", mutant{do: keepsParts}},
		{"short sleep", "host/suspend-refused", "succeeded, want: [invalid]", mutant{do: lieAbout[backend.NodeSuspendOp]}},
		{"running pool undefined", "pool/undefine", "succeeded, want: [conflict]", mutant{do: lieAbout[backend.UndefineOp]}},
		{"new pools not told", "pool/watched", "in vain until the watcher sees the new pool", mutant{watch: noWatcher}},
		{"no node figures", "node/sample", "has no NodeMonitor", mutant{}},
		{"no read-only", "read-only", "no read-only connection", mutant{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := play(t, tt.m, tt.caseName)
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("%s failed with %q, want %q", tt.caseName, got, tt.want)
			}
		})
	}
}

// play runs one case on a mutant and gives its failures.
func play(t *testing.T, m mutant, name string) string {
	t.Helper()
	all := cases()
	i := slices.IndexFunc(all, func(c testCase) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("no case %q", name)
	}
	h := mem.New(mem.Config{Specs: []mem.VMSpec{
		{Name: "on", State: backend.PowerOn}, {Name: "off", State: backend.PowerOff},
	}})
	r := &run{t: t, Target: Target{
		Running: "on", Off: "off", Patience: 300 * time.Millisecond, PoolDir: "/var/lib/libvirt",
		Open: func(t *testing.T) backend.Backend {
			t.Helper()
			b, err := h.Dialer().Dial(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			m.Backend = b
			return m
		},
	}}
	r.play(all[i])
	return r.failures()
}

func TestListOfMissingCannotRot(t *testing.T) {
	tests := []struct {
		name    string
		missing map[string]string
		failed  []string
		wrong   string
	}{
		{"works", nil, nil, ""},
		{"fails", nil, []string{"boom"}, "boom"},
		{"missing as listed", map[string]string{"c": "not supported"}, []string{"x: not supported here"}, ""},
		{"missing in another way", map[string]string{"c": "not supported"}, []string{"boom"}, "but it failed with: boom"},
		{"missing without a reason", map[string]string{"c": ""}, []string{"boom"}, "but it failed with: boom"},
		{"not missing any more", map[string]string{"c": "not supported"}, nil, "take it off the list"},
	}
	for _, tt := range tests {
		r := &run{Target: Target{Missing: tt.missing}, fail: tt.failed}
		wrong, note := r.verdict("c")
		if (wrong == "") != (tt.wrong == "") || !strings.Contains(wrong, tt.wrong) {
			t.Errorf("%s: %q, want %q", tt.name, wrong, tt.wrong)
		}
		if (note != "") != (tt.missing != nil && tt.wrong == "") {
			t.Errorf("%s: note %q", tt.name, note)
		}
	}
}
