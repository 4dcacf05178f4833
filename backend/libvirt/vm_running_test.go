package libvirt

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
)

const fullGuest = `<domain type='qemu'><name>full</name><memory unit='MiB'>128</memory><currentMemory unit='MiB'>112</currentMemory>
<vcpu current='1'>2</vcpu><os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd><cmdline>console=ttyS0</cmdline></os>
<features><acpi/></features><on_reboot>restart</on_reboot><devices>
<controller type='pci' index='0' model='pcie-root'/>%s
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='n1'/><model type='virtio'/></interface>
<serial type='pty'><target port='0'/></serial><console type='pty'><target type='serial' port='0'/></console>
<console type='pty'><target type='virtio' port='1'/></console>
<graphics type='vnc' autoport='yes' listen='127.0.0.1'/><video><model type='vga'/></video>
<memballoon model='virtio'><stats period='2'/></memballoon></devices></domain>`

// TestRunningVM changes a guest that runs.
func TestRunningVM(t *testing.T) {
	r := newDefineRig(t)
	r.l.Virsh("net-create", writeFile(t, "net.xml", `<network><name>n1</name><bridge name='hvrun0'/></network>`))
	kernel, initrd := r.l.GuestImage()
	r.l.Virsh("vol-create-as", "images", "full.qcow2", "16M", "--format", "qcow2")
	disk := filepath.Join(r.l.Dir(), "images", "full.qcow2")
	ports := strings.Repeat("<controller type='pci' model='pcie-root-port'/>", 10)
	r.l.Define("qemu", fmt.Sprintf(fullGuest, kernel, initrd, ports, disk))
	r.l.Virsh("start", "full")
	vm := vmNamed(t, r.b, "full").ID
	t.Run("details", func(t *testing.T) { r.runningDetails(t, vm) })
	t.Run("devices", func(t *testing.T) { r.devices(t, vm) })
	t.Run("detach", func(t *testing.T) { r.detachNIC(t, vm) })
	t.Run("media", func(t *testing.T) { r.media(t, vm) })
	t.Run("device refusals", func(t *testing.T) { r.deviceRefusals(t, vm) })
	t.Run("resources", func(t *testing.T) { r.resourcesLive(t, vm) })
	t.Run("screenshot", func(t *testing.T) { r.screenshots(t, vm) })
	t.Run("keys", func(t *testing.T) { r.keys(t, vm) })
	t.Run("managed save", func(t *testing.T) { r.saved(t, vm) })
	// What follows needs it on: if it went off by itself, this says why.
	if got := r.l.Virsh("domstate", "full", "--reason"); !strings.HasPrefix(got, "running") {
		t.Fatalf("%s: %s", got, r.l.Log())
	}
	t.Run("documents", func(t *testing.T) { r.documents(t, vm) })
	t.Run("refusals", func(t *testing.T) { r.runningRefusals(t, vm) })
	t.Run("undefine", func(t *testing.T) { r.undefineRunning(t, vm) })
}

func (r *defineRig) runningDetails(t *testing.T, vm backend.Ref) {
	d, err := r.b.Get(t.Context(), vm)
	if err != nil || len(d.VM.Consoles) != 2 || d.VM.Consoles[0] != "serial0" || d.VM.Consoles[1] != "console1" {
		t.Errorf("%q %v", d.VM.Consoles, err)
	}
}

// both are the live and the lasting definition, as virsh shows them.
func (r *defineRig) both(name string) (live, lasting string) {
	return r.l.Virsh("dumpxml", name), r.l.Virsh("dumpxml", name, "--inactive")
}

