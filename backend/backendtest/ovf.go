package backendtest

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hvdeck/backend"
)

func ovfCases() []testCase {
	in, out := []backend.Op{backend.OVFImportOp{}}, []backend.Op{backend.OVFExportOp{}}
	return []testCase{
		{name: "ovf/import", ops: in, run: ovfImport},
		{name: "ovf/import-refused", ops: in, run: ovfImportRefused},
		{name: "ovf/import-cancel", ops: in, run: ovfImportCancel},
		{name: "ovf/export", ops: out, run: ovfExport},
		{name: "ovf/export-refused", ops: out, run: ovfExportRefused},
	}
}

const ovfName = prefix + "ovf"

// ovfSample is a package with everything that an import asks for.
func ovfSample() OVFSample {
	return OVFSample{
		Name: "sample", Disks: [][]byte{Noise(300_000, 1), Noise(70_001, 2)}, Digest: "SHA256", EULA: true, Property: true, Option: true,
	}
}

// archive writes a package as an OVA.
func (r *run) archive(s OVFSample) string {
	name, err := s.WriteOVA(r.t.TempDir())
	if err != nil {
		r.fatalf("write a package: %v", err)
	}
	return name
}

// anyOf is the first object of a kind.
func (r *run) anyOf(k backend.Kind) backend.Ref {
	all := r.list(backend.Query{Kind: k})
	if len(all) == 0 {
		r.fatalf("there is no %s", k)
	}
	return all[0].Ref()
}

// ovfOp is an import that nothing speaks against; its VM goes with the case.
func (r *run) ovfOp(source string) backend.OVFImportOp {
	r.dropWithDisks(ovfName)
	r.later(func() { r.dropWithDisks(ovfName) })
	return backend.OVFImportOp{
		Under: r.hostRef(), Source: source, Name: ovfName, Datastore: r.anyOf(backend.KindPool), EULA: true, Option: "large",
		Networks:   []backend.OVFNetwork{{Name: "net-a", Network: r.anyOf(backend.KindNetwork)}},
		Properties: []backend.OVFValue{{Key: "app.port", Value: "8080"}, {Key: "app.pass", Secret: backend.Hide([]byte("sesame"))}},
	}
}

// dropWithDisks removes a VM of the suite and its disks, if it exists.
func (r *run) dropWithDisks(name string) {
	vm, ok := r.named(backend.KindVM, backend.Ref{}, name).(*backend.VM)
	if !ok {
		return
	}
	if !isOff(vm.State) {
		r.quietly(backend.PowerOffOp{VM: vm.ID})
	}
	var disks []string
	if d := r.detail(vm.ID); d.VM != nil {
		for _, disk := range d.VM.Disks {
			disks = append(disks, disk.Label)
		}
	}
	r.quietly(backend.VMUndefineOp{VM: vm.ID, Disks: disks})
	r.absent(backend.KindVM, backend.Ref{}, name)
}

// transferred runs an import or export, and holds its progress to the contract.
func (r *run) transferred(op backend.Op, bytes int64) backend.Result {
	ctx, cancel := r.ctx()
	defer cancel()
	p := &progress{run: r, what: op.Title()}
	res, err := r.b.Do(ctx, op, p.callbacks())
	p.end()
	if err != nil {
		r.contractual(op.Title(), err)
		r.fatalf("%s: %v", op.Title(), err)
	}
	most := bytes
	if _, checked := op.(backend.OVFImportOp); checked {
		most *= 2 // what is read for the check counts as well
	}
	if p.moved < bytes || p.moved > most+most/10 || p.total != 0 && p.moved != p.total {
		r.errorf("%s: the last progress was %d of %d bytes, want %d to %d", op.Title(), p.moved, p.total, bytes, most)
	}
	return res
}

func (s OVFSample) bytes() int64 {
	n := 0
	for _, d := range s.Disks {
		n += len(d)
	}
	return int64(n)
}

