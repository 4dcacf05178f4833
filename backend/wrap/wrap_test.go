package wrap

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

func open(t *testing.T) (*mem.Hypervisor, backend.Backend) {
	t.Helper()
	h := mem.New(mem.Config{ID: "kvm01", Specs: []mem.VMSpec{{Name: "web-01", State: backend.PowerOn}}})
	b, err := h.Dialer().Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return h, b
}

// reports collects what a Log complains of.
type reports struct {
	mu  sync.Mutex
	all []error
}

func (r *reports) take(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, err)
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func records(t *testing.T, path string) []Record {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var all []Record
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var r Record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("not a line of JSON: %q: %v", lines.Text(), err)
		}
		all = append(all, r)
	}
	return all
}

func TestReadOnlyRefusesEveryOperation(t *testing.T) {
	h, b := open(t)
	ro := ReadOnly(b)
	if !ro.Caps().ReadOnly || ro.Caps().Why(backend.VerbPowerOff) != "read-only connection" {
		t.Errorf("caps = %+v", ro.Caps())
	}
	if b.Caps().ReadOnly {
		t.Error("the inner backend was changed")
	}
	before := h.Calls(mem.CallDo)
	for _, op := range backend.Ops() {
		if _, err := ro.Do(t.Context(), op, backend.Progress{}); backend.ClassOf(err) != backend.ClassDenied {
			t.Errorf("%s: %v", op.Title(), err)
		}
	}
	if h.Calls(mem.CallDo) != before {
		t.Error("a refused operation reached the server")
	}
	if _, err := ro.Stats(t.Context(), nil); err != nil {
		t.Errorf("a read was refused: %v", err)
	}
}

func TestLayersAreTransparent(t *testing.T) {
	_, b := open(t)
	l := NewLog(filepath.Join(t.TempDir(), "audit.log"), func(err error) { t.Error(err) }, nil)
	defer closeLog(t, l)
	layered := Audit(ReadOnly(b), l, func(backend.Ref) string { return "" })
	m, ok := backend.As[backend.NodeMonitor](layered)
	if !ok {
		t.Fatal("the NodeMonitor of the driver is not found through the layers")
	}
	var host backend.Ref
	err := layered.List(t.Context(), backend.Query{Kind: backend.KindHost}, func(page []backend.Object) { host = page[0].Ref() })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Node(t.Context(), host); err != nil {
		t.Error(err)
	}
	if layered.ID() != "kvm01" || !layered.Caps().ReadOnly {
		t.Errorf("id %s, caps %+v", layered.ID(), layered.Caps())
	}
}

