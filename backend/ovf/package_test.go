package ovf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"hvdeck/backend"
)

func TestAFolderAndAnArchiveReadTheSame(t *testing.T) {
	disk := diskBytes(3 << 20)
	dir := t.TempDir()
	d := []byte(descriptorOf(fileElement("f0", "sub/disk%200.vmdk", len(disk), "")))
	write(t, dir, "sub/disk 0.vmdk", disk)
	write(t, dir, "vm.cert", []byte("x"))
	sums := manifestOf(map[string][]byte{"vm.ovf": d, "sub/disk 0.vmdk": disk})
	write(t, dir, "vm.mf", bytes.ReplaceAll(sums, []byte("\n"), []byte("\r\n")))
	folder := write(t, dir, "vm.ovf", d)
	archive := write(t, dir, "x.ova", archiveOf(t, entry{"./", nil, kind('5', "")}, entry{"./vm.ovf", d, nil}, entry{"./vm.mf", sums, nil},
		entry{"./vm.cert", nil, nil}, entry{"sub/", nil, kind('5', "")}, entry{"./sub/disk 0.vmdk", disk, nil}))
	for _, source := range []string{folder, archive} {
		p := mustOpen(t, source, Options{})
		if !p.Signed || p.Manifest == nil || len(p.Descriptor.Findings) != 0 || p.Archive != (source == archive) {
			t.Errorf("%s: signed %v, manifest %v, findings %v", source, p.Signed, p.Manifest, p.Descriptor.Findings)
		}
		var last, total int64
		if err := p.Verify(t.Context(), func(d, all int64) { last, total = d, all }); err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if last != int64(len(disk)) || total != last {
			t.Errorf("%s: progress ended at %d of %d", source, last, total)
		}
		got, err := contents(t, p, p.Descriptor.Files[0])
		if err != nil || !bytes.Equal(got, disk) {
			t.Errorf("%s: %d bytes, %v", source, len(got), err)
		}
	}
}