// ovfImport: the VM has the hardware of the descriptor and of the chosen option.
func ovfImport(r *run) {
	r.needs(backend.VerbOVFImport)
	s := ovfSample()
	op := r.ovfOp(r.archive(s))
	op.PowerOn = true
	made := r.transferred(op, s.bytes()).Created
	vm := byRef[*backend.VM](r, made, backend.Ref{})
	if vm.Name != ovfName || vm.VCPUs != 4 || vm.Memory != 256*mib || !isOn(vm.State) {
		r.errorf("the imported VM is %+v", vm)
	}
	r.hardware(made, 64*mib, 65*mib)
	r.refused(op, backend.ClassConflict)
	r.do(backend.PowerOffOp{VM: made})
}

// hardware asserts the capacities of a VM's disks, and a single NIC.
func (r *run) hardware(vm backend.Ref, capacities ...uint64) {
	d := r.detail(vm)
	if d.VM == nil {
		r.fatalf("no details of the VM")
	}
	var got []uint64
	for _, disk := range d.VM.Disks {
		if disk.Device == "disk" || disk.Capacity > 0 {
			got = append(got, disk.Capacity)
		}
	}
	if !slices.Equal(got, capacities) || len(d.VM.NICs) != 1 {
		r.errorf("the VM has disks of %v bytes and %d NICs, want %v and 1", got, len(d.VM.NICs), capacities)
	}
}

// ovfImportRefused: what is wrong is told before anything is made.
func ovfImportRefused(r *run) {
	r.needs(backend.VerbOVFImport)
	lying := ovfSample()
	lying.Wrong = true
	bare := ovfSample()
	bare.Digest = "none"
	good := r.archive(ovfSample())
	for name, change := range map[string]func(*backend.OVFImportOp){
		"a wrong manifest":   func(o *backend.OVFImportOp) { o.Source = r.archive(lying) },
		"no manifest":        func(o *backend.OVFImportOp) { o.Source = r.archive(bare) },
		"no licence":         func(o *backend.OVFImportOp) { o.EULA = false },
		"no network":         func(o *backend.OVFImportOp) { o.Networks = nil },
		"a bad value":        func(o *backend.OVFImportOp) { o.Properties[0].Value = "65536" },
		"a fixed property":   func(o *backend.OVFImportOp) { o.Properties[0].Key = "app.fixed" },
		"an unknown option":  func(o *backend.OVFImportOp) { o.Option = "huge" },
		"a bad provisioning": func(o *backend.OVFImportOp) { o.Provisioning = "thickest" },
		"no name":            func(o *backend.OVFImportOp) { o.Name = "" },
	} {
		op := r.ovfOp(good)
		change(&op)
		_, err := r.try(op)
		r.class("import with "+name, err, backend.ClassInvalid)
		r.absent(backend.KindVM, backend.Ref{}, ovfName)
	}
	op := r.ovfOp(good + ".missing")
	r.refused(op, backend.ClassNotFound)
	op.Source = good
	op.Datastore = r.unknown(backend.KindPool)
	r.refused(op, backend.ClassNotFound, backend.ClassInvalid)
	r.absent(backend.KindVM, backend.Ref{}, ovfName)
}

func ovfImportCancel(r *run) {
	r.needs(backend.VerbOVFImport)
	s := ovfSample()
	s.Disks = [][]byte{Noise(bigSize, 1)}
	if r.cancelled(r.ovfOp(r.archive(s))) {
		r.absent(backend.KindVM, backend.Ref{}, ovfName)
	}
}