func (r *defineRig) devices(t *testing.T, vm backend.Ref) {
	r.l.Virsh("vol-create-as", "images", "more.qcow2", "4M", "--format", "qcow2")
	more := filepath.Join(r.l.Dir(), "images", "more.qcow2")
	if result := mustDo(t, r.b, backend.VMAttachDiskOp{VM: vm, Path: more, Device: "disk"}); result.Text != "" {
		t.Errorf("%q", result.Text)
	}
	live, lasting := r.both("full")
	for _, x := range []string{live, lasting} {
		if !strings.Contains(x, more) || !strings.Contains(x, "<target dev='vdb' bus='virtio'/>") || strings.Count(x, "type='qcow2'") < 2 {
			t.Errorf("disk not there:\n%s", x)
		}
	}
	r.refused(t, backend.VMAttachDiskOp{VM: vm, Path: more, Device: "disk"}, backend.ClassConflict, "already")
	mustDo(t, r.b, backend.VMAttachNICOp{VM: vm, Network: "n1", MAC: "52:54:00:aa:bb:cc"})
	if live, lasting = r.both("full"); !strings.Contains(live, "52:54:00:aa:bb:cc") || !strings.Contains(lasting, "52:54:00:aa:bb:cc") {
		t.Errorf("NIC not there:\n%s\n%s", live, lasting)
	}
	// A CD-ROM drive can't be plugged in.
	result := mustDo(t, r.b, backend.VMAttachDiskOp{VM: vm, Device: "cdrom"})
	live, lasting = r.both("full")
	if !strings.Contains(result.Text, "from the next start") || strings.Contains(live, "dev='sdb'") || !strings.Contains(lasting, "<target dev='sdb' bus='sata'/>") {
		t.Errorf("%q:\n%s", result.Text, lasting)
	}
	mustDo(t, r.b, backend.VMDetachOp{VM: vm, Device: "sdb"})
	if _, lasting = r.both("full"); strings.Contains(lasting, "dev='sdb'") {
		t.Error(lasting)
	}
}

// detachNIC: the guest lets go of what it can once its kernel is up.
func (r *defineRig) detachNIC(t *testing.T, vm backend.Ref) {
	eventually(t, 60*time.Second, "the guest's drivers are up", func() bool {
		time.Sleep(100 * time.Millisecond)
		return strings.Contains(r.l.Virsh("dommemstat", "full"), "unused")
	})
	gone := func(device string) bool {
		_, err := do(t, r.b, backend.VMDetachOp{VM: vm, Device: device})
		if err == nil {
			return true
		}
		if c := backend.ClassOf(err); c != backend.ClassBusy && c != backend.ClassConflict && c != backend.ClassNotFound && c != backend.ClassOther {
			t.Fatalf("detach %s: %v", device, err)
		}
		return !strings.Contains(r.l.Virsh("dumpxml", "full"), device)
	}
	eventually(t, 90*time.Second, "the disk is detached", func() bool { return gone("vdb") })
	eventually(t, 60*time.Second, "the NIC is detached", func() bool { return gone("52:54:00:aa:bb:cc") })
	live, lasting := r.both("full")
	for _, x := range []string{live, lasting} {
		if strings.Contains(x, "vdb") || strings.Contains(x, "52:54:00:aa:bb:cc") || !strings.Contains(x, "vda") || !strings.Contains(x, "52:54:00:00:00:01") {
			t.Errorf("after detaching:\n%s", x)
		}
	}
}

func (r *defineRig) media(t *testing.T, vm backend.Ref) {
	var isos []string
	for _, name := range []string{"a.iso", "b.iso"} {
		iso := filepath.Join(r.l.Dir(), "images", name)
		if err := os.WriteFile(iso, make([]byte, 8192), 0o600); err != nil {
			t.Fatal(err)
		}
		isos = append(isos, iso)
	}
	for _, iso := range []string{isos[0], isos[1], ""} {
		mustDo(t, r.b, backend.VMMediaOp{VM: vm, Drive: "sda", Path: iso})
		live, lasting := r.both("full")
		for _, x := range []string{live, lasting} {
			for _, other := range isos {
				if strings.Contains(x, other) != (other == iso) {
					t.Errorf("medium %q: %s", iso, x)
				}
			}
		}
	}
	r.refused(t, backend.VMMediaOp{VM: vm, Drive: "vda", Path: isos[0]}, backend.ClassInvalid, "vda is a disk")
	r.refused(t, backend.VMMediaOp{VM: vm, Drive: "sdq"}, backend.ClassNotFound, `no drive "sdq"`)
	r.refused(t, backend.VMMediaOp{VM: vm, Drive: "sda", Path: "a.iso"}, backend.ClassInvalid, "not a full path")
	if _, err := do(t, r.b, backend.VMMediaOp{VM: vm, Drive: "sda", Path: "/no/such.iso"}); err == nil || !strings.Contains(err.Error(), "such.iso") {
		t.Errorf("a medium that is not there: %v", err)
	}
}

