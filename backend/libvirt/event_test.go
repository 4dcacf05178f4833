package libvirt

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// under reports whether the children of this parent, and of no other, were invalidated.
func (w *watcher) under(k backend.Kind, parent backend.Ref) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := false
	for _, d := range w.deltas {
		inv, ok := d.(backend.Invalidate)
		if !ok || inv.Query.Kind != k {
			continue
		}
		if inv.Query.Parent != parent {
			return false
		}
		found = true
	}
	return found
}

func write(t *testing.T, l *lab.Libvirtd, name, text string) string {
	t.Helper()
	path := filepath.Join(l.Dir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestEventsOfOthers: what somebody does by virsh to secrets, pools, networks and
// devices is reported by kind, object and in words.
func TestEventsOfOthers(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("qemu"), false)
	w := watch(t, b)
	soon := func(t *testing.T, what string, ok func() bool) {
		t.Helper()
		eventually(t, 10*time.Second, what, ok)
	}
	t.Run("secret", func(t *testing.T) {
		const id = "1b4ef2ab-9d4b-4c4a-8b64-5a4f4d9b2f10"
		ref := backend.Ref{Conn: "c", Kind: backend.KindSecret, ID: id}
		l.Virsh("secret-define", write(t, l, "secret.xml", "<secret><uuid>"+id+"</uuid><usage type='ceph'><name>ceph one</name></usage></secret>"))
		soon(t, "defined", func() bool { return w.saw(backend.KindSecret, ref) && w.told("ceph one", "secret defined") })
		w.reset()
		l.Virsh("secret-set-value", id, "--file", write(t, l, "value", "marker-of-a-value"), "--plain")
		soon(t, "value", func() bool { return w.saw(backend.KindSecret, ref) && w.told("ceph one", "value changed") })
		l.Virsh("secret-undefine", id)
		soon(t, "undefined", func() bool { return w.told("ceph one", "secret undefined") })
	})
	t.Run("pool", func(t *testing.T) {
		dir := filepath.Join(l.Dir(), "images")
		l.Virsh("pool-define-as", "images", "dir", "--target", dir)
		id := strings.TrimSpace(l.Virsh("pool-uuid", "images"))
		ref := backend.Ref{Conn: "c", Kind: backend.KindPool, ID: id}
		l.Virsh("pool-start", "images")
		soon(t, "started", func() bool { return w.saw(backend.KindPool, ref) && w.told("images", "pool started") })
		w.reset()
		if err := os.WriteFile(filepath.Join(dir, "new.img"), make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
		l.Virsh("pool-refresh", "images")
		soon(t, "volumes of it", func() bool { return w.under(backend.KindVolume, ref) && w.told("images", "refreshed") })
	})
	t.Run("network", func(t *testing.T) {
		l.Virsh("net-define", write(t, l, "net.xml", "<network><name>inner</name><bridge name='virbr77'/></network>"))
		id := strings.TrimSpace(l.Virsh("net-uuid", "inner"))
		l.Virsh("net-start", "inner")
		soon(t, "started", func() bool {
			return w.saw(backend.KindNetwork, backend.Ref{Conn: "c", Kind: backend.KindNetwork, ID: id}) && w.told("inner", "network started")
		})
	})
}

// TestDeviceEvents: the test driver creates and destroys node devices by XML.
func TestDeviceEvents(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("test"), false)
	w := watch(t, b)
	parent := "scsi_host2"
	xml := "<device><parent>" + parent + "</parent><capability type='scsi_host'><capability type='fc_host'><wwnn>2000000012341234</wwnn><wwpn>1000000012341234</wwpn></capability></capability></device>"
	cmd := exec.CommandContext(t.Context(), "virsh", "-q", "-c", l.URI("test"))
	cmd.Stdin = strings.NewReader("nodedev-create " + write(t, l, "dev.xml", xml) + "\nnodedev-destroy scsi_host12\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s\n%s", err, out, l.VirshOn("test", "nodedev-list"))
	}
	eventually(t, 10*time.Second, "a device comes and goes: "+string(out), func() bool {
		return w.saw(backend.KindNodeDevice, backend.Ref{Conn: "c", Kind: backend.KindNodeDevice, ID: "scsi_host12"}) &&
			w.told("scsi_host12", "device added") && w.told("scsi_host12", "device removed")
	})
}
