package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// Leaving stops what goes through the console: of a download there is no file, whole or
// not, and of an import no volume.
func TestLeavingDuringATransferLeavesNothing(t *testing.T) {
	l := desk.Hosts(t)
	images := filepath.Join(l.Dir(), "big")
	l.Virsh("pool-create-as", "big", "dir", "--target", images, "--build")
	l.Virsh("vol-create-as", "big", "image.raw", "24G", "--allocation", "0")
	open := func() *console {
		c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu")), Size: uitest.Size{W: 160, H: 55}})
		c.Pane("VMs").Select("guest")
		c.Press("4").Pane("Storage").Select("big")
		return c
	}
	for name, leave := range map[string]func(*console){
		"q": func(c *console) {
			c.Press("q", "q").WaitFor("Quit hvdeck?").WaitFor("Transfers are cancelled").Press("y")
		},
		"TERM": func(c *console) { c.Signal("TERM") },
	} {
		t.Run("download "+name, func(t *testing.T) {
			c := open()
			c.Pane("Storage").Focus()
			c.Press("enter").Pane("Storage · big").Select("image.raw")
			into := t.TempDir()
			c.Menu("v", "manage: ", "D")
			c.WaitFor("Download: ").Press("ctrl+u").Type(filepath.Join(into, "copy.raw")).Press("enter")
			desk.Eventually(t, 10*time.Second, "the download to begin", func() bool { return len(entries(t, into)) > 0 })
			leave(c)
			c.WaitExit()
			if left := entries(t, into); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
	t.Run("import TERM", func(t *testing.T) {
		c := open()
		source := filepath.Join(t.TempDir(), "source.raw")
		desk.WriteFile(t, source, "")
		if err := os.Truncate(source, 24<<30); err != nil {
			t.Fatal(err)
		}
		c.Menu("v", "manage: ", "i")
		c.WaitFor("Upload a file").Type(source).Press("enter")
		desk.Eventually(t, 10*time.Second, "the import to begin", func() bool { return strings.Contains(l.Virsh("vol-list", "big"), "source.raw") })
		c.Signal("TERM")
		c.WaitExit()
		if got := l.Virsh("vol-list", "big"); strings.Contains(got, "source.raw") {
			t.Errorf("half of a volume is left:\n%s", got)
		}
	})
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}