func TestChunksAndCompression(t *testing.T) {
	disk := diskBytes(1 << 20)
	packed := gzipped(disk)
	const chunk = 300_000
	for name, c := range map[string]struct {
		whole []byte
		more  string
		spoil func(files map[string][]byte)
		words string
	}{
		"chunks":         {whole: disk, more: fmt.Sprintf(`ovf:chunkSize="%d"`, chunk)},
		"gzip":           {whole: packed, more: `ovf:compression="gzip"`},
		"gzip in chunks": {whole: packed, more: fmt.Sprintf(`ovf:compression="gzip" ovf:chunkSize="%d"`, chunk)},
		"missing chunk": {whole: disk, more: fmt.Sprintf(`ovf:chunkSize="%d"`, chunk), words: "d.vmdk.000000002",
			spoil: func(f map[string][]byte) { delete(f, "d.vmdk.000000002") }},
		"short chunk": {whole: disk, more: fmt.Sprintf(`ovf:chunkSize="%d"`, chunk), words: "ends after",
			spoil: func(f map[string][]byte) { f["d.vmdk.000000001"] = f["d.vmdk.000000001"][:9] }},
		"cut gzip":            {whole: packed[:len(packed)-10], more: `ovf:compression="gzip"`, words: "gzip"},
		"no gzip":             {whole: disk, more: `ovf:compression="gzip"`, words: "gzip"},
		"garbage behind gzip": {whole: append(bytes.Clone(packed), "garbage, garbage"...), more: `ovf:compression="gzip"`, words: "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string][]byte{"d.vmdk": c.whole}
			if strings.Contains(c.more, "chunkSize") {
				delete(files, "d.vmdk")
				for i := 0; i*chunk < len(c.whole); i++ {
					files[fmt.Sprintf("d.vmdk.%09d", i)] = c.whole[i*chunk : min((i+1)*chunk, len(c.whole))]
				}
			}
			if c.spoil != nil {
				c.spoil(files)
			}
			for n, data := range files {
				write(t, dir, n, data)
			}
			p := mustOpen(t, write(t, dir, "vm.ovf", []byte(descriptorOf(fileElement("f0", "d.vmdk", len(c.whole), c.more)))), Options{})
			got, err := contents(t, p, p.Descriptor.Files[0])
			if c.words != "" {
				refused(t, err, backend.ClassInvalid, c.words)
				return
			}
			if err != nil || !bytes.Equal(got, disk) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			if err := p.Verify(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestASumThatDiffersEndsTheStream(t *testing.T) {
	disk := diskBytes(100_000)
	dir := t.TempDir()
	path := write(t, dir, "x.ova", good(t, disk))
	p := mustOpen(t, path, Options{})
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, _ := f.Stat()
	f.WriteAt([]byte("changed after Open"), st.Size()-50_000)
	_, err = contents(t, p, p.Descriptor.Files[0])
	refused(t, err, backend.ClassInvalid, "disk0.vmdk", "does not match the manifest")
	r, _, err := p.OpenFile(t.Context(), p.Descriptor.Files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestManifests(t *testing.T) {
	sha1 := strings.Repeat("a", 40)
	for text, words := range map[string]string{
		"SHA1(a.ovf)= " + sha1 + "\n":                                "",
		"SHA1 (a b(1).vmdk) = " + strings.ToUpper(sha1) + "\r\n\r\n": "",
		"sha-1(a.ovf)=" + sha1:                                       "",
		"SHA256(a.ovf)= " + strings.Repeat("0", 64):                  "",
		"SHA512(a.ovf)= " + strings.Repeat("0", 128):                 "",
		"\xef\xbb\xbfSHA1(a.ovf)= " + sha1:                           "",
		"SHA1(a)= " + sha1 + "\nSHA1(a)= " + sha1:                    "",
		"SHA1(a)= " + sha1 + "\nSHA1(a)= " + strings.Repeat("b", 40): "twice",
		"SHA256(a)= " + sha1:                                         "40 digits in place of 64",
		"MD5(a)= " + strings.Repeat("a", 32):                         "MD5",
		"SHA3-256(a)= " + strings.Repeat("a", 64):                    "SHA3-256",
		sha1 + "  a.ovf":                                             "not of the form",
		"SHA1()= " + sha1:                                            "not of the form",
		strings.Repeat("x", 70<<10):                                  "longer than 64 KiB",
		strings.Repeat("SHA1(a)= "+sha1+"\n", MaxManifest/50+1000):   "larger than",
	} {
		m, err := ParseManifest([]byte(text))
		switch {
		case words == "" && (err != nil || len(m.Sums) != 1):
			t.Errorf("%.60q: %v, %v", text, m, err)
		case words != "" && (err == nil || !strings.Contains(err.Error(), words)):
			t.Errorf("%.60q: %v does not say %q", text, err, words)
		}
	}
}

func TestCharsets(t *testing.T) {
	text := strings.Replace(descriptorOf(), `<VirtualSystem ovf:id="vm"><Info/>`, `<VirtualSystem ovf:id="vm"><Info/><Name>Größe ☃</Name>`, 1)
	units := utf16.Encode([]rune(strings.Replace(text, "UTF-8", "UTF-16", 1)))
	var little, big []byte
	for _, u := range units {
		little = append(little, byte(u), byte(u>>8))
		big = append(big, byte(u>>8), byte(u))
	}
	latin := []byte(strings.NewReplacer("UTF-8", "ISO-8859-1", " ☃", "", "ö", "\xf6", "ß", "\xdf").Replace(text))
	for name, c := range map[string]struct {
		text []byte
		want string
	}{
		"UTF-8": {[]byte(text), "Größe ☃"}, "mark": {append([]byte("\xef\xbb\xbf"), text...), "Größe ☃"},
		"little": {append([]byte("\xff\xfe"), little...), "Größe ☃"}, "big": {append([]byte("\xfe\xff"), big...), "Größe ☃"},
		"no mark": {little, "Größe ☃"}, "latin": {latin, "Größe"},
	} {
		p := mustOpen(t, write(t, t.TempDir(), "vm.ovf", c.text), Options{})
		if p.Descriptor.Name != c.want {
			t.Errorf("%s: the name is %q", name, p.Descriptor.Name)
		}
		if again, err := Parse(p.Text); err != nil || again.Name != c.want || !bytes.Contains(p.Text, []byte(`encoding="UTF-8"`)) {
			t.Errorf("%s: the text for a server is not UTF-8: %v", name, err)
		}
	}
}

func TestStringsOfAFileBesideTheDescriptor(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "en.msg", []byte(`<Strings xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><Msg ovf:msgid="l">All rights</Msg></Strings>`))
	text := strings.NewReplacer(`<VirtualHardwareSection>`, `<EulaSection><Info/><License ovf:msgid="l"/></EulaSection><VirtualHardwareSection>`,
		"</Envelope>", `<Strings xml:lang="en-US" ovf:fileRef="m"/></Envelope>`).Replace(descriptorOf(`<File ovf:id="m" ovf:href="en.msg"/>`))
	p := mustOpen(t, write(t, dir, "vm.ovf", []byte(text)), Options{})
	if len(p.Descriptor.EULAs) != 1 || p.Descriptor.EULAs[0].Text != "All rights" {
		t.Errorf("the licences are %+v", p.Descriptor.EULAs)
	}
	os.Remove(filepath.Join(dir, "en.msg"))
	p = mustOpen(t, filepath.Join(dir, "vm.ovf"), Options{})
	if len(p.Descriptor.EULAs) != 1 || !strings.Contains(p.Descriptor.EULAs[0].Text, "not read") {
		t.Errorf("without the file the licences are %+v", p.Descriptor.EULAs)
	}
}
