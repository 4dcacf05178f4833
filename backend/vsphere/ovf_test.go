package vsphere_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/ovf"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// ovfLab is a simulator with a connection, and where things go in it.
type ovfLab struct {
	t    *testing.T
	s    *vcsim.Server
	b    backend.Backend
	host backend.Ref
	ds   backend.Ref
	net  backend.Ref
	dir  string
}

// Simulators are made one after the other, since they share state of the library while they
// are made: t.Parallel comes behind.
func newOVFLab(t *testing.T, o vcsim.Options, opts ...func(*vsphere.Options)) *ovfLab {
	t.Helper()
	if o.VMs == 0 {
		o.VMs = 1
	}
	s := sim(t, o)
	do := vsphere.Options{URL: s.URL()}
	for _, set := range opts {
		set(&do)
	}
	l := &ovfLab{t: t, s: s, b: dial(t, do), dir: t.TempDir()}
	l.host = list(t, l.b, backend.Query{Kind: backend.KindHost})[0].Ref()
	l.ds = list(t, l.b, backend.Query{Kind: backend.KindPool})[0].Ref()
	l.net = list(t, l.b, backend.Query{Kind: backend.KindNetwork})[0].Ref()
	return l
}

// op is an import of a sample that nothing speaks against.
func (l *ovfLab) op(source string) backend.OVFImportOp {
	return backend.OVFImportOp{
		Under: l.host, Source: source, Name: "made", Datastore: l.ds, EULA: true,
		Networks: []backend.OVFNetwork{{Name: "net-a", Network: l.net}},
	}
}

func (l *ovfLab) ova(s backendtest.OVFSample) string {
	l.t.Helper()
	name, err := s.WriteOVA(l.dir)
	if err != nil {
		l.t.Fatal(err)
	}
	return name
}

func (l *ovfLab) ovf(s backendtest.OVFSample) string {
	l.t.Helper()
	name, err := s.WriteOVF(l.dir)
	if err != nil {
		l.t.Fatal(err)
	}
	return name
}

// vms counts the VMs at the server.
func (l *ovfLab) vms() int { return len(l.s.Model().Map().All("VirtualMachine")) }

