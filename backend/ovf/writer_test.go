package ovf

import (
	"archive/tar"
	"bytes"
	"crypto/sha1"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/ovf/importer"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

func listing(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// export writes a package with two files.
func export(t testing.TB, target string, o WriteOptions, more string) (descriptor []byte, err error) {
	t.Helper()
	w, err := Create(target, o)
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	a, b := diskBytes(3<<20+1), diskBytes(512)
	var elements []string
	for i, data := range [][]byte{a, b} {
		s, err := w.File(fmt.Sprintf("disk-%d.vmdk", i), bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		if s.Size != int64(len(data)) {
			t.Errorf("%s has %d bytes", s.Name, s.Size)
		}
		elements = append(elements, fileElement(fmt.Sprintf("f%d", i), s.Name, int(s.Size), ""))
	}
	descriptor = []byte(strings.Replace(descriptorOf(elements...), "</Envelope>", more+"</Envelope>", 1))
	return descriptor, w.Finish(descriptor)
}

func TestWhatIsWrittenReadsBack(t *testing.T) {
	long := "<!--" + strings.Repeat("x", 1<<20) + "-->"
	for _, ext := range []string{".ovf", ".ova"} {
		for _, digest := range []string{"", "SHA1", "SHA512", "none"} {
			for name, more := range map[string]string{"short": "", "long": long} {
				t.Run(ext+digest+name, func(t *testing.T) {
					dir := t.TempDir()
					target := filepath.Join(dir, "vm é 1"+ext)
					want, err := export(t, target, WriteOptions{Digest: digest}, more)
					if err != nil {
						t.Fatal(err)
					}
					if err := whole(t.Context(), target, Options{}); err != nil {
						t.Error(err)
					}
					p := mustOpen(t, target, Options{})
					if len(p.Descriptor.Findings) != 0 || (p.Manifest == nil) != (digest == "none") || !bytes.Equal(p.Text, want) {
						t.Errorf("findings %v, manifest %v", p.Descriptor.Findings, p.Manifest)
					}
					if behind := p.raw[len(want):]; len(bytes.TrimSpace(behind)) != 0 || (ext == ".ovf" && len(behind) != 0) {
						t.Errorf("behind the descriptor is %.50q", behind)
					}
					if got, _ := contents(t, p, p.Descriptor.Files[0]); !bytes.Equal(got, diskBytes(3<<20+1)) {
						t.Error("the disk differs")
					}
					names := map[string][]string{".ova": {"vm é 1.ova"}, ".ovf": {"disk-0.vmdk", "disk-1.vmdk", "vm é 1.mf", "vm é 1.ovf"}}[ext]
					if digest == "none" {
						names = slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, ".mf") })
					}
					if got := listing(t, dir); !slices.Equal(got, names) {
						t.Errorf("the directory holds %q", got)
					}
				})
			}
		}
	}
}

// TestAnArchiveByOtherPrograms reads one with tar and sha256sum.
func TestAnArchiveByOtherPrograms(t *testing.T) {
	lab.Programs(t, "tar", "sha256sum")
	dir := t.TempDir()
	target := filepath.Join(dir, "vm.ova")
	if _, err := export(t, target, WriteOptions{}, ""); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tar", "-C", dir, "-xvf", target).CombinedOutput()
	if err != nil || string(out) != "vm.ovf\nvm.mf\ndisk-0.vmdk\ndisk-1.vmdk\n" {
		t.Fatalf("%v: %s", err, out)
	}
	mf, err := os.ReadFile(filepath.Join(dir, "vm.mf"))
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for name, s := range mustManifest(t, mf).Sums {
		fmt.Fprintf(&list, "%s  %s\n", s.Hex, name)
	}
	cmd := exec.Command("sha256sum", "-c", "-")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(list.String())
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 3 {
		t.Errorf("%v: %s", err, out)
	}
	theirs, err := importer.ReadOvf("*.ovf", &importer.TapeArchive{Path: target})
	if err != nil || !strings.HasPrefix(string(theirs), "<?xml") {
		t.Errorf("the importer of govc: %v", err)
	}
	if e, err := importer.ReadEnvelope(theirs); err != nil || len(e.References) != 2 || e.References[0].Href != "disk-0.vmdk" {
		t.Errorf("the importer of govc: %+v, %v", e, err)
	}
	f, err := os.Open(target)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || h.Format&tar.FormatUSTAR == 0 || h.Mode != 0o644 {
			t.Fatalf("%+v, %v", h, err)
		}
	}
	if st, _ := f.Stat(); st.Mode().Perm()&^0o644 != 0 || st.Mode().Perm()&0o600 != 0o600 {
		t.Errorf("the mode is %s", st.Mode())
	}
}

