package libvirt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
)

// TestVMLife makes, copies, renames, resizes and undefines VMs that are off.
func TestVMLife(t *testing.T) {
	r := newDefineRig(t)
	r.l.Virsh("net-define", writeFile(t, "net.xml", `<network><name>n1</name><bridge name='hvlife0'/></network>`))
	t.Run("new", r.newVM)
	t.Run("new refused", r.newVMRefused)
	t.Run("clone", r.clone)
	t.Run("clone refused", r.cloneRefused)
	t.Run("rename", r.rename)
	t.Run("resources", r.resourcesOff)
	t.Run("undefine", r.undefine)
	t.Run("undefine refused", r.undefineRefused)
	t.Run("managed save", r.noManagedSave)
	t.Run("test driver", r.lifeOnTestDriver)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (r *defineRig) network(t *testing.T) backend.Ref {
	t.Helper()
	return list[*backend.Network](t, r.b, backend.Query{Kind: backend.KindNetwork})[0].ID
}

// volumes are the names in the pool, as virsh lists them.
func (r *defineRig) volumes() string { return r.l.Virsh("vol-list", "images") }

func (r *defineRig) newVM(t *testing.T) {
	iso := filepath.Join(r.l.Dir(), "images", "install.iso")
	if err := os.WriteFile(iso, make([]byte, 4096), 0o600); err != nil {
		t.Fatal(err)
	}
	made := mustDo(t, r.b, backend.VMNewOp{Host: r.host, Name: "web", VCPUs: 2, Memory: 128 << 20, Pool: r.pool, DiskSize: 5 << 20,
		DiskFormat: "qcow2", ISO: iso, Network: r.network(t), Autostart: true}).Created
	if got := strings.TrimSpace(r.l.Virsh("domuuid", "web")); got != made.ID {
		t.Fatalf("virsh says %q, made %q", got, made.ID)
	}
	dump := r.l.Virsh("dumpxml", "web", "--inactive")
	for _, want := range []string{"<source file='" + filepath.Join(r.l.Dir(), "images", "web.qcow2") + "'/>", "bus='sata'", "<boot order='2'/>",
		"install.iso", "<source network='n1'/>", ">2</vcpu>", "<memory unit='KiB'>131072<", "mac address='52:54:00"} {
		if !strings.Contains(dump, want) {
			t.Errorf("without %q:\n%s", want, dump)
		}
	}
	if got := r.l.Virsh("vol-info", "--bytes", "--pool", "images", "web.qcow2"); !strings.Contains(got, "5242880") {
		t.Error(got)
	}
	if got := r.l.Virsh("dominfo", "web"); !strings.Contains(got, "Autostart:      enable") {
		t.Error(got)
	}
	vol := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindVolume, Under: r.pool,
		XML: `<volume><name>ready.img</name><capacity unit='MiB'>2</capacity><target><format type='raw'/></target></volume>`}).Created
	mustDo(t, r.b, backend.VMNewOp{Host: r.host, Name: "ready", VCPUs: 1, Memory: 64 << 20, Disk: vol})
	if got := r.l.Virsh("domblklist", "ready"); !strings.Contains(got, "ready.img") {
		t.Error(got)
	}
	again := backend.VMNewOp{Host: r.host, Name: "second", VCPUs: 1, Memory: 64 << 20, Disk: vol}
	r.refused(t, again, backend.ClassConflict, "used by VM ready")
}

