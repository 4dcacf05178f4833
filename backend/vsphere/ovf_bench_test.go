package vsphere_test

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// benchSize is the size of the disk in bytes; HVDECK_BENCH_OVF_MIB sets another.
func benchSize(b *testing.B) int64 {
	mib := int64(512)
	if s := os.Getenv("HVDECK_BENCH_OVF_MIB"); s != "" {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		mib = n
	}
	return mib << 20
}

// peak samples the heap of this process while something runs.
func peak(run func()) (mib float64) {
	runtime.GC()
	stop, done := make(chan struct{}), make(chan uint64)
	go func() {
		var top uint64
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			top = max(top, m.HeapInuse)
			select {
			case <-stop:
				done <- top
				return
			case <-tick.C:
			}
		}
	}()
	run()
	close(stop)
	return float64(<-done) / (1 << 20)
}

// bigOVA is an archive with a disk of zeros that takes no room.
func bigOVA(b *testing.B, size int64) (name string, at int64, descriptor string) {
	b.Helper()
	s := backendtest.OVFSample{Name: "big", Disks: [][]byte{{}}, Digest: "none"}
	descriptor = strings.Replace(s.Descriptor(), `ovf:size="0"`, fmt.Sprintf(`ovf:size="%d"`, size), 1)
	name = filepath.Join(b.TempDir(), "big.ova")
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	zeros := sha256.New()
	block := make([]byte, 1<<20)
	for left := size; left > 0; left -= int64(len(block)) {
		_, _ = zeros.Write(block)
	}
	manifest := fmt.Sprintf("SHA256(big.ovf)= %x\nSHA256(big-disk0.vmdk)= %x\n", sha256.Sum256([]byte(descriptor)), zeros.Sum(nil))
	w := tar.NewWriter(f)
	for _, part := range [][2]string{{"big.ovf", descriptor}, {"big.mf", manifest}} {
		_ = w.WriteHeader(&tar.Header{Name: part[0], Mode: 0o644, Size: int64(len(part[1])), Format: tar.FormatUSTAR})
		_, _ = io.WriteString(w, part[1])
	}
	_ = w.WriteHeader(&tar.Header{Name: "big-disk0.vmdk", Mode: 0o644, Size: size, Format: tar.FormatUSTAR})
	at, err = f.Seek(0, io.SeekCurrent)
	if err != nil {
		b.Fatal(err)
	}
	if err := f.Truncate(at + size + 1024); err != nil { // sizes are multiples of a block
		b.Fatal(err)
	}
	return name, at, descriptor
}

// copier makes plain HTTP copies under leases of its own.
type copier struct {
	b    *testing.B
	c    *govmomi.Client
	http *http.Client
}

