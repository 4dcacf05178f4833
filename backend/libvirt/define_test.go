package libvirt

import (
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// defineRig is a libvirtd with a pool, and the host's reference.
type defineRig struct {
	l    *lab.Libvirtd
	b    backend.Backend
	host backend.Ref
	pool backend.Ref
}

func newDefineRig(t *testing.T) *defineRig {
	t.Helper()
	l := lab.StartLibvirtd(t)
	l.Virsh("pool-create-as", "images", "dir", "--target", filepath.Join(l.Dir(), "images"))
	r := &defineRig{l: l, b: dial(t, l.URI("qemu"), false)}
	r.host = list[*backend.Host](t, r.b, backend.Query{Kind: backend.KindHost})[0].ID
	r.pool = list[*backend.Pool](t, r.b, backend.Query{Kind: backend.KindPool})[0].ID
	return r
}

func (r *defineRig) template(t *testing.T, under backend.Ref, k backend.Kind) string {
	t.Helper()
	definer, ok := backend.As[backend.Definer](r.b)
	if !ok {
		t.Fatal("no definer")
	}
	text, err := definer.Template(t.Context(), under, k)
	if err != nil {
		t.Fatalf("template of %s: %v", k, err)
	}
	return text
}

func (r *defineRig) definition(t *testing.T, ref backend.Ref) string {
	t.Helper()
	definer, _ := backend.As[backend.Definer](r.b)
	text, err := definer.Definition(t.Context(), ref)
	if err != nil {
		t.Fatalf("definition: %v", err)
	}
	return text
}

// TestDefine takes every kind from a template to a definition and a change of it.
func TestDefine(t *testing.T) {
	r := newDefineRig(t)
	t.Run("VM", r.defineVM)
	t.Run("pool", r.definePool)
	t.Run("volume", r.defineVolume)
	t.Run("network", r.defineNetwork)
	t.Run("secret", r.defineSecret)
	t.Run("interface", r.defineInterface)
	t.Run("snapshot", r.defineSnapshot)
	t.Run("transient", r.transient)
	t.Run("refusals", r.refusals)
	t.Run("test driver", r.testDriver)
}

func (r *defineRig) defineVM(t *testing.T) {
	text := r.template(t, r.host, backend.KindVM)
	made := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindVM, Under: r.host, XML: text}).Created
	if got := strings.TrimSpace(r.l.Virsh("domuuid", "new-vm")); got != made.ID {
		t.Fatalf("virsh says %q, made %q", got, made.ID)
	}
	dump := r.l.Virsh("dumpxml", "new-vm", "--inactive")
	for _, want := range []string{"q35", "org.qemu.guest_agent.0", "<stats period='5'/>", "<serial type='pty'>", "model='virtio'", "127.0.0.1"} {
		if !strings.Contains(dump, want) {
			t.Errorf("without %q:\n%s", want, dump)
		}
	}
	if n := strings.Count(dump, "model='pcie-root-port'"); n < spareSlots {
		t.Errorf("%d root ports", n)
	}
	changed := strings.Replace(r.definition(t, made), "<vcpu placement='static'>1<", "<vcpu placement='static'>3<", 1)
	changed = strings.Replace(changed, "autoport='yes'", "autoport='yes' passwd='hunter2'", 1)
	if result := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindVM, Under: r.host, Object: made, XML: changed}); !result.Created.IsZero() {
		t.Errorf("a change made %v", result.Created)
	}
	if got := r.l.Virsh("dumpxml", "new-vm", "--security-info"); !strings.Contains(got, ">3</vcpu>") || !strings.Contains(got, "hunter2") {
		t.Errorf("not changed:\n%s", got)
	}
	if got := r.definition(t, made); !strings.Contains(got, "hunter2") {
		t.Error("the definition has lost the password")
	}
	if d, err := r.b.Get(t.Context(), made); err != nil || strings.Contains(d.Raw, "hunter2") {
		t.Errorf("the details show the password: %v", err)
	}
	mustDo(t, r.b, backend.AutostartOp{Object: made, On: true})
	if got := r.l.Virsh("dominfo", "new-vm"); !strings.Contains(got, "Autostart:      enable") {
		t.Errorf("autostart: %s", got)
	}
	mustDo(t, r.b, backend.AutostartOp{Object: made})
	if got := r.l.Virsh("dominfo", "new-vm"); !strings.Contains(got, "Autostart:      disable") {
		t.Errorf("autostart: %s", got)
	}
}

