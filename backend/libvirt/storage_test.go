package libvirt

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// TestStorage does everything to pools and volumes on QEMU's daemon; virsh says what
// came of it.
func TestStorage(t *testing.T) {
	l := lab.StartLibvirtd(t)
	s := &storageLab{l: l, b: dial(t, l.URI("qemu"), false)}
	t.Run("pools", s.pools)
	t.Run("pool that fails half way", s.poolUndone)
	t.Run("pool refusals", s.poolRefusals)
	t.Run("volumes", s.volumes)
	t.Run("users", s.users)
	t.Run("wipe", s.wipe)
	t.Run("volume refusals", s.volumeRefusals)
}

type storageLab struct {
	l *lab.Libvirtd
	b backend.Backend
}

// refused wants an operation to be refused with a class and these words, in the
// message or in the remedy.
func refused(t *testing.T, b backend.Backend, op backend.Op, class backend.Class, words ...string) {
	t.Helper()
	_, err := do(t, b, op)
	e, ok := backendError(err)
	if !ok {
		t.Errorf("%s: %v", op.Title(), err)
		return
	}
	text := e.Error() + " | " + e.Remedy
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s: %q does not say %q", op.Title(), text, w)
		}
	}
	if e.Class != class {
		t.Errorf("%s: %q is %v, want %v", op.Title(), text, e.Class, class)
	}
}

