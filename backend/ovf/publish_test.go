package ovf

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

func TestAnExtensionInCapitals(t *testing.T) {
	for _, base := range []string{"X.OVF", "X.OVA", "x.Ovf"} {
		target := filepath.Join(t.TempDir(), base)
		if _, err := export(t, target, WriteOptions{}, ""); err != nil {
			t.Fatal(err)
		}
		if err := whole(t.Context(), target, Options{}); err != nil {
			t.Errorf("%s: %v", base, err)
		}
		if p := mustOpen(t, target, Options{}); len(p.Descriptor.Findings) != 0 || p.Manifest == nil {
			t.Errorf("%s: %v, manifest %v", base, p.Descriptor.Findings, p.Manifest)
		}
	}
}

// TestOnlyFilesOfTheOldPackageGo: what merely has the name of a manifest or certificate is
// somebody else's.
func TestOnlyFilesOfTheOldPackageGo(t *testing.T) {
	const tls = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	listed := "SHA256(web.ovf)= " + strings.Repeat("0", 64) + "\n"
	signed := "SHA256(web.mf)= 00ff\n" + tls
	for name, c := range map[string]struct {
		there  map[string]string
		digest string
		left   []string
		words  string
	}{
		"no package":           {map[string]string{"web.cert": tls}, "", []string{"web.cert"}, ""},
		"TLS beside a package": {map[string]string{"web.ovf": "old", "web.mf": listed, "web.cert": tls}, "", []string{"web.cert"}, ""},
		"signed package":       {map[string]string{"web.ovf": "old", "web.mf": listed, "web.cert": signed}, "", nil, ""},
		"signed, now bare":     {map[string]string{"web.ovf": "old", "web.mf": listed, "web.cert": signed}, "none", nil, ""},
		"signed, no package":   {map[string]string{"web.mf": listed, "web.cert": signed}, "", []string{"web.cert"}, ""},
		"odd manifest":         {map[string]string{"web.ovf": "old", "web.mf": "make: all\n"}, "none", []string{"web.mf", "web.ovf"}, "web.mf"},
	} {
		dir := t.TempDir()
		for file, text := range c.there {
			write(t, dir, file, []byte(text))
		}
		_, err := export(t, filepath.Join(dir, "web.ovf"), WriteOptions{Overwrite: true, Digest: c.digest}, "")
		switch {
		case c.words != "":
			refused(t, err, backend.ClassConflict, c.words)
		case err != nil:
			t.Errorf("%s: %v", name, err)
		}
		want := c.left
		if c.words == "" {
			want = append(want, "disk-0.vmdk", "disk-1.vmdk", "web.ovf")
			if c.digest == "" {
				want = append(want, "web.mf")
			}
		}
		slices.Sort(want)
		if got := listing(t, dir); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		for _, file := range c.left {
			if b, _ := os.ReadFile(filepath.Join(dir, file)); string(b) != c.there[file] {
				t.Errorf("%s: %s holds %q", name, file, b)
			}
		}
	}
}

// TestAReplaceThatFailsHalfway: the package that was there is there again, whether a file
// can't be moved or a directory came meanwhile.
func TestAReplaceThatFailsHalfway(t *testing.T) {
	for _, blocked := range []bool{false, true} {
		dir := t.TempDir()
		target := filepath.Join(dir, "x.ovf")
		if _, err := export(t, target, WriteOptions{}, "<!-- old -->"); err != nil {
			t.Fatal(err)
		}
		before := holding(t, dir)
		w, err := Create(target, WriteOptions{Overwrite: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"disk-0.vmdk", "fresh.vmdk", "lost.vmdk", "disk-1.vmdk"} {
			if _, err := w.File(name, strings.NewReader("new")); err != nil {
				t.Fatal(err)
			}
		}
		lost := filepath.Join(w.stage, "lost.vmdk")
		if blocked {
			lost = filepath.Join(dir, "lost.vmdk")
			err = os.Mkdir(lost, 0o755)
		} else {
			err = os.Remove(lost)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Finish([]byte(descriptorOf())); err == nil {
			t.Error("a file that can't be moved was no error")
		}
		if blocked {
			if err := os.Remove(lost); err != nil {
				t.Error(err)
			}
		}
		if got := holding(t, dir); !maps.Equal(got, before) {
			t.Errorf("%v: %d files are not the %d that were there", blocked, len(got), len(before))
		}
		if err := whole(t.Context(), target, Options{}); err != nil {
			t.Error(err)
		}
	}
}

// holding are the files of a directory.
func holding(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range listing(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(b)
	}
	return all
}

// TestAReplaceUndone: when the last thing to do fails, nothing new is left.
func TestAReplaceUndone(t *testing.T) {
	for _, old := range []string{"", "old"} {
		dir := t.TempDir()
		if old != "" {
			write(t, dir, "x.ova", []byte(old))
		}
		w, err := Create(filepath.Join(dir, "x.ova"), WriteOptions{Overwrite: true})
		if err != nil {
			t.Fatal(err)
		}
		write(t, w.stage, "x.ova", []byte("new"))
		s := &swap{w: w, kept: filepath.Join(w.stage, "replaced"), old: map[string]bool{}}
		if err := s.run(); err != nil {
			t.Fatal(err)
		}
		if err := s.undo(); err != nil {
			t.Error(err)
		}
		if b, _ := os.ReadFile(filepath.Join(dir, "x.ova")); string(b) != old {
			t.Errorf("%q, want %q", b, old)
		}
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
	}
}

func TestVerifyOfManyFiles(t *testing.T) {
	dir := t.TempDir()
	files, elements := map[string][]byte{}, []string{}
	for i := range 9 {
		name := "disk" + string(rune('0'+i)) + ".vmdk"
		files[name] = diskBytes(300_000 + i)
		elements = append(elements, fileElement("f"+string(rune('0'+i)), name, len(files[name]), ""))
	}
	files["vm.ovf"] = []byte(descriptorOf(elements...))
	files["vm.mf"] = manifestOf(files)
	for name, data := range files {
		write(t, dir, name, data)
	}
	p := mustOpen(t, filepath.Join(dir, "vm.ovf"), Options{})
	var done, total int64
	if err := p.Verify(t.Context(), func(d, all int64) {
		if d <= done {
			t.Errorf("%d after %d", d, done)
		}
		done, total = d, all
	}); err != nil || done != total || total != 9*300_000+36 {
		t.Errorf("%d of %d, %v", done, total, err)
	}
	files["disk7.vmdk"][5]++
	write(t, dir, "disk7.vmdk", files["disk7.vmdk"])
	refused(t, p.Verify(t.Context(), nil), backend.ClassInvalid, "disk7.vmdk", "does not match")
	if err := os.Remove(filepath.Join(dir, "disk3.vmdk")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, "disk7.vmdk", diskBytes(300_007))
	refused(t, p.Verify(t.Context(), nil), backend.ClassInvalid, "disk3.vmdk", "not there")
}

// TestManifestsOfOtherPrograms holds a manifest against sha256sum.
func TestManifestsOfOtherPrograms(t *testing.T) {
	lab.Programs(t, "sha256sum")
	dir := t.TempDir()
	if _, err := export(t, filepath.Join(dir, "x.ovf"), WriteOptions{}, ""); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sha256sum", "-c", "x.mf") // its own form is that of --tag, with spaces
	mf, err := os.ReadFile(filepath.Join(dir, "x.mf"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, "x.mf", []byte(strings.NewReplacer("(", " (", ")= ", ") = ").Replace(string(mf))))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 3 {
		t.Errorf("%v: %s", err, out)
	}
}
