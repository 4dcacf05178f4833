package libvirt

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// TestVolumeUsers: what is known of who needs a volume, and how it is learnt.
func TestVolumeUsers(t *testing.T) {
	r := newDefineRig(t)
	c, ok := backend.As[*client](r.b)
	if !ok {
		t.Fatal("no client")
	}
	t.Run("read again on the polling connection", func(t *testing.T) { r.readAgain(t, c) })
	t.Run("book", func(t *testing.T) { r.bookIsKept(t, c) })
	t.Run("cancelled new VM", r.cancelNewVM)
	t.Run("shared disk", r.sharedDisk)
	t.Run("attached just now", r.attachedJustNow)
	t.Run("silence", func(t *testing.T) { r.silence(t, c) })
	t.Run("secret left behind", func(t *testing.T) { r.secretLeftBehind(t, c) })
}

const oneDisk = `<domain type='qemu'><name>%NAME%</name><memory unit='MiB'>64</memory><os><type arch='x86_64'>hvm</type></os><devices>
<disk type='file'><driver name='qemu' type='raw'/><source file='%FILE%'/><target dev='vda' bus='virtio'/>%MORE%</disk></devices></domain>`

func (r *defineRig) defineOn(name, file, more string) {
	r.l.Define("qemu", strings.NewReplacer("%NAME%", name, "%FILE%", file, "%MORE%", more).Replace(oneDisk))
}

// readAgain: a VM that changes costs no new connection.
func (r *defineRig) readAgain(t *testing.T, c *client) {
	disk := filepath.Join(r.l.Dir(), "images/first")
	r.defineOn("first", disk, "")
	logins := c.dialer
	c.dialer = nil // aside would panic
	defer func() { c.dialer = logins }()
	for _, file := range []string{disk, disk + "2"} {
		id, err := parseUUID(strings.TrimSpace(r.l.Virsh("domuuid", "first")))
		if err != nil {
			t.Fatal(err)
		}
		c.diskUsers.forget(id)
		uses, err := c.usesBesides(t.Context(), libvirt.UUID{}, userFresh)
		if err != nil || len(uses.vms[file]) != 1 || uses.vms[file][0] != "first" {
			t.Errorf("%v %v", uses, err)
		}
		r.l.Virsh("undefine", "first")
		r.defineOn("first", disk+"2", "")
	}
	r.l.Virsh("undefine", "first")
}

// bookIsKept: a pool is read once for many deletes, and again when it has changed.
func (r *defineRig) bookIsKept(t *testing.T, c *client) {
	var all []backend.Ref
	for _, name := range []string{"a", "b", "c"} {
		all = append(all, mustDo(t, r.b, backend.VolumeCreateOp{Pool: r.pool, Name: name, Format: "raw", Capacity: 1 << 20}).Created)
	}
	pool, err := parseUUID(r.pool.ID)
	if err != nil {
		t.Fatal(err)
	}
	if c.book.fresh(pool, time.Hour) {
		t.Error("fresh, although volumes were made")
	}
	mustDo(t, r.b, backend.VolumeDeleteOp{Volume: all[0]})
	read := c.book.read[pool]
	mustDo(t, r.b, backend.VolumeDeleteOp{Volume: all[1]})
	if got := c.book.read[pool]; read.IsZero() || !got.Equal(read) {
		t.Errorf("the pool was read at %v and again at %v", read, got)
	}
	mustDo(t, r.b, backend.VolumeCreateOp{Pool: r.pool, Name: "over", Format: "qcow2", Capacity: 1 << 20,
		Backing: filepath.Join(r.l.Dir(), "images/c"), BackingFormat: "raw"})
	r.refused(t, backend.VolumeDeleteOp{Volume: all[2]}, backend.ClassConflict, "volume over stands on it")
	mustDo(t, r.b, backend.VolumeDeleteOp{Volume: r.volume(t, "over")})
	mustDo(t, r.b, backend.VolumeDeleteOp{Volume: all[2]})
}

// cancelledOnce is a context that is cancelled as soon as a file is there.
type cancelledOnce struct {
	context.Context
	file string
}

func (c cancelledOnce) Err() error {
	if _, err := os.Stat(c.file); err == nil {
		return context.Canceled
	}
	return c.Context.Err()
}