// ovfExport: the disks come back as they were sent, and the package can be imported.
func ovfExport(r *run) {
	r.needs(backend.VerbOVFExport)
	s := ovfSample()
	vm := r.do(r.ovfOp(r.archive(s))).Created
	dir := r.t.TempDir()
	r.transferred(backend.OVFExportOp{Object: vm, File: filepath.Join(dir, "flat.ovf"), Digest: "SHA512"}, s.bytes())
	flat := map[string][]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.fatalf("read a folder: %v", err)
	}
	for _, e := range entries {
		flat[e.Name()] = r.bytesOf(filepath.Join(dir, e.Name()))
	}
	r.whole(s, flat, "flat.ovf", "flat.mf", "SHA512(")
	ova := filepath.Join(dir, "one.ova")
	op := backend.OVFExportOp{Object: vm, File: ova, Name: ovfName}
	r.transferred(op, s.bytes())
	r.whole(s, r.members(ova), "one.ovf", "one.mf", "SHA256(")
	r.refused(op, backend.ClassConflict)
	r.dropWithDisks(ovfName)
	in := r.ovfOp(ova)
	in.Option, in.Properties = "", nil
	in.Networks = r.networksIn(r.members(ova)["one.ovf"])
	made := r.do(in).Created
	if again := byRef[*backend.VM](r, made, backend.Ref{}); again.VCPUs != 4 || again.Memory != 256*mib {
		r.errorf("the VM that was exported and imported is %+v", again)
	}
	r.hardware(made, 64*mib, 65*mib)
}

// members are the files of an archive.
func (r *run) members(ova string) map[string][]byte {
	all := map[string][]byte{}
	t := tar.NewReader(bytes.NewReader(r.bytesOf(ova)))
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			r.fatalf("read an archive: %v", err)
		}
		if all[h.Name], err = io.ReadAll(t); err != nil {
			r.fatalf("read an archive: %v", err)
		}
	}
}

// whole asserts what a package holds: descriptor, manifest, and the disks.
func (r *run) whole(s OVFSample, files map[string][]byte, descriptor, manifest, digest string) {
	if !bytes.Contains(files[descriptor], []byte("Envelope")) || strings.Count(string(files[manifest]), digest) != len(s.Disks)+1 {
		r.errorf("%s and %s are %.200q and %q", descriptor, manifest, files[descriptor], files[manifest])
	}
	if len(files) != len(s.Disks)+2 {
		r.errorf("the package holds %d files, want %d", len(files), len(s.Disks)+2)
	}
	for i, disk := range s.Disks {
		found := false
		for name, content := range files {
			found = found || bytes.Equal(content, disk) && bytes.Contains(files[descriptor], []byte(`"`+name+`"`))
		}
		if !found {
			r.errorf("disk %d of the package is not as it was sent", i)
		}
	}
}

// networksIn maps every network that a descriptor names.
func (r *run) networksIn(descriptor []byte) []backend.OVFNetwork {
	var all []backend.OVFNetwork
	for _, part := range strings.Split(string(descriptor), "<Network ovf:name=\"")[1:] {
		name, _, _ := strings.Cut(part, `"`)
		all = append(all, backend.OVFNetwork{Name: name, Network: r.anyOf(backend.KindNetwork)})
	}
	return all
}

// ovfExportRefused: a VM that runs is not exported, and no file is overwritten unasked.
func ovfExportRefused(r *run) {
	r.needs(backend.VerbOVFExport)
	dir := r.t.TempDir()
	mine := filepath.Join(dir, "mine.ova")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		r.fatalf("write a file: %v", err)
	}
	r.refused(backend.OVFExportOp{Object: r.ensureOn(r.Running), File: filepath.Join(dir, "x.ova")}, backend.ClassConflict)
	off := r.ensureOff(r.Off)
	r.refused(backend.OVFExportOp{Object: off, File: mine}, backend.ClassConflict)
	r.refused(backend.OVFExportOp{Object: off, File: filepath.Join(dir, "x.zip")}, backend.ClassInvalid)
	r.refused(backend.OVFExportOp{Object: off}, backend.ClassInvalid)
	r.refused(backend.OVFExportOp{Object: off, File: filepath.Join(dir, "x.ova"), Digest: "MD5"}, backend.ClassInvalid)
	r.refused(backend.OVFExportOp{Object: r.unknown(backend.KindVM), File: filepath.Join(dir, "x.ova")}, backend.ClassNotFound)
	r.refused(backend.OVFExportOp{Object: off, File: filepath.Join(dir, "no", "x.ova")}, backend.ClassNotFound)
	if string(r.bytesOf(mine)) != "mine" {
		r.errorf("a refused export overwrote a file")
	}
	r.holds(dir, "mine.ova")
}
