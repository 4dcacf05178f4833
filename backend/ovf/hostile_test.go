package ovf

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend"
)

func kind(flag byte, link string) func(*tar.Header) {
	return func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = flag, link, 0 }
}

// lying writes the size of a member's header again, and its sum.
func lying(t testing.TB, archive []byte, name string, size string) []byte {
	t.Helper()
	at := bytes.Index(archive, append([]byte(name), 0))
	if at < 0 || at%512 != 0 {
		t.Fatalf("no header of %s", name)
	}
	h := archive[at : at+512]
	copy(h[124:136], size)
	copy(h[148:156], "        ")
	sum := 0
	for _, c := range h {
		sum += int(c)
	}
	copy(h[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return archive
}

func TestHostileArchivesAreRefusedWithTheReason(t *testing.T) {
	disk := diskBytes(5000)
	d := []byte(descriptorOf(fileElement("f0", "disk0.vmdk", len(disk), "")))
	ovf, data := entry{"vm.ovf", d, nil}, entry{"disk0.vmdk", disk, nil}
	mf := entry{"vm.mf", manifestOf(map[string][]byte{"vm.ovf": d, "disk0.vmdk": disk}), nil}
	with := func(e entry) []byte { return archiveOf(t, ovf, e, data) }
	huge := strings.Repeat("a/", 600) + "x"
	for name, c := range map[string]struct {
		archive []byte
		words   []string
	}{
		"absolute":         {with(entry{"/etc/passwd", disk, nil}), []string{`"/etc/passwd"`, "absolute"}},
		"above":            {with(entry{"../x.vmdk", disk, nil}), []string{`"../x.vmdk"`, "leaves its directory"}},
		"above inside":     {with(entry{"a/../../x.vmdk", disk, nil}), []string{"leaves its directory"}},
		"backslash":        {with(entry{`..\x.vmdk`, disk, nil}), []string{"backslash"}},
		"control":          {with(entry{"a\x1b[2Jb", disk, nil}), []string{"control character"}},
		"long name":        {with(entry{huge, disk, nil}), []string{"1024 bytes"}},
		"symlink":          {with(entry{"s", nil, kind(tar.TypeSymlink, "/etc/passwd")}), []string{`"s"`, "link to /etc/passwd"}},
		"hard link":        {with(entry{"s", nil, kind(tar.TypeLink, "vm.ovf")}), []string{`"s"`, "link to vm.ovf"}},
		"fifo":             {with(entry{"p", nil, kind(tar.TypeFifo, "")}), []string{`"p"`, "named pipe"}},
		"device":           {with(entry{"c", nil, kind(tar.TypeChar, "")}), []string{`"c"`, "device"}},
		"block device":     {with(entry{"b", nil, kind(tar.TypeBlock, "")}), []string{`"b"`, "device"}},
		"directory above":  {with(entry{"../d/", nil, kind(tar.TypeDir, "")}), []string{"leaves its directory"}},
		"sparse":           {sparse(t, ovf, data), []string{`"sparse.vmdk"`, "sparse"}},
		"other kind":       {with(entry{"z", nil, kind('Z', "")}), []string{`"z"`, "kind 'Z'"}},
		"repeated":         {archiveOf(t, ovf, data, data), []string{`"disk0.vmdk"`, "twice"}},
		"repeated by path": {archiveOf(t, ovf, data, entry{"./disk0.vmdk", disk, nil}), []string{"twice"}},
		"two descriptors":  {with(entry{"other.ovf", d, nil}), []string{"two descriptors", "vm.ovf", "other.ovf"}},
		"two manifests":    {archiveOf(t, ovf, mf, entry{"b.mf", mf.data, nil}, data), []string{"two manifests"}},
		"disk first":       {archiveOf(t, data, ovf), []string{`"disk0.vmdk"`, "first place"}},
		"missing member":   {archiveOf(t, ovf), []string{`"disk0.vmdk"`, "not in the archive"}},
		"no files":         {make([]byte, 1024), []string{"neither"}},
		"cut off":          {archiveOf(t, ovf, data)[:len(d)/512*512+512+512+3000], []string{"cut off"}},
		"cut in a header":  {archiveOf(t, ovf, data)[:(len(d)/512+1)*512+512+100], []string{"cut off"}},
		"size too large":   {lying(t, archiveOf(t, ovf, data), "disk0.vmdk", "77777777777\x00"), []string{"cut off"}},
		"negative size":    {lying(t, archiveOf(t, ovf, data), "disk0.vmdk", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"), []string{"header"}},
		"size no number":   {lying(t, archiveOf(t, ovf, data), "disk0.vmdk", "banana\x00"), []string{"header"}},
		"smaller":          {lying(t, archiveOf(t, ovf, data), "disk0.vmdk", "00000011607\x00"), []string{"disk0.vmdk", "not 5000"}},
		"huge PAX header":  {hugePAX(t, ovf, data), []string{"too large"}},
		"huge descriptor":  {archiveOf(t, entry{"vm.ovf", make([]byte, MaxDescriptor+1), nil}), []string{"vm.ovf", "larger than 16 MiB"}},
		"huge manifest":    {archiveOf(t, ovf, entry{"vm.mf", make([]byte, MaxManifest+1), nil}, data), []string{"vm.mf", "larger than 4 MiB"}},
		"wrong sum": {archiveOf(t, ovf, mf, entry{"disk0.vmdk", append(bytes.Clone(disk[:4999]), disk[4999]+1), nil}),
			[]string{`"disk0.vmdk"`, "SHA256"}},
		"changed descriptor": {archiveOf(t, entry{"vm.ovf", append(bytes.Clone(d), '\n'), nil}, mf, data), []string{"vm.ovf", "does not match"}},
		"not listed": {archiveOf(t, ovf, entry{"vm.mf", manifestOf(map[string][]byte{"vm.ovf": d}), nil}, data),
			[]string{`"disk0.vmdk"`, "does not list"}},
		"listed and missing": {archiveOf(t, ovf, entry{"vm.mf", manifestOf(map[string][]byte{"vm.ovf": d, "disk0.vmdk": disk, "x.iso": d}), nil}, data),
			[]string{`"x.iso"`, "not there"}},
		"listed above": {archiveOf(t, ovf, entry{"vm.mf", manifestOf(map[string][]byte{"vm.ovf": d, "disk0.vmdk": disk, "../x": d}), nil}, data),
			[]string{`"../x"`, "leaves"}},
		"unknown sum": {archiveOf(t, ovf, entry{"vm.mf", []byte("MD5(vm.ovf)= d41d8cd98f00b204e9800998ecf8427e\n"), nil}, data),
			[]string{"vm.mf", "MD5", "SHA256"}},
		"gzip around": {gzipped(archiveOf(t, ovf, data)), []string{"gzip", "unpack"}},
		"empty":       {nil, []string{"empty"}},
		"text":        {[]byte("hello"), []string{"neither"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, t.TempDir(), "x.ova", c.archive)
			refused(t, whole(t.Context(), path, Options{}), backend.ClassInvalid, c.words...)
		})
	}
}

// sparse is an archive with a member whose extended header says that it has holes.
func sparse(t testing.TB, ovf, data entry) []byte {
	t.Helper()
	b := archiveOf(t, ovf, data)
	b = b[:len(b)-1024]
	extra := archiveOf(t, entry{"sparse.vmdk", make([]byte, 1024), func(h *tar.Header) {
		h.Format, h.PAXRecords = tar.FormatPAX, map[string]string{"HVX.sparse.major": "1", "HVX.sparse.minor": "0", "HVX.sparse.realsize": "512"}
	}})
	copy(extra[1024+512:], "1\n0\n512\n")
	return append(b, bytes.ReplaceAll(extra, []byte("HVX."), []byte("GNU."))...)
}

func hugePAX(t testing.TB, ovf, data entry) []byte {
	t.Helper()
	b := archiveOf(t, ovf)
	b = b[:len(b)-1024]
	extra := archiveOf(t, entry{"x", make([]byte, 2<<20), func(h *tar.Header) { h.Typeflag = 'Y' }}, data)
	extra[156] = tar.TypeXHeader
	return append(b, lying(t, extra, "x", fmt.Sprintf("%011o\x00", 2<<20))...)
}

func TestAMillionEntriesAreRefusedSoon(t *testing.T) {
	one := archiveOf(t, entry{"vm.ovf", []byte(descriptorOf()), nil})
	one = one[:len(one)-1024]
	f, err := os.Create(filepath.Join(t.TempDir(), "x.ova"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Write(one)
	for n := range 21 {
		var batch bytes.Buffer
		w := tar.NewWriter(&batch)
		for i := range 1000 {
			w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d-%d", n, i), Typeflag: tar.TypeReg})
		}
		f.Write(batch.Bytes())
	}
	f.Truncate(1_000_000 * 512) // the rest is never read
	start := time.Now()
	_, err = Open(t.Context(), f.Name(), Options{})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
	if err == nil || !strings.Contains(err.Error(), "more than 10000 files") {
		t.Errorf("it was not refused: %v", err)
	}
}

func TestGzipBombsAreStopped(t *testing.T) {
	bomb := gzipped(make([]byte, 200<<20))
	d := []byte(descriptorOf(fileElement("f0", "disk0.vmdk.gz", len(bomb), `ovf:compression="gzip"`)))
	p := mustOpen(t, write(t, t.TempDir(), "x.ova", archiveOf(t, entry{"vm.ovf", d, nil}, entry{"disk0.vmdk.gz", bomb, nil})), Options{})
	_, err := contents(t, p, p.Descriptor.Files[0])
	refused(t, err, backend.ClassInvalid, "disk0.vmdk.gz", "unpacks to more than")
}

func TestAFolderIsNotLeft(t *testing.T) {
	top := t.TempDir()
	write(t, top, "secret.vmdk", []byte("secret"))
	dir := filepath.Join(top, "in")
	os.Mkdir(dir, 0o755)
	os.Symlink("../secret.vmdk", filepath.Join(dir, "link.vmdk"))
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.vmdk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for href, words := range map[string]string{"../secret.vmdk": "leaves its directory", "..%2fsecret.vmdk": "leaves its directory", "link.vmdk": "escapes",
		"pipe.vmdk": "no ordinary file", "/etc/hostname": "absolute", "file:///etc/hostname": "URL", "//host/x.vmdk": "URL", "http://host/x.vmdk": "URL",
		"none.vmdk": "not there", ".": "no name"} {
		p := mustOpen(t, write(t, dir, "vm.ovf", []byte(descriptorOf(fileElement("f0", href, 6, "")))), Options{})
		_, err := contents(t, p, p.Descriptor.Files[0])
		refused(t, err, backend.ClassInvalid, words)
		refused(t, p.Verify(t.Context(), nil), backend.ClassInvalid, words)
	}
	for name, class := range map[string]backend.Class{"in/pipe.vmdk": backend.ClassInvalid, "in": backend.ClassInvalid, "nothing.ovf": backend.ClassNotFound} {
		_, err := Open(t.Context(), filepath.Join(top, name), Options{})
		refused(t, err, class)
	}
}

func TestHostileDescriptors(t *testing.T) {
	deep := strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100)
	for name, c := range map[string]struct{ text, words string }{
		"entities":    {`<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Envelope>&b;</Envelope>`, "document type"},
		"external":    {`<!DOCTYPE x SYSTEM "file:///etc/passwd"><Envelope/>`, "document type"},
		"entity":      {`<Envelope>&nosuch;</Envelope>`, "entity"},
		"deep":        {"<Envelope>" + deep + "</Envelope>", "nested"},
		"wide":        {"<Envelope>" + strings.Repeat("<a/>", maxNodes+1) + "</Envelope>", "more than 250000"},
		"attributes":  {"<Envelope>" + strings.Repeat("<a "+strings.Repeat(`a="" `, 40_000)+"/>", 7) + "</Envelope>", "more than 250000"},
		"long tag":    {"<Envelope>\n<a " + strings.Repeat(`a="" `, 3<<20) + "/></Envelope>", "line 2: a tag is longer than 256 KiB"},
		"long end":    {"<Envelope></Envelope" + strings.Repeat(" ", 1<<20) + ">", "a tag is longer"},
		"two roots":   {"<Envelope/><Envelope/>", "second root"},
		"charset":     {`<?xml version="1.0" encoding="EBCDIC"?><Envelope/>`, `"EBCDIC"`},
		"odd UTF-16":  {"\xff\xfe<\x00a", "UTF-16"},
		"bad UTF-8":   {"<Envelope>\xff</Envelope>", "UTF-8"},
		"open":        {"<Envelope>", "line 1"},
		"files":       {"<Envelope><References>" + strings.Repeat("<File/>", MaxEntries+1) + "</References></Envelope>", "more than 10000 files"},
		"many chunks": {`<Envelope><References>` + strings.Repeat(`<File size="9000" chunkSize="1"/>`, 2) + `</References></Envelope>`, "more than 10000 files"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(c.text))
			refused(t, err, backend.ClassInvalid, c.words)
		})
	}
}

// TestLongTagsTakeNoMemory: encoding/xml holds all attributes of a tag at once.
func TestLongTagsTakeNoMemory(t *testing.T) {
	text := []byte("<Envelope " + strings.Repeat(`a="" `, 3<<20) + "/>")
	before := peak(func() {})
	most := peak(func() {
		_, err := Parse(text)
		refused(t, err, backend.ClassInvalid, "a tag is longer")
	})
	if most > before+64<<20 {
		t.Errorf("%d MiB were taken", (most-before)>>20)
	}
}

// TestWhatIsNoTagMayBeLong: comments, instructions, character data and quoted brackets.
func TestWhatIsNoTagMayBeLong(t *testing.T) {
	long := strings.Repeat("x > '", 100_000)
	text := "<?p " + long + "?><!--" + long + "--><Envelope a='>'><a>" + strings.Repeat("y", 1<<20) + "</a><![CDATA[<" + long + "]]></Envelope>"
	if err := tagLengths([]byte(text)); err != nil {
		t.Error(err)
	}
	if _, err := parseTree([]byte(text)); err != nil {
		t.Error(err)
	}
}