func TestAuditRecordsStartAndEnd(t *testing.T) {
	h, b := open(t)
	path := filepath.Join(t.TempDir(), "state", "audit.log")
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	vm := h.VM("web-01")
	names := func(r backend.Ref) string {
		if r == vm {
			return "web-01"
		}
		return ""
	}
	audited := Audit(b, l, names)
	create := backend.SnapshotCreateOp{VM: vm, Name: "base", Description: "evil\x1b[2J\u009b\u202e\U000e0041 ü", Memory: true}
	result, err := audited.Do(t.Context(), create, backend.Progress{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := audited.Do(t.Context(), create, backend.Progress{}); err == nil {
		t.Fatal("a duplicate was accepted")
	}
	revert := backend.SnapshotRevertOp{VM: vm, Snapshot: result.Created, After: backend.AfterPause}
	if _, err := audited.Do(t.Context(), revert, backend.Progress{}); err != nil {
		t.Fatal(err)
	}
	_, _ = Audit(ReadOnly(b), l, names).Do(t.Context(), backend.PowerOffOp{VM: vm}, backend.Progress{})
	closeLog(t, l)

	all := records(t, path)
	var results []string
	for i, r := range all {
		results = append(results, r.Result)
		if r.Conn != "kvm01" || r.Object != "web-01" || r.Ref != "VM/"+vm.ID || r.Time.IsZero() {
			t.Errorf("record %+v", r)
		}
		if i%2 == 1 && r.ID != all[i-1].ID {
			t.Errorf("start and end have the ids %s and %s", all[i-1].ID, r.ID)
		}
	}
	want := "started success started error started success started denied"
	if got := strings.Join(results, " "); got != want {
		t.Fatalf("results %q, want %q", got, want)
	}
	if all[1].Args["description"] != create.Description || all[1].Args["memory"] != true || all[1].Created != "snapshot/"+result.Created.ID {
		t.Errorf("create: %+v", all[1])
	}
	if !strings.Contains(all[3].Error, "already exists") {
		t.Errorf("failure: %+v", all[3])
	}
	if all[5].Args["after"] != "pause" || all[5].Args["snapshot"] == nil {
		t.Errorf("revert: %+v", all[5])
	}
	checkFile(t, path)
}

func checkFile(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range string(raw) {
		if r < 0x20 && r != '\n' || r == 0x9b || r == 0x202e || r == 0xe0041 {
			t.Errorf("the file holds %U as it is", r)
		}
	}
}

func TestLogAppendsAndTightensAFileThatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte("{\"id\":\"old\"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	l.write(Record{ID: "new"})
	closeLog(t, l)
	closeLog(t, l)
	l.write(Record{ID: "late"})
	all := records(t, path)
	if len(all) != 2 || all[0].ID != "old" || all[1].ID != "new" {
		t.Errorf("records %+v", all)
	}
	checkFile(t, path)
}

func TestUnwritableLogReportsOnceAndRecovers(t *testing.T) {
	h, b := open(t)
	dir := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.log") // the folder is a file
	var got reports
	l := NewLog(path, got.take, nil)
	audited := Audit(b, l, func(backend.Ref) string { return "web-01" })
	for _, op := range []backend.Op{backend.SuspendOp{VM: h.VM("web-01")}, backend.ResumeOp{VM: h.VM("web-01")}} {
		if _, err := audited.Do(t.Context(), op, backend.Progress{}); err != nil {
			t.Fatalf("an operation failed for want of a record: %v", err)
		}
	}
	closeLog(t, l)
	if len(got.all) != 2 || !strings.Contains(got.all[0].Error(), path) || !strings.Contains(got.all[1].Error(), "without 4 records") {
		t.Errorf("reported %v, want once, with the path, and at the end how many are missing", got.all)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	l = NewLog(path, got.take, nil)
	l.write(Record{ID: "again"})
	closeLog(t, l)
	if n := len(records(t, path)); n != 1 || len(got.all) != 2 {
		t.Errorf("%d records, reports %v", n, got.all)
	}
}

// What a full disk has swallowed is counted where it is missing, once there is room.
func TestTheGapIsCounted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "audit.log")
	told := make(chan error, 10)
	l := NewLog(path, func(err error) { told <- err }, nil)
	l.write(Record{ID: "lost"})
	<-told // it was tried
	l.write(Record{ID: "lost, too"})
	for len(l.queue) > 0 {
		time.Sleep(time.Millisecond)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	l.write(Record{ID: "kept"})
	if err := <-told; !strings.Contains(err.Error(), "written again") {
		t.Errorf("told %v", err)
	}
	closeLog(t, l)
	all := records(t, path)
	last := all[len(all)-1]
	if all[0].Result != resultGap || all[0].Lost < 1 || last.ID != "kept" || len(told) > 0 {
		t.Errorf("%+v, told %d more", all, len(told))
	}
}

func TestSlowDiskDropsAndReportsOnce(t *testing.T) {
	var got reports
	l := &Log{path: "x", report: got.take, queue: make(chan Record, 1), ended: make(chan struct{})}
	for range 3 {
		l.write(Record{}) // nobody takes them
	}
	if len(got.all) != 1 {
		t.Errorf("reported %v, want once", got.all)
	}
}

// loginOp has a secret, and panics when done.
type loginOp struct {
	VM       backend.Ref
	User     string
	Password string `audit:"secret"`
}

func (o loginOp) Target() backend.Ref { return o.VM }
func (loginOp) Verb() backend.Verb    { return "login" }
func (loginOp) Title() string         { return "log in" }

// panicking is a driver with a bug.
type panicking struct{ backend.Backend }

func (panicking) ID() backend.ConnID { return "c" }

func (panicking) Do(context.Context, backend.Op, backend.Progress) (backend.Result, error) {
	panic("bug")
}

func TestSecretsStayOutAndPanicsAreRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	func() {
		defer func() {
			if recover() != "bug" {
				t.Error("the panic was swallowed")
			}
		}()
		_, _ = Audit(panicking{}, l, func(backend.Ref) string { return "" }).Do(t.Context(), loginOp{User: "root", Password: "hunter2"}, backend.Progress{})
	}()
	closeLog(t, l)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "hunter2") || !strings.Contains(string(raw), `"user":"root"`) || !strings.Contains(string(raw), "(not recorded)") {
		t.Errorf("log: %s", raw)
	}
	if all := records(t, path); len(all) != 2 || all[1].Error != "internal error: bug" {
		t.Errorf("records %+v", all)
	}
}