func mustManifest(t testing.TB, text []byte) *Manifest {
	t.Helper()
	m, err := ParseManifest(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSumsOfWhatIsWritten(t *testing.T) {
	data := diskBytes(1000)
	for digest, want := range map[string]string{"SHA1": fmt.Sprintf("%x", sha1.Sum(data)), "SHA512": fmt.Sprintf("%x", sha512.Sum512(data)), "none": ""} {
		w, err := Create(filepath.Join(t.TempDir(), "x.ova"), WriteOptions{Digest: digest})
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.File("a.vmdk", bytes.NewReader(data))
		if err != nil || s.Sum.Hex != want || s.Size != 1000 {
			t.Errorf("%s: %+v, %v", digest, s, err)
		}
		w.Abort()
	}
}

type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errors.New("the lease ended")
	}
	return len(p), nil
}

func TestNothingIsLeftBehind(t *testing.T) {
	for _, ext := range []string{".ovf", ".ova"} {
		dir := t.TempDir()
		for name, end := range map[string]func(w *Writer){
			"abort": func(w *Writer) { w.File("a.vmdk", bytes.NewReader(diskBytes(10))) },
			"reader": func(w *Writer) {
				_, err := w.File("a.vmdk", &failing{5 << 20})
				refused(t, err, backend.ClassOther, "the lease ended")
				refused(t, w.Finish([]byte("<Envelope/>")), backend.ClassInvalid, "ended")
			},
			"large descriptor": func(w *Writer) { refused(t, w.Finish(make([]byte, MaxDescriptor)), backend.ClassInvalid, "larger") },
			"names": func(w *Writer) {
				w.File("a.vmdk", strings.NewReader(""))
				for bad, word := range map[string]string{"../a": "leaves", "/a": "absolute", "a/b": "directory", "a.vmdk": "twice", "x.mf": "manifest",
					"": "no name", "b.OVF": "descriptor", strings.Repeat("n", 101): "100 bytes"} {
					_, err := w.File(bad, strings.NewReader(""))
					refused(t, err, backend.ClassInvalid, word)
				}
			},
		} {
			w, err := Create(filepath.Join(dir, "x"+ext), WriteOptions{})
			if err != nil {
				t.Fatal(err)
			}
			end(w)
			if err := w.Abort(); err != nil {
				t.Error(err)
			}
			if err := w.Abort(); err != nil {
				t.Error(err)
			}
			if got := listing(t, dir); len(got) != 0 {
				t.Errorf("%s%s left %q", name, ext, got)
			}
		}
	}
}

func TestFilesThatAreThere(t *testing.T) {
	taken := map[string][]string{".ova": {"x.ova"}, ".ovf": {"x.ovf", "x.mf", "disk-0.vmdk"}}
	for ext, names := range taken {
		for _, name := range names {
			dir := t.TempDir()
			write(t, dir, name, []byte("old"))
			_, err := export(t, filepath.Join(dir, "x"+ext), WriteOptions{}, "")
			refused(t, err, backend.ClassConflict, name, "already")
			if b, _ := os.ReadFile(filepath.Join(dir, name)); string(b) != "old" || len(listing(t, dir)) != 1 {
				t.Errorf("%s holds %q, the directory %q", name, b, listing(t, dir))
			}
			write(t, dir, "x.ovf", []byte("old"))
			write(t, dir, "x.mf", []byte("SHA1(x.ovf)= "+strings.Repeat("0", 40)))
			if _, err = export(t, filepath.Join(dir, "x"+ext), WriteOptions{Overwrite: true, Digest: "none"}, ""); err != nil {
				t.Error(err)
			}
			if got := listing(t, dir); ext == ".ovf" && slices.Contains(got, "x.mf") {
				t.Errorf("the manifest of the old package is left: %q", got)
			}
		}
	}
}

