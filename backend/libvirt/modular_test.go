package libvirt

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// TestModularSocketOverSSH: where only the modular daemon's socket is, it is found; and
// libvirt's own helper is used where it is installed.
func TestModularSocketOverSSH(t *testing.T) {
	if _, err := exec.LookPath("virt-ssh-helper"); err != nil {
		lab.Missing(t, "virt-ssh-helper not found")
	}
	l := lab.StartLibvirtd(t)
	l.DefineMany(3)
	s := startSSHDBy(t, l.Inside)
	check := func(t *testing.T, uri string) {
		t.Helper()
		b, err := dialSSH(t, uri, noAsker{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = b.Close() }()
		if got := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM}); len(got) != 3 {
			t.Errorf("VMs %q", names(got))
		}
	}
	uri := s.uri("", "")
	t.Run("helper", func(t *testing.T) { check(t, uri+"&proxy=native") })
	t.Run("helper first", func(t *testing.T) { check(t, uri) })
	t.Run("netcat", func(t *testing.T) { check(t, uri+"&proxy=netcat") })
	dir := filepath.Join(l.Dir(), "run")
	for _, name := range []string{"libvirt-sock", "libvirt-sock-ro"} {
		old := filepath.Join(dir, name)
		if err := os.Rename(old, filepath.Join(dir, strings.Replace(name, "libvirt", "virtqemud", 1))); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("modular by netcat", func(t *testing.T) { check(t, uri+"&proxy=netcat") })
	t.Run("modular by the helper", func(t *testing.T) { check(t, uri+"&proxy=native") })
	t.Run("asked for the old one", func(t *testing.T) {
		_, err := dialSSH(t, uri+"&proxy=netcat&mode=legacy", noAsker{})
		if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "no libvirt socket at /var/run/libvirt/libvirt-sock") {
			t.Errorf("%v", err)
		}
	})
}
