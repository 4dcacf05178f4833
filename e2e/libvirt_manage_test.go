package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// managing is the program on a wide screen over one real daemon.
func managing(t *testing.T, more ...string) (*console, *lab.Libvirtd) {
	t.Helper()
	l := desk.Hosts(t)
	c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu")), Size: uitest.Size{W: 160, H: 55}, Args: more})
	c.Pane("VMs").Select("guest")
	return c, l
}

// virsh waits until a command of virsh prints what is wanted.
func virsh(t *testing.T, l *lab.Libvirtd, want string, args ...string) {
	t.Helper()
	var got string
	desk.Eventually(t, 10*time.Second, fmt.Sprintf("virsh %v to say %q", args, want), func() bool {
		got, _ = l.TryVirsh(args...)
		return strings.Contains(got, want)
	})
}

// A pool and a volume by forms, a file into it and out of it again, byte for byte as
// virsh sees it, and all of it gone after its name was typed.
func TestStorageFromTheKeyboard(t *testing.T) {
	c, l := managing(t)
	c.Press("4")
	dir := filepath.Join(l.Dir(), "fast")
	c.Menu("n", "new pool on kvm", "n")
	c.WaitFor("Directory").Type("fast").Press("tab", "tab").Type(dir).Press("enter")
	c.Pane("Storage").WaitFor("● fast")
	virsh(t, l, "running", "pool-info", "fast")

	image := filepath.Join(c.Home, "image.raw")
	content := make([]byte, 3<<20+17)
	_, _ = rand.Read(content)
	if err := os.WriteFile(image, content, 0o600); err != nil {
		t.Fatal(err)
	}
	c.Pane("Storage").Select("fast")
	c.Menu("v", "manage: fast", "i")
	c.WaitFor("Upload a file").Type(image).Press("enter")
	c.WaitFor(fmt.Sprintf("%x", sha256.Sum256(content))[:16], 20*time.Second)
	virsh(t, l, "image.raw", "vol-list", "fast")
	seen := filepath.Join(l.Dir(), "seen")
	l.Virsh("vol-download", "--pool", "fast", "image.raw", seen)
	same(t, seen, content)

	c.Pane("Storage").Focus()
	c.Press("enter").Pane("Storage · fast").Select("image.raw")
	c.WaitFor("orphan")
	copied := filepath.Join(c.Home, "copy.raw")
	c.Menu("v", "manage: fast/image.raw", "D")
	c.WaitFor("Download: fast/image.raw").Press("ctrl+u").Type(copied).Press("enter")
	desk.Eventually(t, 20*time.Second, "the file to be there", func() bool { _, err := os.Stat(copied); return err == nil })
	same(t, copied, content)

	c.Menu("v", "manage: fast/image.raw", "d")
	c.WaitFor("goes with all that is in it").Type("image.raw").Press("enter")
	desk.Eventually(t, 10*time.Second, "the volume to go", func() bool { return !strings.Contains(l.Virsh("vol-list", "fast"), "image.raw") })
	c.Pane("Storage · fast").WaitFor("empty")
}

func same(t *testing.T, path string, want []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d bytes, not the %d that went in", path, len(got), len(want))
	}
}

// A secret's value gets to the server, and nowhere else.
func TestSecretValueGoesNowhereElse(t *testing.T) {
	const value = "correct-horse-battery-staple"
	trace := filepath.Join(t.TempDir(), "trace")
	c, l := managing(t, "--trace", trace)
	c.Press(":").WaitFor("tab complete").Type("secrets").Press("enter").WaitFor("[Secrets]")
	c.Menu("n", "new secret on kvm", "n")
	c.WaitFor("Ephemeral").Press("tab").Type("ceph-admin").Press("tab", "tab", "tab", "tab").Type("typed").WaitFor("Secret value").Press("tab").Type(value)
	if strings.Contains(c.Text(), value) {
		t.Error("the value is on the screen")
	}
	c.Press("enter").Pane("Networks").Select("ceph-admin")
	uuid := strings.Fields(l.Virsh("secret-list"))[0]
	virsh(t, l, value, "secret-get-value", "--plain", uuid)

	c.Menu("v", "manage: ceph-admin", "v")
	c.WaitFor("It is shown in clear for 10s").Press("y").WaitFor(value)
	c.WaitGone(value, 15*time.Second) // by itself
	c.Press("q", "q").WaitExit()
	desk.Eventually(t, 10*time.Second, "the trace", func() bool { text, _ := os.ReadFile(trace); return bytes.Contains(text, []byte("SECRET_SET_VALUE")) })
	nowhere(t, value, trace, c.Home)
}