func (r *defineRig) definePool(t *testing.T) {
	text := strings.Replace(r.template(t, r.host, backend.KindPool), "/var/lib/libvirt/new-pool", filepath.Join(r.l.Dir(), "pool"), 1)
	made := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindPool, Under: r.host, XML: text}).Created
	if got := strings.TrimSpace(r.l.Virsh("pool-uuid", "new-pool")); got != made.ID {
		t.Fatalf("virsh says %q", got)
	}
	changed := strings.Replace(r.definition(t, made), "/pool<", "/other<", 1)
	mustDo(t, r.b, backend.DefineOp{Kind: backend.KindPool, Under: r.host, Object: made, XML: changed})
	if got := r.l.Virsh("pool-dumpxml", "new-pool"); !strings.Contains(got, "/other</path>") {
		t.Error(got)
	}
	renamed := strings.Replace(changed, "<name>new-pool<", "<name>second<", 1)
	r.refused(t, backend.DefineOp{Kind: backend.KindPool, Under: r.host, Object: made, XML: renamed}, backend.ClassInvalid, "another name")
}

func (r *defineRig) defineVolume(t *testing.T) {
	text := strings.Replace(r.template(t, r.pool, backend.KindVolume), "GiB\">10<", "MiB\">3<", 1)
	made := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindVolume, Under: r.pool, XML: text}).Created
	if got := r.l.Virsh("vol-info", "--bytes", "--pool", "images", "new-volume.qcow2"); !strings.Contains(got, "3145728") {
		t.Error(got)
	}
	if got := r.definition(t, made); !strings.Contains(got, "qcow2") {
		t.Error(got)
	}
	r.refused(t, backend.DefineOp{Kind: backend.KindVolume, Under: r.pool, XML: text}, backend.ClassConflict, "exists already")
	r.refused(t, backend.DefineOp{Kind: backend.KindVolume, Under: r.pool, Object: made, XML: text}, backend.ClassInvalid, "can't redefine a volume")
	escape := strings.Replace(text, "new-volume.qcow2", "../escape", 1)
	r.refused(t, backend.DefineOp{Kind: backend.KindVolume, Under: r.pool, XML: escape}, backend.ClassInvalid, "'/'")
}

func (r *defineRig) defineNetwork(t *testing.T) {
	made := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindNetwork, Under: r.host, XML: r.template(t, r.host, backend.KindNetwork)}).Created
	if got := strings.TrimSpace(r.l.Virsh("net-uuid", "new-network")); got != made.ID {
		t.Fatalf("virsh says %q", got)
	}
	changed := strings.Replace(r.definition(t, made), "192.168.150.254", "192.168.150.99", 1)
	mustDo(t, r.b, backend.DefineOp{Kind: backend.KindNetwork, Under: r.host, Object: made, XML: changed})
	if got := r.l.Virsh("net-dumpxml", "new-network"); !strings.Contains(got, "192.168.150.99") || !strings.Contains(got, "52:54:00") {
		t.Error(got)
	}
	r.refused(t, backend.DefineOp{Kind: backend.KindNetwork, Under: r.host, XML: "<network><name>new-network</name></network>"},
		backend.ClassConflict, "already exists with uuid")
}

func (r *defineRig) defineSecret(t *testing.T) {
	made := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindSecret, Under: r.host, XML: r.template(t, r.host, backend.KindSecret)}).Created
	if got := r.l.Virsh("secret-list"); !strings.Contains(got, made.ID) {
		t.Fatal(got)
	}
	changed := strings.Replace(r.definition(t, made), "new secret", "for the cluster", 1)
	mustDo(t, r.b, backend.DefineOp{Kind: backend.KindSecret, Under: r.host, Object: made, XML: changed})
	if got := r.l.Virsh("secret-dumpxml", made.ID); !strings.Contains(got, "for the cluster") {
		t.Error(got)
	}
}