func (r *defineRig) newVMRefused(t *testing.T) {
	good := backend.VMNewOp{Host: r.host, Name: "bad", VCPUs: 1, Memory: 64 << 20, Pool: r.pool, DiskSize: 1 << 20, DiskFormat: "raw"}
	for words, edit := range map[string]func(*backend.VMNewOp){
		"must not be empty":      func(o *backend.VMNewOp) { o.Name = "" },
		"must not contain '/'":   func(o *backend.VMNewOp) { o.Name = "a/b" },
		"control characters":     func(o *backend.VMNewOp) { o.Name = "a\nb" },
		"at least 1 vCPU":        func(o *backend.VMNewOp) { o.VCPUs = 0 },
		"not -1":                 func(o *backend.VMNewOp) { o.VCPUs = -1 },
		"that this host can":     func(o *backend.VMNewOp) { o.VCPUs = 1 << 30 },
		"at least 1 MiB":         func(o *backend.VMNewOp) { o.Memory = 0 },
		"more than libvirt":      func(o *backend.VMNewOp) { o.Memory = 1 << 63 },
		"needs a size":           func(o *backend.VMNewOp) { o.DiskSize = 0 },
		"libvirt can give":       func(o *backend.VMNewOp) { o.DiskSize = 1<<64 - 1 },
		"can't have the format":  func(o *backend.VMNewOp) { o.DiskFormat = "vhdx' or '1" },
		"either a new disk":      func(o *backend.VMNewOp) { o.Disk = backend.Ref{Conn: "c", Kind: backend.KindVolume, ID: "x/y"} },
		"needs its full path":    func(o *backend.VMNewOp) { o.ISO = "install.iso" },
		"no network has the id":  func(o *backend.VMNewOp) { o.Network = backend.Ref{Conn: "c", Kind: backend.KindNetwork, ID: "n"} },
		"no UEFI firmware":       func(o *backend.VMNewOp) { o.UEFI = true },
		"of this name exists":    func(o *backend.VMNewOp) { o.Name = "web" },
		"no pool has the id \"'": func(o *backend.VMNewOp) { o.Pool = backend.Ref{Conn: "c", Kind: backend.KindPool, ID: "' or 1"} },
	} {
		o := good
		edit(&o)
		if words == "no UEFI firmware" && offersUEFI(t, r) {
			continue
		}
		_, err := do(t, r.b, o)
		if err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%v, want %q", err, words)
		}
	}
	// The server refuses the definition: the disk is gone again.
	broken := good
	broken.VCPUs, broken.Name = 280, "huge" // q35 takes 288, but more than 255 only with an IOMMU
	r.refused(t, broken, backend.ClassUnsupported, "255 vCPUs")
	if got := r.volumes(); strings.Contains(got, "bad") || strings.Contains(got, "huge") {
		t.Errorf("left behind: %s", got)
	}
	if got := r.l.Virsh("list", "--all", "--name"); strings.Contains(got, "bad") {
		t.Error(got)
	}
}

func offersUEFI(t *testing.T, r *defineRig) bool {
	t.Helper()
	p, err := r.b.(*client).platform(t.Context(), "look")
	if err != nil {
		t.Fatal(err)
	}
	return p.offersUEFI()
}

