package ovf

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestVerifiedOnce: what Verify found right is read without another sum, but not when it
// has changed since, or changes meanwhile.
func TestVerifiedOnce(t *testing.T) {
	dir := t.TempDir()
	disk := strings.Repeat("disk", 100_000)
	text := `<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"><References>` +
		fmt.Sprintf(`<File ovf:id="f" ovf:href="d.vmdk" ovf:size="%d"/></References>`, len(disk)) +
		`<VirtualSystem ovf:id="v"><Info/><Name>v</Name></VirtualSystem></Envelope>`
	write := func(name, content string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("v.ovf", text)
	write("d.vmdk", disk)
	write("v.mf", fmt.Sprintf("SHA256(v.ovf)= %x\nSHA256(d.vmdk)= %x\n", sha256.Sum256([]byte(text)), sha256.Sum256([]byte(disk))))
	for name, c := range map[string]struct {
		before, during func()
		says           string
	}{
		"as it was":       {},
		"changed before":  {before: func() { write("d.vmdk", "D"+disk[1:]) }, says: "does not match the manifest"},
		"changed between": {during: func() { write("d.vmdk", "D"+disk[1:]) }, says: "was changed while it was read"},
	} {
		write("d.vmdk", disk)
		old := time.Now().Add(-time.Hour) // so that writing shows, however coarse the clock
		if err := os.Chtimes(filepath.Join(dir, "d.vmdk"), old, old); err != nil {
			t.Fatal(err)
		}
		p, err := Open(context.Background(), filepath.Join(dir, "v.ovf"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Verify(context.Background(), nil); err != nil {
			t.Fatal(err)
		}
		if c.before != nil {
			c.before()
		}
		r, _, err := p.OpenFile(context.Background(), p.Descriptor.Files[0])
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadFull(r, make([]byte, 10))
		if c.during != nil {
			c.during()
		}
		_, err = io.Copy(io.Discard, r)
		_ = r.Close()
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if c.says == "" && len(p.right) == 0 {
			t.Error("nothing was remembered")
		}
		_ = p.Close()
	}
}