func (r *defineRig) deviceRefusals(t *testing.T, vm backend.Ref) {
	r.refused(t, backend.VMAttachDiskOp{VM: vm, Device: "disk"}, backend.ClassInvalid, "needs the path")
	r.refused(t, backend.VMAttachDiskOp{VM: vm, Device: "tape", Path: "/x"}, backend.ClassInvalid, `"tape" is no kind of disk`)
	r.refused(t, backend.VMAttachDiskOp{VM: vm, Device: "disk", Path: "x"}, backend.ClassInvalid, "not a full path")
	r.refused(t, backend.VMAttachNICOp{VM: vm}, backend.ClassInvalid, "needs a network")
	r.refused(t, backend.VMAttachNICOp{VM: vm, Network: "none"}, backend.ClassNotFound, "none")
	r.refused(t, backend.VMAttachNICOp{VM: vm, Network: "n1", MAC: "zz"}, backend.ClassInvalid, "no MAC address")
	r.refused(t, backend.VMAttachNICOp{VM: vm, Network: "n1", MAC: "01:00:5e:00:00:01"}, backend.ClassInvalid, "address of a group")
	r.refused(t, backend.VMAttachNICOp{VM: vm, Network: "n1", MAC: "52:54:00:00:00:01"}, backend.ClassConflict, "already")
	r.refused(t, backend.VMDetachOp{VM: vm, Device: "vdx"}, backend.ClassNotFound, `no disk or NIC "vdx"`)
}

func (r *defineRig) resourcesLive(t *testing.T, vm backend.Ref) {
	result := mustDo(t, r.b, backend.VMResourcesOp{VM: vm, VCPUs: 2, Memory: 100 << 20})
	live, lasting := r.both("full")
	if result.Text != "" || !strings.Contains(live, ">2</vcpu>") || !strings.Contains(lasting, "<currentMemory unit='KiB'>102400<") {
		t.Errorf("%q\n%s", result.Text, live)
	}
	// A vCPU that was plugged in counts as one that can't be taken out again.
	result = mustDo(t, r.b, backend.VMResourcesOp{VM: vm, VCPUs: 1})
	if _, lasting = r.both("full"); !strings.Contains(lasting, "current='1'>2</vcpu>") {
		t.Error(lasting)
	}
	if strings.Contains(r.l.Virsh("vcpucount", "full", "--current", "--live"), "2") != strings.Contains(result.Text, "1 vCPUs: from the next start (") {
		t.Errorf("%q", result.Text)
	}
	result = mustDo(t, r.b, backend.VMResourcesOp{VM: vm, Memory: 200 << 20, MaxMemory: 256 << 20, MaxVCPUs: 4, VCPUs: 4})
	live, lasting = r.both("full")
	for _, want := range []string{"maximum of vCPUs: from the next start", "maximum of memory: from the next start",
		"4 vCPUs: from the next start (it runs with a maximum of 2)", "200 MiB of memory: from the next start (it runs with a maximum of 128 MiB)"} {
		if !strings.Contains(result.Text, want) {
			t.Errorf("%q does not say %q", result.Text, want)
		}
	}
	if !strings.Contains(lasting, ">4</vcpu>") || !strings.Contains(lasting, "<memory unit='KiB'>262144<") || strings.Contains(live, "262144") {
		t.Errorf("%s\n%s", live, lasting)
	}
}

func (r *defineRig) screenshots(t *testing.T, vm backend.Ref) {
	file := filepath.Join(t.TempDir(), "full.png")
	result := mustDo(t, r.b, backend.VMScreenshotOp{VM: vm, File: file})
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil || img.Bounds().Dx() < 320 || !strings.Contains(result.Text, file) {
		t.Errorf("%v %v %q", img, err, result.Text)
	}
	r.refused(t, backend.VMScreenshotOp{VM: vm, File: file}, backend.ClassConflict, "exists already")
	if _, err := do(t, r.b, backend.VMScreenshotOp{VM: vm, File: filepath.Join(t.TempDir(), "no", "dir.png")}); err == nil {
		t.Error("saved in a directory that is not there")
	}
}