// cancelNewVM: a cancel counts once the disk is made, and the disk goes again.
func (r *defineRig) cancelNewVM(t *testing.T) {
	file := filepath.Join(r.l.Dir(), "images/given-up.raw")
	op := backend.VMNewOp{Host: r.host, Name: "given-up", VCPUs: 1, Memory: 64 << 20, Pool: r.pool, DiskSize: 1 << 20, DiskFormat: "raw"}
	_, err := r.b.Do(cancelledOnce{t.Context(), file}, op, backend.Progress{})
	if backend.ClassOf(err) != backend.ClassCancelled {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(file); err == nil || strings.Contains(r.l.Virsh("list", "--all", "--name"), "given-up") {
		t.Error("left behind")
	}
}

// sharedDisk: a clone shares what is marked shareable and nothing else that is written.
func (r *defineRig) sharedDisk(t *testing.T) {
	mustDo(t, r.b, backend.VolumeCreateOp{Pool: r.pool, Name: "both", Format: "raw", Capacity: 1 << 20})
	file := filepath.Join(r.l.Dir(), "images/both")
	r.defineOn("owner", file, "")
	op := backend.VMCloneOp{VM: vmNamed(t, r.b, "owner").ID, Name: "sharer", Disks: []backend.CloneDisk{{Target: "vda", Fate: backend.DiskShared}}}
	if e := r.refused(t, op, backend.ClassConflict, "disk vda can be written to"); !strings.Contains(e.Remedy, "shareable") {
		t.Errorf("remedy %q", e.Remedy)
	}
	r.l.Virsh("undefine", "owner")
	r.defineOn("owner", file, "<shareable/>")
	op.VM = vmNamed(t, r.b, "owner").ID
	mustDo(t, r.b, op)
	if got := r.l.Virsh("domblklist", "sharer"); !strings.Contains(got, file) {
		t.Error(got)
	}
	r.refused(t, backend.VMUndefineOp{VM: op.VM, Disks: []string{"vda"}}, backend.ClassConflict, "used by VM sharer")
	r.l.Virsh("undefine", "owner")
	mustDo(t, r.b, backend.VMUndefineOp{VM: vmNamed(t, r.b, "sharer").ID, Disks: []string{"vda"}})
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("still there: %v", err)
	}
}

// attachedJustNow: a change of a definition raises no event, and is known all the same.
func (r *defineRig) attachedJustNow(t *testing.T) {
	r.defineOn("taker", "/dev/null", "")
	vm := vmNamed(t, r.b, "taker").ID
	v := mustDo(t, r.b, backend.VolumeCreateOp{Pool: r.pool, Name: "taken", Format: "raw", Capacity: 1 << 20}).Created
	mustDo(t, r.b, backend.VMAttachDiskOp{VM: vm, Path: filepath.Join(r.l.Dir(), "images/taken"), Device: "disk"})
	r.refused(t, backend.VolumeDeleteOp{Volume: v}, backend.ClassConflict, "used by VM taker")
	mustDo(t, r.b, backend.VMDetachOp{VM: vm, Device: "vdb"})
	mustDo(t, r.b, backend.VolumeDeleteOp{Volume: v})
	r.l.Virsh("undefine", "taker")
}

// silence: a VM that does not answer is given up, and nothing is cut.
func (r *defineRig) silence(t *testing.T, c *client) {
	r.defineOn("mute", "/dev/null", "")
	d, err := c.lookupVM(t.Context(), vmNamed(t, r.b, "mute").ID)
	if err != nil {
		t.Fatal(err)
	}
	r.l.Freeze()
	_, err = c.domainText(t.Context(), c.poll, d, 0)
	r.l.Thaw()
	if backend.ClassOf(err) != backend.ClassBusy {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
	if _, err := c.domainText(t.Context(), c.poll, d, 0); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	r.l.Virsh("undefine", "mute")
}

// secretLeftBehind comes last: it leaves no connection.
func (r *defineRig) secretLeftBehind(t *testing.T, c *client) {
	cause := backend.Refuse(backend.ClassInvalid, "create secret", "s", "the value is refused")
	c.act.close()
	err := c.takeSecretBack(backend.SecretNewOp{UsageID: "s"}, libvirt.Secret{}, cause)
	if e, ok := backendError(err); !ok || e.Message != cause.Message || !strings.Contains(e.Remedy, "left behind, without a value") {
		t.Errorf("%v", err)
	}
}

// TestUnreadableVM: one whose XML can't be read may use anything.
func TestUnreadableVM(t *testing.T) {
	var x domainDisks
	if err := parsed("VM", "odd", xmlUnmarshal("<domain><devices>", &x)); err == nil {
		t.Error("broken XML is read as a VM without disks")
	}
}

// TestSinkAfterTheEnd: what comes after the end is refused.
func TestSinkAfterTheEnd(t *testing.T) {
	c := &client{poll: &rpcConn{fence: &fence{}}}
	var file strings.Builder
	sink, end := c.newSink(backend.VolumeDownloadOp{}, "v", &file, &tally{})
	defer end()
	if err := sink.put([]byte("all")); err != nil {
		t.Fatal(err)
	}
	if got := sink.finish(); len(got) != 64 {
		t.Errorf("checksum %q", got)
	}
	if err := sink.put([]byte("more")); err == nil || file.String() != "all" {
		t.Errorf("%v, the file holds %q", err, file.String())
	}
}

// TestBrokenStreamIsNoEnd: a connection that ends between two packets is not the end of
// the data.
func TestBrokenStreamIsNoEnd(t *testing.T) {
	if !endOfStream(io.EOF) || endOfStream(deed{}.unreachable(io.EOF)) || endOfStream(nil) {
		t.Error("the end of a connection is taken for that of a stream")
	}
}

// TestHalfSentRequest: the reason of an upload's end is not waited for in vain.
func TestHalfSentRequest(t *testing.T) {
	up := &transfer{s: &streamConn{ended: make(chan struct{})}, deed: deed{doing: "upload"}}
	if e := up.whyBroke(errMidFrame); e.Class != backend.ClassUnreachable {
		t.Errorf("%v", e)
	}
}