// defineInterface: this build of libvirt can only look at interfaces.
func (r *defineRig) defineInterface(t *testing.T) {
	text := r.template(t, r.host, backend.KindInterface)
	r.refused(t, backend.DefineOp{Kind: backend.KindInterface, Under: r.host, XML: text}, backend.ClassUnsupported, "not supported")
	other := backend.Ref{Conn: "c", Kind: backend.KindInterface, ID: "br7"}
	r.refused(t, backend.DefineOp{Kind: backend.KindInterface, Under: r.host, Object: other, XML: text}, backend.ClassInvalid, `names the interface "br0"`)
	lo := backend.Ref{Conn: "c", Kind: backend.KindInterface, ID: "lo"}
	if got := r.definition(t, lo); !strings.Contains(got, "name='lo'") {
		t.Error(got)
	}
}

func (r *defineRig) defineSnapshot(t *testing.T) {
	r.l.DefineGuest("snapped", false)
	r.l.Virsh("snapshot-create-as", "snapped", "one", "old words")
	vm := vmNamed(t, r.b, "snapped").ID
	snap := list[*backend.Snapshot](t, r.b, backend.Query{Kind: backend.KindSnapshot, Parent: vm})[0].ID
	changed := strings.Replace(r.definition(t, snap), "old words", "new words", 1)
	mustDo(t, r.b, backend.DefineOp{Kind: backend.KindSnapshot, Under: vm, Object: snap, XML: changed})
	if got := r.l.Virsh("snapshot-dumpxml", "snapped", "one"); !strings.Contains(got, "new words") {
		t.Error(got)
	}
	if got := r.l.Virsh("snapshot-current", "snapped", "--name"); strings.TrimSpace(got) != "one" {
		t.Errorf("the current one is now %q", got)
	}
	renamed := strings.Replace(changed, "<name>one<", "<name>two<", 1)
	r.refused(t, backend.DefineOp{Kind: backend.KindSnapshot, Under: vm, Object: snap, XML: renamed}, backend.ClassInvalid, `names the snapshot "two"`)
	// What only the disks know still is made known again.
	r.l.Virsh("snapshot-delete", "snapped", "one", "--metadata")
	again := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindSnapshot, Under: vm, XML: changed}).Created
	if again != snap {
		t.Errorf("made %v", again)
	}
	r.l.Virsh("snapshot-revert", "snapped", "one")
}

func (r *defineRig) transient(t *testing.T) {
	vm := strings.NewReplacer("new-vm", "passing", "type=\"kvm\"", "type=\"qemu\"", "mode=\"host-model\"", "mode=\"maximum\"").
		Replace(r.template(t, r.host, backend.KindVM))
	made := mustDo(t, r.b, backend.DefineOp{Kind: backend.KindVM, Under: r.host, XML: vm, Transient: true}).Created
	if got := r.l.Virsh("dominfo", "passing"); !strings.Contains(got, "Persistent:     no") || !strings.Contains(got, "running") {
		t.Error(got)
	}
	mustDo(t, r.b, backend.PowerOffOp{VM: made})
	pool := `<pool type='dir'><name>passing</name><target><path>` + r.l.Dir() + `</path></target></pool>`
	mustDo(t, r.b, backend.DefineOp{Kind: backend.KindPool, Under: r.host, XML: pool, Transient: true})
	if got := r.l.Virsh("pool-info", "passing"); !strings.Contains(got, "Persistent:     no") {
		t.Error(got)
	}
	mustDo(t, r.b, backend.DefineOp{Kind: backend.KindNetwork, Under: r.host, XML: `<network><name>passing</name><bridge name='hvpass0'/></network>`, Transient: true})
	if got := r.l.Virsh("net-info", "passing"); !strings.Contains(got, "Persistent:     no") {
		t.Error(got)
	}
	r.refused(t, backend.DefineOp{Kind: backend.KindSecret, Under: r.host, XML: `<secret/>`, Transient: true}, backend.ClassUnsupported, "not supported")
}

// refused asks for exactly this refusal.
func (r *defineRig) refused(t *testing.T, op backend.Op, class backend.Class, words string) *backend.Error {
	t.Helper()
	return refusal(t, r.b, op, class, words)
}

