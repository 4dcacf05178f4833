package libvirt

import (
	"strings"
	"testing"

	"hvdeck/backend"
)

// page is a document as lines.
func page(t *testing.T, b backend.Backend, r backend.Ref, name string) string {
	t.Helper()
	documenter, ok := backend.As[backend.Documenter](b)
	if !ok {
		t.Fatal("no documenter")
	}
	doc, err := documenter.Document(t.Context(), r, name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if doc.Ref != r || doc.Name != name || doc.At.IsZero() {
		t.Errorf("%+v", doc)
	}
	var text strings.Builder
	for _, s := range doc.Sections {
		text.WriteString("# " + s.Title + "\n")
		for _, f := range s.Fields {
			text.WriteString(f.Name + ": " + f.Value + "\n")
		}
	}
	text.WriteString(doc.Raw)
	return text.String()
}

func (r *defineRig) documents(t *testing.T, vm backend.Ref) {
	// Its balloon gives no memory back until the guest's driver is up.
	mustDo(t, r.b, backend.VMResourcesOp{VM: vm, Memory: 256 << 20})
	if got := page(t, r.b, vm, docWaiting); !strings.Contains(got, "Nothing: it runs as it is defined") {
		t.Error(got)
	}
	mustDo(t, r.b, backend.SnapshotCreateOp{VM: vm, Name: "then"})
	snap := list[*backend.Snapshot](t, r.b, backend.Query{Kind: backend.KindSnapshot, Parent: vm})[0].ID
	if got := page(t, r.b, snap, backend.DocumentDifferences); !strings.Contains(got, "None: full is as it was") {
		t.Error(got)
	}
	result := mustDo(t, r.b, backend.VMResourcesOp{VM: vm, MaxMemory: 512 << 20})
	mustDo(t, r.b, backend.VMAttachDiskOp{VM: vm, Device: "cdrom"})
	got := page(t, r.b, vm, docWaiting)
	for _, want := range []string{"# Memory: changed\nMaximum: 256 MiB → 512 MiB\n", "# Disk sdb: added\nDevice: cdrom\nBus: sata\nPath: empty"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q\n%s\nwant %q", result.Text, got, want)
		}
	}
	mustDo(t, r.b, backend.VMAttachNICOp{VM: vm, Network: "n1", MAC: "52:54:00:00:00:09"})
	if got := page(t, r.b, snap, backend.DocumentDifferences); !strings.Contains(got, "# NIC 52:54:00:00:00:09: added\nNetwork: n1\nModel: virtio\n") || strings.Contains(got, "sdb") {
		t.Error(got)
	}
	got = page(t, r.b, snap, docConfiguration)
	for _, want := range []string{"# Snapshot\nName: then\n", "Storage: internal", "State: running", "Disk vda: internal", "# Disk vda\n", "<domainsnapshot>"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nwant %q", got, want)
		}
	}
	if now, next := page(t, r.b, vm, backend.DocumentNow), page(t, r.b, vm, backend.DocumentNextStart); strings.Contains(now, "524288") || !strings.Contains(next, "524288") {
		t.Errorf("%s\n%s", now, next)
	}
	mustDo(t, r.b, backend.SnapshotDeleteOp{VM: vm, Snapshot: snap})
	if names := r.b.(*client).Documents(vm); len(names) != 3 {
		t.Errorf("%q", names)
	}
}