func newCopier(b *testing.B, address string) *copier {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	c, err := govmomi.NewClient(b.Context(), u, true)
	if err != nil {
		b.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	return &copier{b: b, c: c, http: &http.Client{Transport: tr}}
}

// put uploads a part of a file, and gives how long that took.
func (c *copier) put(file, descriptor, name string, at, size int64) time.Duration {
	b := c.b
	f := find.NewFinder(c.c.Client)
	dc, err := f.DefaultDatacenter(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	f.SetDatacenter(dc)
	folders, err := dc.Folders(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	pools, err := f.ResourcePoolList(b.Context(), "*/Resources")
	if err != nil {
		b.Fatal(err)
	}
	ds, err := f.DefaultDatastore(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	spec, err := methods.CreateImportSpec(b.Context(), c.c.Client, &types.CreateImportSpec{
		This: *c.c.ServiceContent.OvfManager, OvfDescriptor: descriptor, ResourcePool: pools[0].Reference(), Datastore: ds.Reference(),
		Cisp: &types.OvfCreateImportSpecParams{EntityName: name},
	})
	if err != nil {
		b.Fatal(err)
	}
	l, err := pools[0].ImportVApp(b.Context(), spec.Returnval.ImportSpec, folders.VmFolder, nil)
	if err != nil {
		b.Fatal(err)
	}
	info, err := l.Wait(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	in, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	began := time.Now()
	req, err := http.NewRequest(http.MethodPost, info.DeviceUrl[0].Url, io.NewSectionReader(in, at, size))
	if err != nil {
		b.Fatal(err)
	}
	req.ContentLength = size
	res, err := c.http.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	_ = res.Body.Close()
	took := time.Since(began)
	if err := l.Complete(b.Context()); err != nil || res.StatusCode != http.StatusCreated {
		b.Fatal(res.Status, err)
	}
	return took
}

// get downloads the disk of a VM into a file, and gives how long that took.
func (c *copier) get(path, file string) time.Duration {
	b := c.b
	vm, err := find.NewFinder(c.c.Client).VirtualMachine(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	l, err := vm.Export(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	info, err := l.Wait(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	began := time.Now()
	res, err := c.http.Get(info.DeviceUrl[0].Url)
	if err != nil {
		b.Fatal(err)
	}
	out, err := os.Create(file)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := io.Copy(out, res.Body); err != nil {
		b.Fatal(err)
	}
	_ = res.Body.Close()
	if err := out.Sync(); err != nil {
		b.Fatal(err)
	}
	_ = out.Close()
	took := time.Since(began)
	if err := l.Complete(b.Context()); err != nil {
		b.Fatal(err)
	}
	_ = os.Remove(file)
	return took
}

// govc runs the second actor for as long as moving a large disk takes.
func govc(b *testing.B, v *lab.Vcsim, args ...string) {
	b.Helper()
	if _, err := v.GovcWithin(5*time.Minute, args...); err != nil {
		b.Fatal(err)
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func rate(size int64, d time.Duration) float64 { return float64(size) / (1 << 20) / d.Seconds() }

// mustRun runs an operation as long as it takes, and gives when its first and last bytes
// moved.
func mustRun(b *testing.B, c backend.Backend, op backend.Op) (total, moving time.Duration) {
	b.Helper()
	var first time.Time
	began := time.Now()
	_, imports := op.(backend.OVFImportOp)
	_, err := c.Do(context.Background(), op, backend.Progress{Bytes: func(done, total int64) {
		if imports { // its first half is the check
			done -= total / 2
		}
		if first.IsZero() && done > 0 {
			first = time.Now()
		}
	}})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(began), time.Since(first)
}

// BenchmarkOVFImport compares an import of a large OVA with that of govc, with that and
// sha256sum, which is the same work, since govc checks nothing here, and with a plain HTTP
// copy of the same bytes, in turns. Both sides speak TLS, as real servers do.
func BenchmarkOVFImport(b *testing.B) {
	size := benchSize(b)
	v := lab.StartVcsim(b, "-vm", "1", "-tls", "-no-sums", "-keep", "-1", "-cluster", "0")
	conn := dial(b, vsphere.Options{URL: v.URL(), Insecure: true})
	plain := newCopier(b, v.URL())
	file, at, descriptor := bigOVA(b, size)
	op := backend.OVFImportOp{
		Under: list(b, conn, backend.Query{Kind: backend.KindHost})[0].Ref(), Source: file,
		Datastore: list(b, conn, backend.Query{Kind: backend.KindPool})[0].Ref(),
		Networks:  []backend.OVFNetwork{{Name: "net-a", Network: list(b, conn, backend.Query{Kind: backend.KindNetwork})[0].Ref()}},
	}
	n := 0
	for b.Loop() {
		var ours, moving, theirs, checked, alike, hashed, copies []time.Duration
		heap := 0.0
		for range 3 {
			n++
			op.Name = fmt.Sprintf("ours%d", n)
			heap = max(heap, peak(func() {
				all, sent := mustRun(b, conn, op)
				ours, moving = append(ours, all), append(moving, sent)
			}))
			began := time.Now()
			govc(b, v, "import.ova", "-name", fmt.Sprintf("govc%d", n), "-pool", "DC0_H0/Resources", file)
			theirs = append(theirs, time.Since(began))
			copies = append(copies, plain.put(file, descriptor, fmt.Sprintf("plain%d", n), at, size))
			sum := time.Now()
			sha256sum(b, file, at)
			checked = append(checked, time.Since(sum))
			alike = append(alike, theirs[len(theirs)-1]+checked[len(checked)-1])
			sum = time.Now()
			hashAll(b, file, at, size)
			hashed = append(hashed, theirs[len(theirs)-1]+time.Since(sum))
		}
		b.ReportMetric(rate(size, median(ours)), "MiB/s-whole")
		b.ReportMetric(rate(size, median(moving)), "MiB/s-upload")
		b.ReportMetric(rate(size, median(theirs)), "MiB/s-govc")
		b.ReportMetric(rate(size, median(copies)), "MiB/s-HTTP")
		b.ReportMetric(rate(size, median(checked)), "MiB/s-checksum")
		b.ReportMetric(median(theirs).Seconds()/median(moving).Seconds(), "upload/govc")
		b.ReportMetric(median(copies).Seconds()/median(moving).Seconds(), "upload/HTTP")
		b.ReportMetric(median(theirs).Seconds()/median(ours).Seconds(), "whole/govc")
		b.ReportMetric(median(alike).Seconds()/median(ours).Seconds(), "whole/govc+sha256sum")
		b.ReportMetric(median(hashed).Seconds()/median(ours).Seconds(), "whole/govc+hash")
		b.ReportMetric(median(copies).Seconds()/median(ours).Seconds(), "whole/HTTP")
		b.ReportMetric(heap, "MiB-heap")
	}
}

// sha256sum is the check of the manifest by another program, over the same bytes.
func sha256sum(b *testing.B, file string, at int64) {
	b.Helper()
	tool, err := exec.LookPath("sha256sum")
	if err != nil {
		b.Skip("sha256sum not found: ", err)
	}
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(at, io.SeekStart); err != nil { // two blocks of zeros follow the disk
		b.Fatal(err)
	}
	cmd := exec.CommandContext(b.Context(), tool)
	cmd.Stdin = f
	if out, err := cmd.CombinedOutput(); err != nil || len(out) < 64 {
		b.Fatalf("%v: %s", err, out)
	}
}

// hashAll is the same with a hash that uses the processor's own instructions, which some
// builds of sha256sum do not.
func hashAll(b *testing.B, file string, at, size int64) {
	b.Helper()
	f, err := os.Open(file)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := io.CopyBuffer(struct{ io.Writer }{sha256.New()}, io.NewSectionReader(f, at, size), make([]byte, 256<<10)); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkOVFExport compares an export to an OVA with govc's export and with a plain HTTP
// copy into a file, in turns.
func BenchmarkOVFExport(b *testing.B) {
	size := benchSize(b)
	v := lab.StartVcsim(b, "-vm", "1", "-tls", "-no-sums", "-disk-size", fmt.Sprint(size))
	v.Govc("vm.power", "-off", "DC0_H0_VM0")
	conn := dial(b, vsphere.Options{URL: v.URL(), Insecure: true})
	plain := newCopier(b, v.URL())
	var vm backend.Ref
	for _, o := range list(b, conn, backend.Query{Kind: backend.KindVM}) {
		if o.Title() == "DC0_H0_VM0" {
			vm = o.Ref()
		}
	}
	dir := b.TempDir()
	for b.Loop() {
		var ours, bare, theirs, copies []time.Duration
		heap := 0.0
		for range 3 {
			op := backend.OVFExportOp{Object: vm, File: filepath.Join(dir, "out.ova")}
			heap = max(heap, peak(func() {
				all, _ := mustRun(b, conn, op)
				ours = append(ours, all)
			}))
			_ = os.Remove(op.File)
			op.Digest = "none"
			all, _ := mustRun(b, conn, op)
			bare = append(bare, all)
			_ = os.Remove(op.File)
			began := time.Now()
			govc(b, v, "export.ovf", "-f", "-vm", "DC0_H0_VM0", dir)
			theirs = append(theirs, time.Since(began))
			_ = os.RemoveAll(filepath.Join(dir, "DC0_H0_VM0"))
			copies = append(copies, plain.get("/DC0/vm/DC0_H0_VM0", filepath.Join(dir, "plain")))
		}
		b.ReportMetric(rate(size, median(ours)), "MiB/s")
		b.ReportMetric(rate(size, median(bare)), "MiB/s-nosum")
		b.ReportMetric(rate(size, median(theirs)), "MiB/s-govc")
		b.ReportMetric(rate(size, median(copies)), "MiB/s-HTTP")
		b.ReportMetric(median(theirs).Seconds()/median(ours).Seconds(), "ours/govc")
		b.ReportMetric(median(copies).Seconds()/median(ours).Seconds(), "ours/HTTP")
		b.ReportMetric(median(copies).Seconds()/median(bare).Seconds(), "nosum/HTTP")
		b.ReportMetric(heap, "MiB-heap")
	}
}
