package libvirt

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
)

const twoDisks = `<domain type='qemu'><name>two</name><memory unit='MiB'>32</memory><os><type arch='x86_64' machine='q35'>hvm</type>%s</os><features><acpi/></features><devices>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='%[2]s/one.qcow2'/><target dev='vda' bus='virtio'/></disk>
<disk type='file'><driver name='qemu' type='qcow2'/><source file='%[2]s/two.qcow2'/><target dev='vdb' bus='virtio'/></disk></devices></domain>`

// TestCloneUnderWay: progress, a cancel, and UEFI variables.
func TestCloneUnderWay(t *testing.T) {
	r := newDefineRig(t)
	images := filepath.Join(r.l.Dir(), "images")
	vars := filepath.Join(r.l.Dir(), "two_VARS.fd")
	code := filepath.Join(r.l.Dir(), "code.fd")
	for _, path := range []string{vars, code} {
		if err := os.WriteFile(path, make([]byte, 1<<16), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"one", "two"} {
		r.l.Virsh("vol-create-as", "images", name+".qcow2", "8M", "--format", "qcow2")
		run(t, "qemu-io", "-f", "qcow2", "-c", "write -P 1 0 4M", filepath.Join(images, name+".qcow2"))
	}
	r.l.Virsh("pool-refresh", "images")
	firmware := fmt.Sprintf("<loader readonly='yes' type='pflash'>%s</loader><nvram template='%s'>%s</nvram>", code, vars, vars)
	r.l.Define("qemu", fmt.Sprintf(twoDisks, firmware, images))
	vm := vmNamed(t, r.b, "two").ID
	t.Run("cancelled", func(t *testing.T) { r.cancelClone(t, vm) })
	t.Run("done", func(t *testing.T) { r.watchClone(t, vm, vars) })
	t.Run("undefine keeps variables", func(t *testing.T) {
		mustDo(t, r.b, backend.VMUndefineOp{VM: vm})
		if _, err := os.Stat(vars); err != nil {
			t.Error(err)
		}
	})
	t.Run("undefine removes variables", func(t *testing.T) {
		r.l.Define("qemu", fmt.Sprintf(twoDisks, firmware, images))
		mustDo(t, r.b, backend.VMUndefineOp{VM: vmNamed(t, r.b, "two").ID, NVRAM: true})
		if _, err := os.Stat(vars); !os.IsNotExist(err) {
			t.Errorf("still there: %v", err)
		}
	})
}

// cancelClone gives up after the first of two disks: its copy goes again.
func (r *defineRig) cancelClone(t *testing.T, vm backend.Ref) {
	t.Helper()
	before := r.volumes()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	copied := ""
	_, err := r.b.Do(ctx, backend.VMCloneOp{VM: vm, Name: "copy"}, backend.Progress{Bytes: func(done, _ int64) {
		if done > 0 && copied == "" {
			copied = r.volumes()
			cancel()
		}
	}})
	if backend.ClassOf(err) != backend.ClassCancelled || !strings.Contains(copied, "copy-vda.qcow2") {
		t.Errorf("%v; volumes were\n%s", err, copied)
	}
	if got := r.volumes(); got != before {
		t.Errorf("left behind:\n%s", got)
	}
	if got := r.l.Virsh("list", "--all", "--name"); strings.Contains(got, "copy") {
		t.Error(got)
	}
}

func (r *defineRig) watchClone(t *testing.T, vm backend.Ref, vars string) {
	t.Helper()
	var last, total int64
	result, err := r.b.Do(t.Context(), backend.VMCloneOp{VM: vm, Name: "copy"}, backend.Progress{Bytes: func(done, all int64) {
		if done < last || done > all {
			t.Errorf("%d of %d after %d", done, all, last)
		}
		last, total = done, all
	}})
	if err != nil {
		t.Fatal(err)
	}
	if total < 8<<20 || last != total {
		t.Errorf("%d of %d bytes", last, total)
	}
	if !strings.Contains(result.Text, "2 disks copied") || !strings.Contains(result.Text, "UEFI variables begin anew") {
		t.Errorf("%q", result.Text)
	}
	dump := r.l.Virsh("dumpxml", "copy")
	if strings.Contains(dump, ">"+vars+"<") || !strings.Contains(dump, "copy-vda.qcow2") || !strings.Contains(dump, "copy-vdb.qcow2") {
		t.Error(dump)
	}
	// One disk ticked and one not.
	mustDo(t, r.b, backend.VMUndefineOp{VM: result.Created, Disks: []string{"vdb"}})
	if got := r.volumes(); strings.Contains(got, "copy-vdb") || !strings.Contains(got, "copy-vda.qcow2") {
		t.Error(got)
	}
	mustDo(t, r.b, backend.VolumeDeleteOp{Volume: r.volume(t, "copy-vda.qcow2")})
}