// TestAFileThatCameMeanwhile appears between Create and Finish, where a rename would
// replace it.
func TestAFileThatCameMeanwhile(t *testing.T) {
	for _, ext := range []string{".ovf", ".ova"} {
		dir := t.TempDir()
		w, err := Create(filepath.Join(dir, "x"+ext), WriteOptions{})
		if err != nil {
			t.Fatal(err)
		}
		w.File("a.vmdk", strings.NewReader("disk"))
		write(t, dir, "x"+ext, []byte("of somebody else"))
		refused(t, w.Finish([]byte(descriptorOf())), backend.ClassConflict, "x"+ext)
		if b, _ := os.ReadFile(filepath.Join(dir, "x"+ext)); string(b) != "of somebody else" || len(listing(t, dir)) != 1 {
			t.Errorf("%q, %q", b, listing(t, dir))
		}
	}
}

func TestTargetsThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	os.Mkdir(filepath.Join(dir, "d.ova"), 0o755)
	for target, c := range map[string]struct {
		o     WriteOptions
		class backend.Class
	}{"x.txt": {class: backend.ClassInvalid}, "none/x.ova": {class: backend.ClassNotFound}, "d.ova": {o: WriteOptions{Overwrite: true}, class: backend.ClassConflict},
		"y.ova": {o: WriteOptions{Digest: "MD5"}, class: backend.ClassInvalid}} {
		_, err := Create(filepath.Join(dir, target), c.o)
		refused(t, err, c.class)
	}
	if got := listing(t, dir); !slices.Equal(got, []string{"d.ova"}) {
		t.Errorf("left: %q", got)
	}
}

// TestAFullDisk runs itself under a limit of the size of files, which fails as a full
// disk does.
func TestAFullDisk(t *testing.T) {
	if dir := os.Getenv("HVDECK_FULL_DISK"); dir != "" {
		for _, ext := range []string{".ovf", ".ova"} {
			_, err := export(t, filepath.Join(dir, "x"+ext), WriteOptions{}, "")
			var e *backend.Error
			if !errors.As(err, &e) || e.Remedy == "" || e.Class != backend.ClassOther {
				t.Errorf("%s: %v", ext, err)
			}
		}
		return
	}
	dir := t.TempDir()
	cmd := exec.Command("sh", "-c", `trap '' XFSZ; ulimit -f 1000; exec "$0" -test.run '^TestAFullDisk$'`, os.Args[0])
	cmd.Env = append(os.Environ(), "HVDECK_FULL_DISK="+dir, "GOCOVERDIR=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if got := listing(t, dir); len(got) != 0 {
		t.Errorf("left: %q", got)
	}
}

// TestALargeFileInAnArchive has more than a classic header can say; the disk is a hole.
func TestALargeFileInAnArchive(t *testing.T) {
	a := &archiveOutput{}
	for size, want := range map[int64]tar.Format{1: tar.FormatUSTAR, octalSize - 1: tar.FormatUSTAR, octalSize: tar.FormatGNU, 1 << 50: tar.FormatGNU} {
		h, err := a.header("a.vmdk", size)
		if err != nil || len(h) != tarBlock {
			t.Fatal(len(h), err)
		}
		got, err := tar.NewReader(bytes.NewReader(h)).Next()
		if err != nil || got.Size != size || got.Format&want == 0 {
			t.Errorf("%d: %+v, %v", size, got, err)
		}
	}
	names := maps.Keys(map[string]bool{strings.Repeat("n", 100): true, strings.Repeat("é", 50): true})
	for n := range names {
		if h, err := a.header(n, 1); err != nil || len(h) != tarBlock {
			t.Errorf("%s: %d, %v", n, len(h), err)
		}
	}
}