// nowhere fails when a value is in any file under these paths.
func nowhere(t *testing.T, value string, paths ...string) {
	t.Helper()
	for _, p := range paths {
		_ = filepath.Walk(p, func(path string, info os.FileInfo, err error) error {
			if err != nil || !info.Mode().IsRegular() {
				return nil //nolint:nilerr // what has gone holds nothing
			}
			if text, _ := os.ReadFile(path); bytes.Contains(text, []byte(value)) {
				t.Errorf("the value is in %s", path)
			}
			return nil
		})
	}
}

// What is given to a VM while it runs is there at once; what is taken is gone.
func TestDevicesFromTheKeyboard(t *testing.T) {
	c, l := managing(t)
	disk := filepath.Join(l.Dir(), "extra.raw")
	if err := os.WriteFile(disk, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Pane("VMs").Select("guest")
	c.Menu("v", "manage: guest", "d")
	c.WaitFor("Attach disk: guest").Press("tab", "tab").Type(disk).Press("enter")
	virsh(t, l, disk, "domblklist", "guest")
	virsh(t, l, disk, "domblklist", "guest", "--inactive")

	c.Menu("v", "manage: guest", "e")
	c.Calm("vCPUs and memory: guest").Press("tab", "tab").Press("ctrl+u").Type("80 MiB").Press("enter")
	c.Yes("vCPUs and memory: guest?")
	virsh(t, l, "<currentMemory unit='KiB'>81920</currentMemory>", "dumpxml", "guest", "--inactive")
}

// A form that was open when the daemon died says what is wrong, and does it once the
// daemon is back.
func TestADaemonKilledDuringAForm(t *testing.T) {
	c, l := managing(t)
	c.Press("5")
	c.Menu("n", "new network on kvm", "n")
	c.WaitFor("Host's address").Type("lab-net").Press("tab").Type("isolated")
	l.Kill()
	c.WaitFor("kvm reconnecting")
	c.Press("enter")
	c.WaitFor(regexp.MustCompile(`nothing fits any more|kvm is (reconnecting|failed)|the connection is`))
	c.dismissAll()
	l.Restart()
	c.WaitFor("● kvm QEMU", 40*time.Second)
	c.Press("5")
	c.Menu("n", "new network on kvm", "n")
	c.WaitFor("Host's address").Type("lab-net").Press("tab").Type("isolated").Press("enter")
	virsh(t, l, "lab-net", "net-list", "--all")
	if n := strings.Count(l.Virsh("net-list", "--all", "--name"), "lab-net"); n != 1 {
		t.Errorf("%d networks of that name", n)
	}
}

// dismissAll closes whatever box is open.
func (c *console) dismissAll() {
	c.Settle(500 * time.Millisecond).Press("esc").Settle(500 * time.Millisecond).Press("esc")
}

// Undefining a VM deletes the disk that was ticked, and no other.
func TestUndefineDeletesWhatIsTicked(t *testing.T) {
	l := desk.Hosts(t)
	dir := filepath.Join(l.Dir(), "images")
	l.Virsh("pool-create-as", "images", "dir", "--target", dir)
	xml := "<domain type='qemu'><name>doomed</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type></os><devices>"
	for _, d := range []string{"vda", "vdb"} {
		l.Virsh("vol-create-as", "images", "doomed-"+d+".qcow2", "16M", "--format", "qcow2")
		xml += "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='" + dir + "/doomed-" + d + ".qcow2'/><target dev='" + d + "' bus='virtio'/></disk>"
	}
	path := filepath.Join(l.Dir(), "doomed.xml")
	desk.WriteFile(t, path, xml+"</devices></domain>")
	l.Virsh("define", path)
	c := start(t, desk.Setup{Config: desk.Connection("kvm", l.URI("qemu")), Size: uitest.Size{W: 160, H: 55}})
	c.Pane("VMs").Select("doomed")
	c.Menu("v", "manage: doomed", "u")
	c.Calm("Delete vda").Press("tab", "tab", "tab", "tab", "space").WaitFor(regexp.MustCompile(`Delete vda.*yes`)).Press("enter")
	c.WaitFor("DELETED with all that is in it: vda").WaitFor("Its other disks stay").Type("doomed").Press("enter")
	desk.Eventually(t, 15*time.Second, "the disk to go", func() bool { _, err := os.Stat(filepath.Join(dir, "doomed-vda.qcow2")); return os.IsNotExist(err) })
	if _, err := os.Stat(filepath.Join(dir, "doomed-vdb.qcow2")); err != nil {
		t.Errorf("the disk that was not ticked: %v", err)
	}
	if out, err := l.TryVirsh("dominfo", "doomed"); err == nil {
		t.Errorf("the VM is still there:\n%s", out)
	}
}