func TestResultWords(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, "success"}, {errors.New("x"), "error"}, {context.Canceled, "cancelled"},
		{&backend.Error{Class: backend.ClassLost}, "unknown"}, {&backend.Error{Class: backend.ClassDenied}, "denied"},
	} {
		if got := resultWord(tt.err); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.want)
		}
	}
}

// definitions is a driver whose definitions hold a password.
type definitions struct{ backend.Backend }

const passworded = "<domain>\n<graphics passwd='hunter2'/>\n</domain>"

func (definitions) ID() backend.ConnID { return "c" }

func (definitions) Caps() backend.Caps { return backend.Caps{} }

func (definitions) Definition(context.Context, backend.Ref) (string, error) { return passworded, nil }

func (definitions) Template(context.Context, backend.Ref, backend.Kind) (string, error) {
	return "<domain/>", nil
}

func definitionOf(t *testing.T, b backend.Backend) string {
	t.Helper()
	d, ok := backend.As[backend.Definer](b)
	if !ok {
		t.Fatal("no Definer")
	}
	text, err := d.Definition(t.Context(), backend.Ref{Conn: "c", Kind: backend.KindVM, ID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	if template, err := d.Template(t.Context(), backend.Ref{}, backend.KindVM); err != nil || template != "<domain/>" {
		t.Errorf("%q %v", template, err)
	}
	return text
}

func TestDefinitionsAreRecordedAndMaskedForReaders(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	name := func(backend.Ref) string { return "web-01" }
	if got := definitionOf(t, Audit(definitions{}, l, name)); got != passworded {
		t.Errorf("the editor gets %q", got)
	}
	if got := definitionOf(t, Audit(ReadOnly(definitions{}), l, name)); strings.Contains(got, "hunter2") || strings.Count(got, "\n") != 2 {
		t.Errorf("a reader gets %q", got)
	}
	if _, ok := backend.As[backend.Definer](Audit(ReadOnly(panicking{}), l, name)); ok {
		t.Error("a layer claims a Definer that is not there")
	}
	closeLog(t, l)
	all := records(t, path)
	if len(all) != 4 || all[0].Operation != "read definition" || all[0].Object != "web-01" || all[1].Result != "success" {
		t.Errorf("records %+v", all)
	}
	if raw, _ := os.ReadFile(path); strings.Contains(string(raw), "hunter2") || strings.Contains(string(raw), "graphics") {
		t.Errorf("log: %s", raw)
	}
}

func TestTypedKeysAreNotRecorded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	l := NewLog(path, func(err error) { t.Error(err) }, nil)
	_, b := open(t)
	op := backend.VMSendKeyOp{VM: backend.Ref{Conn: "kvm01", Kind: backend.KindVM, ID: "none"}, Keys: "h u n t e r"}
	_, _ = Audit(ReadOnly(b), l, func(backend.Ref) string { return "" }).Do(t.Context(), op, backend.Progress{})
	closeLog(t, l)
	if raw, _ := os.ReadFile(path); strings.Contains(string(raw), "h u n t") || !strings.Contains(string(raw), `"keys":"(not recorded)"`) {
		t.Errorf("log: %s", raw)
	}
}