func refusal(t *testing.T, b backend.Backend, op backend.Op, class backend.Class, words string) *backend.Error {
	t.Helper()
	_, err := do(t, b, op)
	e, ok := backendError(err)
	if !ok {
		t.Errorf("%s: not refused: %v", op.Title(), err)
		return &backend.Error{}
	}
	if e.Class != class || !strings.Contains(e.Error(), words) {
		t.Errorf("%s: %v (%q), want %v with %q", op.Title(), e, e.Class, class, words)
	}
	return e
}

func (r *defineRig) refusals(t *testing.T) {
	vm := vmNamed(t, r.b, "new-vm")
	text := r.definition(t, vm.ID)
	change := func(old, with string) backend.DefineOp {
		return backend.DefineOp{Kind: backend.KindVM, Under: r.host, Object: vm.ID, XML: strings.Replace(text, old, with, 1)}
	}
	r.refused(t, change(vm.UUID, backend.NewUUID()), backend.ClassInvalid, "UUID of another object")
	r.refused(t, change("<uuid>"+vm.UUID+"</uuid>", ""), backend.ClassInvalid, "has no <uuid>")
	r.refused(t, change("<name>new-vm<", "<name>other<"), backend.ClassInvalid, "can't rename it")
	e := r.refused(t, change("<on_poweroff>", "<nonsense>1</nonsense><on_poweroff>"), backend.ClassInvalid, "nonsense")
	if e.Code == "" || strings.Contains(e.Error(), "hunter2") {
		t.Errorf("%#v", e)
	}
	e = r.refused(t, change("passwd='hunter2'", "passwd='hunter2' sharePolicy='hunter2'"), backend.ClassInvalid, "")
	if strings.Contains(e.Error(), "hunter2") {
		t.Errorf("the password is told: %v", e)
	}
	same := backend.DefineOp{Kind: backend.KindVM, Under: r.host, XML: `<domain type='qemu'><name>new-vm</name><memory>65536</memory><os><type>hvm</type></os></domain>`}
	if e := r.refused(t, same, backend.ClassConflict, "already exists with uuid "+vm.UUID); e.Remedy == "" || e.Code != "9" {
		t.Errorf("%#v", e)
	}
	r.refused(t, backend.DefineOp{Kind: backend.KindHost, Under: r.host, XML: "<host/>"}, backend.ClassUnsupported, "")
	gone := backend.Ref{Conn: "c", Kind: backend.KindVM, ID: backend.NewUUID()}
	r.refused(t, backend.DefineOp{Kind: backend.KindVM, Under: r.host, Object: gone, XML: strings.Replace(text, vm.UUID, gone.ID, 1)}, backend.ClassNotFound, "")
	slash := strings.NewReplacer("new-vm", "a/b", vm.UUID, backend.NewUUID()).Replace(text)
	r.refused(t, backend.DefineOp{Kind: backend.KindVM, Under: r.host, XML: slash}, backend.ClassInvalid, "'/'")
}

func (r *defineRig) testDriver(t *testing.T) {
	b := dial(t, r.l.URI("test"), false)
	host := list[*backend.Host](t, b, backend.Query{Kind: backend.KindHost})[0].ID
	on := &defineRig{l: r.l, b: b, host: host}
	vm := mustDo(t, b, backend.DefineOp{Kind: backend.KindVM, Under: host, XML: on.template(t, host, backend.KindVM)}).Created
	pool := mustDo(t, b, backend.DefineOp{Kind: backend.KindPool, Under: host, XML: on.template(t, host, backend.KindPool)}).Created
	net := mustDo(t, b, backend.DefineOp{Kind: backend.KindNetwork, Under: host, XML: on.template(t, host, backend.KindNetwork)}).Created
	iface := mustDo(t, b, backend.DefineOp{Kind: backend.KindInterface, Under: host, XML: on.template(t, host, backend.KindInterface)}).Created
	for _, ref := range []backend.Ref{vm, pool, net, iface} {
		text := on.definition(t, ref)
		mustDo(t, b, backend.DefineOp{Kind: ref.Kind, Under: host, Object: ref, XML: text})
	}
	if got := r.l.VirshOn("test", "list", "--all", "--name"); !strings.Contains(got, "new-vm") {
		t.Error(got)
	}
	if got := r.l.VirshOn("test", "iface-list", "--all"); !strings.Contains(got, "br0") {
		t.Error(got)
	}
}