// lastLease asserts that all leases have ended once, and gives the last.
func (l *ovfLab) lastLease(want int) vcsim.Lease {
	l.t.Helper()
	all := l.s.Leases()
	if len(all) != want {
		l.t.Fatalf("%d leases, want %d", len(all), want)
	}
	for _, one := range all {
		if one.Ends() != 1 && (!one.TimedOut || one.Completes > 0) {
			l.t.Errorf("lease %s was ended %d times: %+v", one.ID, one.Ends(), one)
		}
	}
	return all[len(all)-1]
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func sample(name string, disks ...[]byte) backendtest.OVFSample {
	return backendtest.OVFSample{Name: name, Disks: disks}
}

// TestOVFImport sends packages of every form, and holds the bytes at the server against
// those in the package.
func TestOVFImport(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	one, two := backendtest.Noise(700_001, 1), backendtest.Noise(65_536, 2)
	files := httptest.NewServer(http.FileServer(http.Dir(l.dir)))
	defer files.Close()
	plain := sample("plain", one, two)
	chunked, packed, old, new := sample("chunked", one, two), sample("packed", one, two), sample("old", one, two), sample("new", one, two)
	chunked.Chunk, packed.Gzip, old.Digest, new.Digest = 100_000, true, "SHA1", "SHA512"
	both := sample("both", one, two)
	both.Gzip, both.Chunk = true, 50_000
	for name, source := range map[string]string{
		"ovf": l.ovf(plain), "ova": l.ova(plain), "chunked": l.ova(chunked), "gzip": l.ovf(packed), "sha1": l.ova(old), "sha512": l.ovf(new),
		"chunked gzip": l.ovf(both), "url ovf": files.URL + "/plain.ovf", "url ova": files.URL + "/plain.ova",
	} {
		op := l.op(source)
		op.Name = name
		var moved, total int64
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		res, err := l.b.Do(ctx, op, backend.Progress{Bytes: func(done, all int64) {
			if done < moved {
				t.Errorf("%s: %d bytes after %d", name, done, moved)
			}
			moved, total = done, all
		}})
		cancel()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		size := int64(len(one) + len(two)) // checked and uploaded
		packed := strings.Contains(name, "gzip")
		if !packed && moved != 2*size || packed && moved <= size || total != 0 && total != moved || !strings.Contains(res.Text, "checksums of the manifest are right") {
			t.Errorf("%s: %d of %d bytes, %q", name, moved, total, res.Text)
		}
		vm := again(t, l.b, res.Created)
		if vm.Name != name || vm.VCPUs != 2 || vm.Memory != 256<<20 {
			t.Errorf("%s: %+v", name, vm)
		}
		got := l.s.Leases()[len(l.s.Leases())-1]
		if len(got.Files) != 2 || got.Files[0].SHA256 != digest(one) || got.Files[1].SHA256 != digest(two) || got.Completes != 1 || got.Files[0].Method != http.MethodPost {
			t.Errorf("%s: %+v", name, got)
		}
	}
	l.lastLease(9)
}

// TestOVFChoices imports with every choice.
func TestOVFChoices(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	s := sample("s", backendtest.Noise(1000, 1))
	s.EULA, s.Property, s.Option = true, true, true
	op := l.op(l.ova(s))
	op.Option, op.PowerOn, op.Provisioning = "large", true, "eagerZeroedThick"
	op.Properties = []backend.OVFValue{{Key: "app.port", Value: "8080"}, {Key: "app.pass", Secret: backend.Hide([]byte("open sesame"))}}
	op.Under = list(t, l.b, backend.Query{Kind: backend.KindCluster})[0].Ref()
	res := mustDo(t, l.b, op)
	vm := again(t, l.b, res.Created)
	if vm.VCPUs != 4 || vm.State != backend.PowerOn {
		t.Errorf("%+v", vm)
	}
	made := l.s.Model().Map().Get(l.lastLease(1).Entity).(*simulator.VirtualMachine)
	values := map[string]string{}
	for _, p := range made.Config.VAppConfig.GetVmConfigInfo().Property {
		values[p.Id] = p.Value
	}
	if values["port"] != "8080" || values["pass"] != "open sesame" {
		t.Errorf("%v", values)
	}
	for _, pool := range list(t, l.b, backend.Query{Kind: backend.KindResourcePool}) {
		op.Under, op.PowerOn, op.Name = pool.Ref(), false, "in a pool"
		mustDo(t, l.b, op)
		break
	}
}

// TestOVFHostsOfTheirOwn uploads to hosts with certificates of their own, and to "*".
func TestOVFHostsOfTheirOwn(t *testing.T) {
	cert, err := vcsim.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	disk := backendtest.Noise(100_000, 1)
	known := func(o *vsphere.Options) { o.KnownHosts = filepath.Join(t.TempDir(), "known") }
	for name, c := range map[string]struct {
		nfc  vcsim.NFC
		esx  bool
		fail bool
	}{
		"star":                 {nfc: vcsim.NFC{Star: true}},
		"a single host":        {esx: true},
		"hosts":                {nfc: vcsim.NFC{Apart: true}},
		"hosts nobody vouched": {nfc: vcsim.NFC{Apart: true, Lame: true}, fail: true},
		"the server itself":    {nfc: vcsim.NFC{Lame: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := sim(t, vcsim.Options{VMs: 1, Certificate: cert, NFC: c.nfc, ESX: c.esx})
			o := vsphere.Options{URL: s.URL()}
			known(&o)
			b, err := tryDial(t, o, &operator{trust: "trust"})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = b.Close() }()
			l := &ovfLab{t: t, s: s, b: b, dir: t.TempDir()}
			l.host = list(t, b, backend.Query{Kind: backend.KindHost})[0].Ref()
			l.ds = list(t, b, backend.Query{Kind: backend.KindPool})[0].Ref()
			l.net = list(t, b, backend.Query{Kind: backend.KindNetwork})[0].Ref()
			before := l.vms()
			_, err = do(t, b, l.op(l.ova(sample("s", disk))))
			if c.fail {
				if backend.ClassOf(err) != backend.ClassUntrusted || l.vms() != before {
					t.Errorf("%v, %d VMs", err, l.vms()-before)
				}
				l.lastLease(1)
				return
			}
			if err != nil || l.lastLease(1).Files[0].SHA256 != digest(disk) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestOVFRefused: what is known beforehand is refused before a lease begins.
func TestOVFRefused(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	s := sample("s", backendtest.Noise(50_000, 1))
	s.EULA, s.Property, s.Option = true, true, true
	wrong, strange, bare := s, s, s
	wrong.Wrong, wrong.Name = true, "wrong"
	strange.Strange, strange.Name = true, "strange"
	bare.Digest, bare.Name = "none", "bare"
	good := l.ova(s)
	before := l.vms()
	for name, c := range map[string]struct {
		change func(*backend.OVFImportOp)
		says   string
	}{
		"manifest":     {func(o *backend.OVFImportOp) { o.Source = l.ova(wrong) }, "wrong-disk0.vmdk"},
		"flat":         {func(o *backend.OVFImportOp) { o.Source = l.ovf(wrong) }, "wrong-disk0.vmdk"},
		"no manifest":  {func(o *backend.OVFImportOp) { o.Source = l.ova(bare) }, "no manifest"},
		"hardware":     {func(o *backend.OVFImportOp) { o.Source = l.ova(strange) }, "Tape"},
		"licence":      {func(o *backend.OVFImportOp) { o.EULA = false }, "licence"},
		"network":      {func(o *backend.OVFImportOp) { o.Networks = nil }, "net-a"},
		"no network":   {func(o *backend.OVFImportOp) { o.Networks = append(o.Networks, backend.OVFNetwork{Name: "x"}) }, `"x"`},
		"value":        {func(o *backend.OVFImportOp) { o.Properties = []backend.OVFValue{{Key: "app.port", Value: "70000"}} }, "Port"},
		"fixed":        {func(o *backend.OVFImportOp) { o.Properties = []backend.OVFValue{{Key: "app.fixed", Value: "y"}} }, "app.fixed"},
		"no property":  {func(o *backend.OVFImportOp) { o.Properties = []backend.OVFValue{{Key: "nope", Value: "y"}} }, "nope"},
		"option":       {func(o *backend.OVFImportOp) { o.Option = "huge" }, "huge"},
		"provisioning": {func(o *backend.OVFImportOp) { o.Provisioning = "cheese" }, "cheese"},
		"name":         {func(o *backend.OVFImportOp) { o.Name = "" }, "name"},
		"datastore":    {func(o *backend.OVFImportOp) { o.Datastore = backend.Ref{} }, "datastore"},
		"place":        {func(o *backend.OVFImportOp) { o.Under = l.ds }, "resource pool"},
	} {
		op := l.op(good)
		c.change(&op)
		_, err := do(t, l.b, op)
		if backend.ClassOf(err) != backend.ClassInvalid || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v (%v)", name, err, backend.ClassOf(err))
		}
	}
	op := l.op(filepath.Join(l.dir, "missing.ova"))
	if _, err := do(t, l.b, op); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("a missing file: %v", err)
	}
	l.lastLeases(0)
	if l.vms() != before {
		t.Errorf("%d VMs were left", l.vms()-before)
	}
	op = l.op(l.ova(bare))
	op.NoManifest = true
	if res := mustDo(t, l.b, op); !strings.Contains(res.Text, "no manifest") {
		t.Errorf("%q", res.Text)
	}
	if _, err := do(t, l.b, op); err == nil || !strings.Contains(err.Error(), "import OVF as made") {
		t.Errorf("a name that is taken: %v", err)
	}
	if l.vms() != before+1 {
		t.Errorf("%d VMs", l.vms()-before)
	}
}

func (l *ovfLab) lastLeases(want int) {
	l.t.Helper()
	if n := len(l.s.Leases()); n != want {
		l.t.Errorf("%d leases, want %d", n, want)
	}
}

// TestOVFRoundTrip exports what was imported, in both forms, reads the package by itself,
// and imports it again.
func TestOVFRoundTrip(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	disks := [][]byte{backendtest.Noise(300_000, 1), backendtest.Noise(70_000, 2)}
	vm := mustDo(t, l.b, l.op(l.ova(sample("s", disks...)))).Created
	for _, file := range []string{"out.ovf", "out.ova", "sha1.ova", "sha512.ovf", "none.ova"} {
		op := backend.OVFExportOp{Object: vm, File: filepath.Join(l.dir, file), Description: "taken\n<away>", Name: "other"}
		if kind := strings.ToUpper(strings.TrimSuffix(file, filepath.Ext(file))); strings.HasPrefix(kind, "SHA") {
			op.Digest = kind
		} else if kind == "NONE" {
			op.Digest = "none"
		}
		res := mustDo(t, l.b, op)
		if op.Digest != "SHA512" && op.Digest != "none" && !strings.Contains(res.Text, "the server's own checksums are the same") {
			t.Errorf("%s: %q", file, res.Text)
		}
		l.readBack(op, disks)
		again := l.op(op.File)
		again.Name = "again-" + file
		again.NoManifest = true
		again.Networks = l.mapped(op.File)
		mustDo(t, l.b, again)
		got := l.s.Leases()[len(l.s.Leases())-1]
		if len(got.Files) != 2 || got.Files[0].SHA256 != digest(disks[0]) || got.Files[1].SHA256 != digest(disks[1]) {
			t.Errorf("%s: %+v", file, got)
		}
		if _, err := do(t, l.b, op); backend.ClassOf(err) != backend.ClassConflict {
			t.Errorf("%s: exported over itself: %v", file, err)
		}
		op.Overwrite = true
		mustDo(t, l.b, op)
	}
	l.lastLease(16)
}

// mapped maps all networks of a package.
func (l *ovfLab) mapped(file string) []backend.OVFNetwork {
	l.t.Helper()
	p, err := ovf.Open(l.t.Context(), file, ovf.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	var all []backend.OVFNetwork
	for _, n := range p.Descriptor.Networks {
		all = append(all, backend.OVFNetwork{Name: n.Name, Network: l.net})
	}
	return all
}

// readBack holds a package against what it was made of.
func (l *ovfLab) readBack(op backend.OVFExportOp, disks [][]byte) {
	l.t.Helper()
	p, err := ovf.Open(l.t.Context(), op.File, ovf.Options{})
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if errs := p.Descriptor.Errors(); len(errs) > 0 || p.Descriptor.Name != "other" || p.Descriptor.Annotation != op.Description {
		l.t.Errorf("%s: %v, %q %q", op.File, errs, p.Descriptor.Name, p.Descriptor.Annotation)
	}
	if err := p.Verify(l.t.Context(), nil); err != nil || (p.Manifest == nil) != (op.Digest == "none") {
		l.t.Errorf("%s: %v", op.File, err)
	}
	if len(p.Descriptor.Files) != len(disks) || p.Descriptor.Systems[0].CPUs != 2 {
		l.t.Fatalf("%s: %+v", op.File, p.Descriptor)
	}
	for i, f := range p.Descriptor.Files {
		r, size, err := p.OpenFile(l.t.Context(), f)
		if err != nil {
			l.t.Fatal(err)
		}
		var got bytes.Buffer
		_, err = got.ReadFrom(r)
		_ = r.Close()
		if err != nil || size != int64(len(disks[i])) || !bytes.Equal(got.Bytes(), disks[i]) {
			l.t.Errorf("%s: disk %d has %d bytes (%d), %v", op.File, i, got.Len(), size, err)
		}
	}
}

// TestOVFVApp imports two VMs at once, and exports them.
func TestOVFVApp(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	s := sample("app", backendtest.Noise(20_000, 1))
	s.Systems = 2
	before := l.vms()
	res := mustDo(t, l.b, l.op(l.ova(s)))
	if res.Created.Kind != backend.KindResourcePool || l.vms() != before+2 {
		t.Fatalf("%+v, %d VMs", res, l.vms()-before)
	}
	file := filepath.Join(l.dir, "app-out.ova")
	mustDo(t, l.b, backend.OVFExportOp{Object: res.Created, File: file})
	p, err := ovf.Open(t.Context(), file, ovf.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	if !p.Descriptor.Collection || len(p.Descriptor.Systems) != 2 || len(p.Descriptor.Files) != 2 {
		t.Errorf("%+v", p.Descriptor)
	}
	if err := p.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
	l.lastLease(2)
	op := l.op(l.ova(s))
	op.Name = "cut"
	l.s.Disturb(vcsim.Trouble{Status: http.StatusInternalServerError})
	if _, err := do(t, l.b, op); err == nil || l.vms() != before+2 {
		t.Errorf("%v, %d VMs", err, l.vms()-before)
	}
	pools := list(t, l.b, backend.Query{Kind: backend.KindResourcePool})
	_, err = do(t, l.b, backend.OVFExportOp{Object: pools[0].Ref(), File: filepath.Join(l.dir, "x.ova")})
	if backend.ClassOf(err) != backend.ClassInvalid {
		t.Errorf("a pool that is no vApp: %v", err)
	}
}

// TestOVFCheck asks beforehand; nothing is made.
func TestOVFCheck(t *testing.T) {
	l := newOVFLab(t, vcsim.Options{})
	t.Parallel()
	s := sample("s", backendtest.Noise(1000, 1))
	s.Property = true
	check := l.b.(backend.Checker)
	op := l.op(l.ova(s))
	got, err := check.Check(t.Context(), op)
	if err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	s.Strange, s.Name = true, "strange"
	op.Source, op.Networks = l.ova(s), nil
	got, err = check.Check(t.Context(), op)
	if err != nil || !finds(got, backend.SeverityError, "Tape") || !finds(got, backend.SeverityError, "net-a") {
		t.Errorf("%v %v", got, err)
	}
	vm := list(t, l.b, backend.Query{Kind: backend.KindVM})[0].Ref()
	out := backend.OVFExportOp{Object: vm, File: filepath.Join(l.dir, "x.ova")}
	if got, err = check.Check(t.Context(), out); err != nil || !finds(got, backend.SeverityError, "powered on") {
		t.Errorf("%v %v", got, err)
	}
	if _, err = do(t, l.b, out); backend.ClassOf(err) != backend.ClassConflict {
		t.Errorf("exported while it runs: %v", err)
	}
	mustDo(t, l.b, backend.PowerOffOp{VM: vm})
	if got, err = check.Check(t.Context(), out); err != nil || len(got) > 0 {
		t.Errorf("%v %v", got, err)
	}
	l.lastLeases(0)
	offers, err := l.b.(backend.OVFOptioner).OVFOptions(t.Context())
	if err != nil || len(offers.Import) == 0 || len(offers.Export) == 0 || offers.Import[0].Text == "" {
		t.Errorf("%+v %v", offers, err)
	}
	if left, _ := os.ReadDir(l.dir); len(left) != 2 {
		t.Errorf("the checks left %v", left)
	}
}

func finds(all []backend.Finding, s backend.Severity, text string) bool {
	for _, f := range all {
		if f.Severity == s && strings.Contains(f.Text, text) {
			return true
		}
	}
	return false
}