func (r *defineRig) clone(t *testing.T) {
	web := vmNamed(t, r.b, "web")
	marked := filepath.Join(r.l.Dir(), "images", "web.qcow2")
	run(t, "qemu-io", "-f", "qcow2", "-c", "write -P 0xab 1M 64k", marked)
	result := mustDo(t, r.b, backend.VMCloneOp{VM: web.ID, Name: "web-2"})
	dump, old := r.l.Virsh("dumpxml", "web-2"), r.l.Virsh("dumpxml", "web")
	copied := filepath.Join(r.l.Dir(), "images", "web-2-vda.qcow2")
	if !strings.Contains(dump, copied) || !strings.Contains(dump, "install.iso") || strings.Contains(dump, web.UUID) {
		t.Errorf("clone:\n%s", dump)
	}
	if mac := between(old, "<mac address='", "'"); mac == "" || strings.Contains(dump, mac) || !strings.Contains(dump, "52:54:00") {
		t.Errorf("MAC of the original %s in\n%s", mac, dump)
	}
	if result.Created != vmNamed(t, r.b, "web-2").ID {
		t.Errorf("made %v", result)
	}
	run(t, "qemu-io", "-f", "qcow2", "-c", "read -P 0xab 1M 64k", copied)
	run(t, "qemu-img", "compare", marked, copied)
	mustDo(t, r.b, backend.VMCloneOp{VM: web.ID, Name: "bare", Disks: []backend.CloneDisk{
		{Target: "vda", Fate: backend.DiskLeftOut}, {Target: "sda", Fate: backend.DiskLeftOut}}})
	if got := strings.TrimSpace(r.l.Virsh("domblklist", "bare")); got != "" {
		t.Errorf("disks of the bare clone: %q", got)
	}
	mustDo(t, r.b, backend.VMCloneOp{VM: web.ID, Name: "named", Disks: []backend.CloneDisk{{Target: "vda", Name: "its own.qcow2", Pool: r.pool}}})
	if got := r.l.Virsh("domblklist", "named"); !strings.Contains(got, "its own.qcow2") {
		t.Error(got)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

func (r *defineRig) cloneRefused(t *testing.T) {
	web := vmNamed(t, r.b, "web").ID
	before := r.volumes()
	r.refused(t, backend.VMCloneOp{VM: web, Name: "web-2"}, backend.ClassConflict, "exists already")
	r.refused(t, backend.VMCloneOp{VM: web, Name: "a/b"}, backend.ClassInvalid, "'/'")
	r.refused(t, backend.VMCloneOp{VM: web, Name: "x", Disks: []backend.CloneDisk{{Target: "vdz"}}}, backend.ClassNotFound, `no disk "vdz"`)
	taken := []backend.CloneDisk{{Target: "vda", Name: "ready.img"}}
	r.refused(t, backend.VMCloneOp{VM: web, Name: "x", Disks: taken}, backend.ClassConflict, "has a volume ready.img already")
	// A disk that no pool has.
	outside := filepath.Join(r.l.Dir(), "outside.img")
	if err := os.WriteFile(outside, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	r.l.Define("qemu", `<domain type='qemu'><name>outside</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os>
		<devices><disk type='file'><source file='`+outside+`'/><target dev='vda' bus='virtio'/></disk></devices></domain>`)
	if e := r.refused(t, backend.VMCloneOp{VM: vmNamed(t, r.b, "outside").ID, Name: "x"}, backend.ClassUnsupported, "in no active storage pool"); e.Remedy == "" {
		t.Errorf("no remedy: %v", e)
	}
	if got := r.volumes(); got != before {
		t.Errorf("volumes were\n%s\nand are\n%s", before, got)
	}
}

func (r *defineRig) rename(t *testing.T) {
	vm := vmNamed(t, r.b, "bare").ID
	mustDo(t, r.b, backend.VMRenameOp{VM: vm, Name: "it's \"quoted\" <&>"})
	if got := strings.TrimSpace(r.l.Virsh("domname", vm.ID)); got != "it's \"quoted\" <&>" {
		t.Errorf("virsh says %q", got)
	}
	r.refused(t, backend.VMRenameOp{VM: vm, Name: "web"}, backend.ClassConflict, "already")
	r.refused(t, backend.VMRenameOp{VM: vm, Name: "a\nb"}, backend.ClassInvalid, "control")
	mustDo(t, r.b, backend.VMRenameOp{VM: vm, Name: "bare"})
}

func (r *defineRig) resourcesOff(t *testing.T) {
	vm := vmNamed(t, r.b, "bare").ID
	result := mustDo(t, r.b, backend.VMResourcesOp{VM: vm, VCPUs: 3, MaxVCPUs: 4, Memory: 96 << 20, MaxMemory: 256 << 20})
	dump := r.l.Virsh("dumpxml", "bare")
	if !strings.Contains(dump, "current='3'>4</vcpu>") || !strings.Contains(dump, "<memory unit='KiB'>262144<") ||
		!strings.Contains(dump, "<currentMemory unit='KiB'>98304<") || result.Text != "" {
		t.Errorf("%q\n%s", result.Text, dump)
	}
	mustDo(t, r.b, backend.VMResourcesOp{VM: vm, VCPUs: 1, MaxVCPUs: 2})
	mustDo(t, r.b, backend.VMResourcesOp{VM: vm, Memory: 64 << 20, MaxMemory: 64 << 20})
	if got := r.l.Virsh("dumpxml", "bare"); !strings.Contains(got, "current='1'>2</vcpu>") || !strings.Contains(got, "<memory unit='KiB'>65536<") {
		t.Error(got)
	}
	if got := vmNamed(t, r.b, "bare"); got.VCPUs != 1 || got.Memory != 64<<20 {
		t.Errorf("%+v", got)
	}
	r.refused(t, backend.VMResourcesOp{VM: vm, VCPUs: 9}, backend.ClassInvalid, "9 vCPUs are more than the maximum of 2")
	r.refused(t, backend.VMResourcesOp{VM: vm, VCPUs: -1}, backend.ClassInvalid, "fewer than 1 vCPU")
	r.refused(t, backend.VMResourcesOp{VM: vm, Memory: 1 << 30}, backend.ClassInvalid, "1024 MiB of memory are more than the maximum of 64 MiB")
	r.refused(t, backend.VMResourcesOp{VM: vm, Memory: 1}, backend.ClassInvalid, "at least 1 MiB")
	r.refused(t, backend.VMResourcesOp{VM: vm, MaxMemory: 1 << 63}, backend.ClassInvalid, "more memory than libvirt can express")
}

func (r *defineRig) volume(t *testing.T, name string) backend.Ref {
	t.Helper()
	for _, v := range list[*backend.Volume](t, r.b, backend.Query{Kind: backend.KindVolume, Parent: r.pool}) {
		if v.Name == name {
			return v.ID
		}
	}
	t.Fatalf("no volume %q", name)
	return backend.Ref{}
}

// disk is the name under which a VM has a volume.
func (r *defineRig) disk(t *testing.T, vm backend.Ref, volume string) string {
	t.Helper()
	d, err := r.b.Get(t.Context(), vm)
	if err != nil {
		t.Fatal(err)
	}
	for _, disk := range d.VM.Disks {
		if filepath.Base(disk.Path) == volume {
			return disk.Label
		}
	}
	t.Fatalf("no disk on %q: %+v", volume, d.VM.Disks)
	return ""
}

func (r *defineRig) undefine(t *testing.T) {
	r.l.Virsh("snapshot-create-as", "named", "s1")
	named := vmNamed(t, r.b, "named").ID
	if e := r.refused(t, backend.VMUndefineOp{VM: named}, backend.ClassConflict, "1 snapshots"); !strings.Contains(e.Remedy, "snapshots' metadata") {
		t.Errorf("remedy %q", e.Remedy)
	}
	r.l.Virsh("pool-refresh", "images")
	result := mustDo(t, r.b, backend.VMUndefineOp{VM: named, Snapshots: true, Disks: []string{r.disk(t, named, "its own.qcow2")}})
	if got := r.l.Virsh("list", "--all", "--name"); strings.Contains(got, "named") {
		t.Error(got)
	}
	if got := r.volumes(); strings.Contains(got, "its own") || !strings.Contains(got, "web.qcow2") || result.Text != "deleted volume its own.qcow2" {
		t.Errorf("%q: %s", result.Text, got)
	}
	mustDo(t, r.b, backend.VMUndefineOp{VM: vmNamed(t, r.b, "web-2").ID, NVRAM: true, TPM: true, ManagedSave: true})
	if got := r.volumes(); !strings.Contains(got, "web-2-vda.qcow2") {
		t.Errorf("a volume went that was not ticked: %s", got)
	}
}

func (r *defineRig) undefineRefused(t *testing.T) {
	images := filepath.Join(r.l.Dir(), "images")
	r.l.Virsh("vol-create-as", "images", "overlay.qcow2", "5M", "--format", "qcow2", "--backing-vol", "web.qcow2", "--backing-vol-format", "qcow2")
	web := vmNamed(t, r.b, "web").ID
	op := backend.VMUndefineOp{VM: web, Disks: []string{r.disk(t, web, "web.qcow2")}}
	r.refused(t, op, backend.ClassConflict, "volume overlay.qcow2 stands on it")
	r.l.Define("qemu", `<domain type='qemu'><name>above</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
		<disk type='file'><driver name='qemu' type='qcow2'/><source file='`+images+`/overlay.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`)
	r.refused(t, op, backend.ClassConflict, "used by VM above")
	op.Disks = []string{"vdz"}
	r.refused(t, op, backend.ClassNotFound, `no disk "vdz"`)
	r.undefineOutside(t)
	if got := r.l.Virsh("list", "--all", "--name"); !strings.Contains(got, "web") {
		t.Errorf("undefined although it was refused: %s", got)
	}
	// By pool and volume instead of a path.
	r.l.Define("qemu", `<domain type='qemu'><name>byvolume</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
		<disk type='volume'><source pool='images' volume='web-2-vda.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`)
	byVolume := vmNamed(t, r.b, "byvolume").ID
	r.l.Define("qemu", `<domain type='qemu'><name>bypath</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
		<disk type='file'><driver name='qemu' type='qcow2'/><source file='`+images+`/web-2-vda.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`)
	byPath := vmNamed(t, r.b, "bypath").ID
	r.refused(t, backend.VMUndefineOp{VM: byPath, Disks: []string{"vda"}}, backend.ClassConflict, "used by VM byvolume")
	r.refused(t, backend.VMUndefineOp{VM: byVolume, Disks: []string{"vda"}}, backend.ClassConflict, "used by VM bypath")
	// What of the chain can be seen of a VM that is off.
	d, err := r.b.Get(t.Context(), vmNamed(t, r.b, "above").ID)
	if err != nil || len(d.VM.Disks) != 1 || len(d.VM.Disks[0].Backing) != 1 || d.VM.Disks[0].Backing[0] != images+"/web.qcow2" {
		t.Errorf("%+v %v", d.VM.Disks, err)
	}
	if d, err = r.b.Get(t.Context(), web); err != nil || len(d.VM.Consoles) != 1 || d.VM.Consoles[0] != "serial0" {
		t.Errorf("consoles %q %v", d.VM.Consoles, err)
	}
}

// undefineOutside: a file in no pool can't be deleted, and the VM stays.
func (r *defineRig) undefineOutside(t *testing.T) {
	t.Helper()
	file := filepath.Join(r.l.Dir(), "outside.img")
	if err := os.WriteFile(file, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	r.l.Define("qemu", `<domain type='qemu'><name>nopool</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
		<disk type='file'><source file='`+file+`'/><target dev='vda' bus='virtio'/></disk></devices></domain>`)
	vm := vmNamed(t, r.b, "nopool").ID
	if e := r.refused(t, backend.VMUndefineOp{VM: vm, Disks: []string{"vda"}}, backend.ClassUnsupported, "in no active storage pool"); !strings.Contains(e.Remedy, "define a pool") {
		t.Errorf("remedy %q", e.Remedy)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	mustDo(t, r.b, backend.VMUndefineOp{VM: vm})
}

func (r *defineRig) noManagedSave(t *testing.T) {
	web := vmNamed(t, r.b, "web").ID
	r.refused(t, backend.VMManagedSaveRemoveOp{VM: web}, backend.ClassNotFound, "it has no saved state")
	r.refused(t, backend.VMManagedSaveOp{VM: web}, backend.ClassConflict, "not running")
}

func (r *defineRig) lifeOnTestDriver(t *testing.T) {
	b := dial(t, r.l.URI("test"), false)
	vm := vmNamed(t, b, "test").ID
	mustDo(t, b, backend.AutostartOp{Object: vm, On: true})
	mustDo(t, b, backend.VMSendKeyOp{VM: vm, Keys: "ctrl+alt+delete"})
	file := filepath.Join(t.TempDir(), "shot.png")
	mustDo(t, b, backend.VMScreenshotOp{VM: vm, File: file})
	if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data), "\x89PNG") {
		t.Errorf("%v", err)
	}
	mustDo(t, b, backend.VMManagedSaveOp{VM: vm})
	if got := vmNamed(t, b, "test").State; got != backend.PowerSaved {
		t.Errorf("state %v", got)
	}
	refusal(t, b, backend.VMUndefineOp{VM: vm}, backend.ClassConflict, "managed save")
	mustDo(t, b, backend.VMManagedSaveRemoveOp{VM: vm})
	mustDo(t, b, backend.VMResourcesOp{VM: vm, Memory: 1 << 30, MaxMemory: 2 << 30})
	mustDo(t, b, backend.VMRenameOp{VM: vm, Name: "renamed"})
	mustDo(t, b, backend.VMUndefineOp{VM: vm, NVRAM: true, TPM: true, Snapshots: true, ManagedSave: true})
	if got := r.l.VirshOn("test", "list", "--all", "--name"); strings.TrimSpace(got) != "" {
		t.Errorf("virsh lists %q", got)
	}
	for _, op := range []backend.Op{backend.VMAttachDiskOp{VM: vm}, backend.VMMediaOp{VM: vm}, backend.VMMigrateOp{VM: vm}} {
		refusal(t, b, op, backend.ClassUnsupported, "libvirt's test driver")
	}
}