func poolNamed(t testing.TB, b backend.Backend, name string) *backend.Pool {
	t.Helper()
	for _, p := range list[*backend.Pool](t, b, backend.Query{Kind: backend.KindPool}) {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no pool %q", name)
	return nil
}

func volumeNamed(t testing.TB, b backend.Backend, pool backend.Ref, name string) *backend.Volume {
	t.Helper()
	for _, v := range list[*backend.Volume](t, b, backend.Query{Kind: backend.KindVolume, Parent: pool}) {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no volume %q", name)
	return nil
}

// newPool makes a directory pool that runs.
func (s *storageLab) newPool(t *testing.T, name string) backend.Ref {
	t.Helper()
	return mustDo(t, s.b, backend.PoolNewOp{Name: name, Type: "dir", Path: filepath.Join(s.l.Dir(), "images", name), Build: true, Start: true}).Created
}

func (s *storageLab) info(t *testing.T, pool, field string) string {
	t.Helper()
	for line := range strings.Lines(s.l.Virsh("pool-info", pool)) {
		if name, value, ok := strings.Cut(line, ":"); ok && name == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (s *storageLab) pools(t *testing.T) {
	dir := filepath.Join(s.l.Dir(), "images", "p <1> & 'q\"")
	r := mustDo(t, s.b, backend.PoolNewOp{Name: "new & <pool>", Type: "dir", Path: dir, Build: true, Start: true, Autostart: true})
	const name = "new & <pool>"
	if s.info(t, name, "State") != "running" || s.info(t, name, "Autostart") != "yes" || s.info(t, name, "Persistent") != "yes" {
		t.Errorf("virsh: %s", s.l.Virsh("pool-info", name))
	}
	p := poolNamed(t, s.b, name)
	if p.ID != r.Created || p.Path != dir || p.Type != "dir" || !p.Autostart || p.Rev == 0 {
		t.Errorf("%+v", p)
	}
	s.l.Virsh("vol-create-as", name, "one", "1M")
	if again := poolNamed(t, s.b, name); again.Rev == p.Rev {
		t.Error("a new volume leaves the revision as it is")
	}
	if err := os.WriteFile(filepath.Join(dir, "found"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustDo(t, s.b, backend.PoolRefreshOp{Pool: p.ID})
	if out := s.l.Virsh("vol-list", name); !strings.Contains(out, "found") {
		t.Errorf("not refreshed: %s", out)
	}
	refused(t, s.b, backend.UndefineOp{Object: p.ID}, backend.ClassConflict, "active", "stop the pool first")
	refused(t, s.b, backend.StartOp{Object: p.ID}, backend.ClassConflict, "already active")
	mustDo(t, s.b, backend.AutostartOp{Object: p.ID})
	mustDo(t, s.b, backend.StopOp{Object: p.ID})
	if s.info(t, name, "State") != "inactive" || s.info(t, name, "Autostart") != "no" {
		t.Errorf("virsh: %s", s.l.Virsh("pool-info", name))
	}
	refused(t, s.b, backend.StopOp{Object: p.ID}, backend.ClassConflict, "not active")
	refused(t, s.b, backend.PoolRefreshOp{Pool: p.ID}, backend.ClassConflict, "not active", "start the pool first")
	mustDo(t, s.b, backend.StartOp{Object: p.ID})
	mustDo(t, s.b, backend.StopOp{Object: p.ID})
	refused(t, s.b, backend.PoolDeleteOp{Pool: p.ID}, backend.ClassOther, "not empty")
	for _, f := range []string{"one", "found"} {
		_ = os.Remove(filepath.Join(dir, f))
	}
	mustDo(t, s.b, backend.PoolDeleteOp{Pool: p.ID})
	if _, err := os.Stat(dir); err == nil {
		t.Error("the directory is still there")
	}
	mustDo(t, s.b, backend.PoolBuildOp{Pool: p.ID})
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	mustDo(t, s.b, backend.UndefineOp{Object: p.ID})
	if out := s.l.Virsh("pool-list", "--all", "--name"); strings.Contains(out, name) {
		t.Errorf("still defined: %s", out)
	}
	refused(t, s.b, backend.StartOp{Object: p.ID}, backend.ClassNotFound, "no storage pool with matching uuid")
}

// poolUndone: a pool that can't be started is not left behind.
func (s *storageLab) poolUndone(t *testing.T) {
	dir := filepath.Join(s.l.Dir(), "images", "half")
	refused(t, s.b, backend.PoolNewOp{Name: "half", Type: "dir", Path: dir, Start: true}, backend.ClassOther, "start: ", "half")
	refused(t, s.b, backend.PoolNewOp{Name: "half", Type: "logical", SourceName: "vg0", Start: true}, backend.ClassOther, ": ")
	refused(t, s.b, backend.PoolNewOp{Name: "half", Type: "fs", Path: dir, SourceDevice: "/dev/nowhere", SourceFormat: "ext4", Build: true, Start: true},
		backend.ClassConflict, "build: ", "does not exist")
	if out := s.l.Virsh("pool-list", "--all", "--name"); strings.Contains(out, "half") {
		t.Errorf("left behind: %s", out)
	}
}

func (s *storageLab) poolRefusals(t *testing.T) {
	s.newPool(t, "taken")
	base := backend.PoolNewOp{Name: "n", Type: "dir", Path: "/srv/x"}
	with := func(change func(*backend.PoolNewOp)) backend.PoolNewOp {
		o := base
		change(&o)
		return o
	}
	for _, tt := range []struct {
		op    backend.PoolNewOp
		words string
	}{
		{with(func(o *backend.PoolNewOp) { o.Name = "" }), "must not be empty"},
		{with(func(o *backend.PoolNewOp) { o.Name = "a/b" }), "must not contain '/'"},
		{with(func(o *backend.PoolNewOp) { o.Name = "a\nb" }), "control characters"},
		{with(func(o *backend.PoolNewOp) { o.Name = ".." }), "can't be"},
		{with(func(o *backend.PoolNewOp) { o.Type = "zfs" }), "no type of pool"},
		{with(func(o *backend.PoolNewOp) { o.Path = "" }), "needs a target path"},
		{with(func(o *backend.PoolNewOp) { o.Path = "srv" }), "begin with a slash"},
		{with(func(o *backend.PoolNewOp) { o.Path = "/a\x1bb" }), "control character"},
		{with(func(o *backend.PoolNewOp) { o.SourceFormat = "nfs" }), "no source format"},
		{with(func(o *backend.PoolNewOp) { o.AuthUser = "u" }), "no user and password"},
		{backend.PoolNewOp{Name: "n", Type: "netfs", Path: "/x", SourceDir: "/y"}, "needs a source host"},
		{backend.PoolNewOp{Name: "n", Type: "netfs", Path: "/x", SourceHost: "h"}, "needs a exported directory"},
		{backend.PoolNewOp{Name: "n", Type: "netfs", Path: "/x", SourceHost: "h:0", SourceDir: "/y"}, "port of h"},
		{backend.PoolNewOp{Name: "n", Type: "netfs", Path: "/x", SourceHost: "h", SourceDir: "/y", SourceFormat: "smb9"}, "no format of type netfs"},
		{backend.PoolNewOp{Name: "n", Type: "fs", Path: "/x"}, "needs a source device"},
		{backend.PoolNewOp{Name: "n", Type: "logical"}, "needs a source name"},
		{backend.PoolNewOp{Name: "n", Type: "disk"}, "needs a source device"},
		{backend.PoolNewOp{Name: "n", Type: "iscsi", SourceHost: "h"}, "needs a source device"},
		{backend.PoolNewOp{Name: "n", Type: "rbd", SourceName: "p"}, "needs a source host"},
		{backend.PoolNewOp{Name: "n", Type: "rbd", SourceName: "p", SourceHost: "h", AuthUser: "u"}, "needs the secret"},
	} {
		refused(t, s.b, tt.op, backend.ClassInvalid, tt.words)
	}
	refused(t, s.b, backend.PoolNewOp{Name: "taken", Type: "dir", Path: "/srv/x"}, backend.ClassConflict, "there is a pool of this name")
}

func (s *storageLab) volumes(t *testing.T) {
	pool := s.newPool(t, "vols")
	base := mustDo(t, s.b, backend.VolumeCreateOp{Pool: pool, Name: "base.qcow2", Format: "qcow2", Capacity: 8 << 20, Metadata: true}).Created
	mustDo(t, s.b, backend.VolumeCreateOp{Pool: pool, Name: "raw & 'q\".img", Format: "raw", Capacity: 4 << 20, Allocation: 4 << 20})
	path := filepath.Join(s.l.Dir(), "images/vols/base.qcow2")
	top := mustDo(t, s.b, backend.VolumeCreateOp{Pool: pool, Name: "top.qcow2", Format: "qcow2", Capacity: 16 << 20, Backing: path, BackingFormat: "qcow2"}).Created
	if xml := s.l.Virsh("vol-dumpxml", "top.qcow2", "vols"); !strings.Contains(xml, "<path>"+path+"</path>") || !strings.Contains(xml, "16777216") {
		t.Errorf("virsh: %s", xml)
	}
	v := volumeNamed(t, s.b, pool, "raw & 'q\".img")
	if v.Allocation < 4<<20 || v.Format != "raw" || v.Capacity != 4<<20 {
		t.Errorf("%+v", v)
	}
	list[*backend.Volume](t, s.b, backend.Query{Kind: backend.KindVolume, Parent: pool})
	if b := volumeNamed(t, s.b, pool, "base.qcow2"); len(b.Under) != 1 || b.Under[0] != "top.qcow2" || b.ID != base {
		t.Errorf("under: %+v", b)
	}
	refused(t, s.b, backend.VolumeDeleteOp{Volume: base}, backend.ClassConflict, "volume top.qcow2 stands on it")
	var last int64
	ctx := t.Context()
	r, err := s.b.Do(ctx, backend.VolumeCloneOp{Volume: base, Name: "copy.raw", Format: "raw"}, backend.Progress{Bytes: func(done, _ int64) { last = done }})
	if err != nil {
		t.Fatal(err, last)
	}
	if xml := s.l.Virsh("vol-dumpxml", "copy.raw", "vols"); !strings.Contains(xml, "<format type='raw'/>") {
		t.Errorf("virsh: %s", xml)
	}
	res := mustDo(t, s.b, backend.VolumeResizeOp{Volume: r.Created, Capacity: 12 << 20})
	if !strings.Contains(res.Text, "from 8 MiB to 12 MiB") || !strings.Contains(s.l.Virsh("vol-info", "copy.raw", "vols"), "12.00 MiB") {
		t.Errorf("%q", res.Text)
	}
	refused(t, s.b, backend.VolumeResizeOp{Volume: r.Created, Capacity: 1 << 20}, backend.ClassInvalid, "would be lost", "allow shrinking")
	res = mustDo(t, s.b, backend.VolumeResizeOp{Volume: r.Created, Capacity: 1 << 20, Shrink: true})
	if !strings.Contains(res.Text, "is lost") || !strings.Contains(s.l.Virsh("vol-info", "copy.raw", "vols"), "1.00 MiB") {
		t.Errorf("%q", res.Text)
	}
	for _, ref := range []backend.Ref{top, base, r.Created} {
		mustDo(t, s.b, backend.VolumeDeleteOp{Volume: ref})
	}
	if out := s.l.Virsh("vol-list", "vols"); strings.Contains(out, "qcow2") || strings.Contains(out, "copy") {
		t.Errorf("still there: %s", out)
	}
	refused(t, s.b, backend.VolumeDeleteOp{Volume: base}, backend.ClassNotFound, "find volume")
}

// users: who uses a volume, by path, through a chain, by pool and name, and as medium.
func (s *storageLab) users(t *testing.T) {
	pool := s.newPool(t, "used")
	dir := filepath.Join(s.l.Dir(), "images/used")
	for _, name := range []string{"base", "byname", "free", "iso"} {
		mustDo(t, s.b, backend.VolumeCreateOp{Pool: pool, Name: name, Format: "qcow2", Capacity: 1 << 20})
	}
	mustDo(t, s.b, backend.VolumeCreateOp{Pool: pool, Name: "top", Format: "qcow2", Capacity: 1 << 20, Backing: dir + "/base", BackingFormat: "qcow2"})
	w := watch(t, s.b)
	s.l.Define("qemu", `<domain type='qemu'><name>user</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='`+dir+`/top'/><target dev='vda'/></disk>
<disk type='volume' device='disk'><driver name='qemu' type='qcow2'/><source pool='used' volume='byname'/><target dev='vdb'/></disk>
<disk type='file' device='cdrom'><source file='`+dir+`/iso'/><target dev='sda' bus='sata'/></disk></devices></domain>`)
	eventually(t, 10*time.Second, "the users are known", func() bool {
		all := list[*backend.Volume](t, s.b, backend.Query{Kind: backend.KindVolume, Parent: pool})
		for _, v := range all {
			if !v.UsedKnown || (len(v.UsedBy) == 1 && v.UsedBy[0] == "user") == (v.Name == "free") {
				return false
			}
		}
		return len(all) == 5
	})
	_ = w
	for _, name := range []string{"base", "byname", "iso", "top"} {
		refused(t, s.b, backend.VolumeDeleteOp{Volume: volumeNamed(t, s.b, pool, name).ID}, backend.ClassConflict, "used by VM user", "detach it")
	}
	mustDo(t, s.b, backend.VolumeDeleteOp{Volume: volumeNamed(t, s.b, pool, "free").ID})
	s.l.Virsh("undefine", "user")
	eventually(t, 10*time.Second, "nobody uses them any more", func() bool {
		v := volumeNamed(t, s.b, pool, "iso")
		return v.UsedKnown && len(v.UsedBy) == 0
	})
	mustDo(t, s.b, backend.VolumeDeleteOp{Volume: volumeNamed(t, s.b, pool, "iso").ID})
}

func (s *storageLab) wipe(t *testing.T) {
	pool := s.newPool(t, "wiped")
	v := mustDo(t, s.b, backend.VolumeCreateOp{Pool: pool, Name: "v", Format: "raw", Capacity: 1 << 20}).Created
	path := filepath.Join(s.l.Dir(), "images/wiped/v")
	if err := os.WriteFile(path, []byte(strings.Repeat("secret", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	mustDo(t, s.b, backend.VolumeWipeOp{Volume: v, Algorithm: "zero"})
	if got, err := os.ReadFile(path); err != nil || strings.Trim(string(got), "\x00") != "" {
		t.Errorf("not wiped: %.40q %v", got, err)
	}
	for _, algorithm := range backend.WipeAlgorithms() {
		switch algorithm {
		case "zero":
		case "trim":
			refused(t, s.b, backend.VolumeWipeOp{Volume: v, Algorithm: algorithm}, backend.ClassUnsupported, "trim")
		default:
			refused(t, s.b, backend.VolumeWipeOp{Volume: v, Algorithm: algorithm}, backend.ClassOther, "scrub", "install scrub on the host")
		}
	}
	refused(t, s.b, backend.VolumeWipeOp{Volume: v, Algorithm: "hammer"}, backend.ClassInvalid, "no way to wipe")
}

func (s *storageLab) volumeRefusals(t *testing.T) {
	pool := s.newPool(t, "strict")
	create := func(o backend.VolumeCreateOp) backend.VolumeCreateOp { o.Pool = pool; return o }
	for _, tt := range []struct {
		op    backend.VolumeCreateOp
		words string
	}{
		{create(backend.VolumeCreateOp{Name: "v", Format: "raw"}), "0 bytes"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "raw", Capacity: 1 << 63}), "more than a file can have"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "raw", Capacity: 1, Allocation: 2}), "can't be allocated"},
		{create(backend.VolumeCreateOp{Name: "../../etc/passwd", Format: "raw", Capacity: 1}), "must not contain '/'"},
		{create(backend.VolumeCreateOp{Name: "..", Format: "raw", Capacity: 1}), "can't be"},
		{create(backend.VolumeCreateOp{Name: "a\x00b", Format: "raw", Capacity: 1}), "control characters"},
		{create(backend.VolumeCreateOp{Name: strings.Repeat("x", 300), Format: "raw", Capacity: 1}), "longer than"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "floppy", Capacity: 1}), "no format of a volume"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "raw", Capacity: 1, Metadata: true}), "only qcow2"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "raw", Capacity: 1, Backing: "/x", BackingFormat: "raw"}), "has to be qcow2"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "qcow2", Capacity: 1, Backing: "/x"}), "lets a guest read any file"},
		{create(backend.VolumeCreateOp{Name: "v", Format: "qcow2", Capacity: 1, Backing: "x", BackingFormat: "raw"}), "begin with a slash"},
	} {
		refused(t, s.b, tt.op, backend.ClassInvalid, tt.words)
	}
	ok := create(backend.VolumeCreateOp{Name: "v", Format: "raw", Capacity: 1 << 20})
	v := mustDo(t, s.b, ok).Created
	refused(t, s.b, ok, backend.ClassConflict, "choose another name")
	refused(t, s.b, create(backend.VolumeCreateOp{Name: "big", Format: "raw", Capacity: 1 << 62, Allocation: 1 << 62}), backend.ClassOther, "create volume big")
	refused(t, s.b, backend.VolumeCloneOp{Volume: v, Name: "a/b"}, backend.ClassInvalid, "must not contain '/'")
	refused(t, s.b, backend.VolumeCloneOp{Volume: v, Name: "v"}, backend.ClassConflict, "choose another name")
	refused(t, s.b, backend.VolumeResizeOp{Volume: v}, backend.ClassInvalid, "0 bytes")
	refused(t, s.b, backend.VolumeResizeOp{Volume: v, Capacity: 1<<64 - 1}, backend.ClassInvalid, "more than a file can have")
	if out := s.l.Virsh("vol-list", "strict"); strings.Count(out, "\n") > 0 {
		t.Errorf("left behind: %s", out)
	}
}
