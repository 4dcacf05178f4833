package libvirt

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

const displayGuest = `<domain type='qemu'><name>shown</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os>
<devices><graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video></devices></domain>`

// TestManyScreenshots: the picture and the answer to the call come in any order, so one
// that is whole proves little.
func TestManyScreenshots(t *testing.T) {
	l := lab.StartLibvirtd(t)
	b := dial(t, l.URI("qemu"), false)
	l.Define("qemu", displayGuest)
	l.Virsh("start", "shown")
	defer l.Virsh("destroy", "shown")
	vm := vmNamed(t, b, "shown").ID
	l.Define("qemu", strings.NewReplacer("shown", "blind", "vga", "none").Replace(displayGuest))
	for name, headless := range map[string]bool{"shown": false, "blind": true} {
		d, err := b.Get(t.Context(), vmNamed(t, b, name).ID)
		if err != nil || d.VM.Headless != headless {
			t.Errorf("%s: headless %v, %v", name, d.VM.Headless, err)
		}
	}
	dir := t.TempDir()
	for i := range 30 {
		file := filepath.Join(dir, strconv.Itoa(i)+".png")
		mustDo(t, b, backend.VMScreenshotOp{VM: vm, File: file})
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := png.Decode(bytes.NewReader(data)); err != nil {
			t.Errorf("picture %d of %d bytes: %v", i, len(data), err)
		}
	}
}