// keys: the guest starts anew on ctrl+alt+delete, and its definition ends it then. It
// is a fresh one: QEMU 7.2 crashes when a guest that had a vCPU plugged in resets, and may
// leave what it was asked meanwhile without an answer.
func (r *defineRig) keys(t *testing.T, vm backend.Ref) {
	r.l.Virsh("destroy", "full")
	r.l.Virsh("set-lifecycle-action", "full", "reboot", "destroy", "--config")
	r.l.Virsh("start", "full")
	eventually(t, 60*time.Second, "ctrl+alt+delete reaches the guest", func() bool {
		_, err := do(t, r.b, backend.VMSendKeyOp{VM: vm, Keys: "ctrl+alt+delete"})
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
			got := r.l.Virsh("domstate", "full", "--reason")
			if !strings.HasPrefix(got, "shut off") {
				continue // or "in shutdown"
			}
			if got != "shut off (shutdown)" {
				t.Fatal(got)
			}
			return true // QEMU may have ended between the keys and their answer
		}
		if err != nil && backend.ClassOf(err) != backend.ClassConflict {
			t.Fatal(err)
		}
		return false
	})
	r.l.Virsh("set-lifecycle-action", "full", "reboot", "restart", "--config")
	mustDo(t, r.b, backend.PowerOnOp{VM: vm})
	r.refused(t, backend.VMSendKeyOp{VM: vm, Keys: "ctrl+alt+nothing"}, backend.ClassInvalid, `no key is called "nothing"`)
}

func (r *defineRig) saved(t *testing.T, vm backend.Ref) {
	mustDo(t, r.b, backend.VMManagedSaveOp{VM: vm})
	if got := r.l.Virsh("dominfo", "full"); !strings.Contains(got, "Managed save:   yes") || vmNamed(t, r.b, "full").State != backend.PowerSaved {
		t.Error(got)
	}
	if e := r.refused(t, backend.VMUndefineOp{VM: vm}, backend.ClassConflict, "managed save image"); e.Remedy == "" {
		t.Errorf("%#v", e)
	}
	r.refused(t, backend.VMCloneOp{VM: vm, Name: "x"}, backend.ClassConflict, "memory is saved")
	mustDo(t, r.b, backend.VMManagedSaveRemoveOp{VM: vm})
	if got := r.l.Virsh("dominfo", "full"); !strings.Contains(got, "Managed save:   no") {
		t.Error(got)
	}
	mustDo(t, r.b, backend.PowerOnOp{VM: vm})
}

func (r *defineRig) runningRefusals(t *testing.T, vm backend.Ref) {
	// vCPUs that it was started with can't be taken out.
	result := mustDo(t, r.b, backend.VMResourcesOp{VM: vm, VCPUs: 1})
	if want := "1 vCPUs: from the next start (unsupported configuration: failed to find appropriate hotpluggable vcpus"; !strings.Contains(result.Text, want) {
		t.Errorf("%q, want %q", result.Text, want)
	}
	r.refused(t, backend.VMRenameOp{VM: vm, Name: "other"}, backend.ClassConflict, "rename")
	if e := r.refused(t, backend.VMCloneOp{VM: vm, Name: "other"}, backend.ClassConflict, "it runs"); e.Remedy == "" {
		t.Errorf("%#v", e)
	}
	r.refused(t, backend.VMUndefineOp{VM: vm, Disks: []string{r.disk(t, vm, "full.qcow2")}}, backend.ClassConflict, "its disks can't be deleted")
	r.refused(t, backend.VMMigrateOp{VM: vm}, backend.ClassInvalid, "URI of the destination is missing")
	r.refused(t, backend.VMMigrateOp{VM: vm, URI: "host"}, backend.ClassInvalid, "is no URI")
	r.refused(t, backend.VMMigrateOp{VM: vm, URI: "qemu+ssh://h/system", Undefine: true}, backend.ClassInvalid, "no definition anywhere")
	if got := r.l.Virsh("domstate", "full"); got != "running" {
		t.Error(got)
	}
}

// undefineRunning: it goes on without a definition, and is gone when it is off.
func (r *defineRig) undefineRunning(t *testing.T, vm backend.Ref) {
	mustDo(t, r.b, backend.VMUndefineOp{VM: vm})
	if got := r.l.Virsh("dominfo", "full"); !strings.Contains(got, "Persistent:     no") || !strings.Contains(got, "running") {
		t.Error(got)
	}
	r.refused(t, backend.VMResourcesOp{VM: vm, MaxVCPUs: 8}, backend.ClassInvalid, "no lasting definition")
	mustDo(t, r.b, backend.VMResourcesOp{VM: vm, Memory: 80 << 20})
	mustDo(t, r.b, backend.PowerOffOp{VM: vm})
	if _, err := r.b.Get(context.Background(), vm); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("%v", err)
	}
}
