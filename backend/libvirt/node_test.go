package libvirt

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
)

func (s *storageLab) host(t *testing.T) *backend.Host {
	t.Helper()
	return list[*backend.Host](t, s.b, backend.Query{Kind: backend.KindHost})[0]
}

func (s *storageLab) node(t *testing.T) {
	host := s.host(t).ID
	d, err := s.b.Get(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	if d.Host.Sharing == nil || d.Host.CPUMap == "" || len(d.Host.CellFree) != d.Host.Cells || d.Host.CellFree[0] == 0 || d.Host.Library == "" || d.Host.Hypervisor == "" {
		t.Errorf("%+v", d.Host)
	}
	facts := fmt.Sprint(d.Fields)
	for _, name := range []string{"Memory of the cells", "Memory of the kernel", "Free memory", "Library", "Hypervisor"} {
		if !strings.Contains(facts, name) {
			t.Errorf("no %q in %s", name, facts)
		}
	}
	// Set what is set already: the host is not ours.
	now := d.Host.Sharing
	mustDo(t, s.b, backend.NodeTuneOp{Host: host, PagesToScan: int64(now.PagesToScan), SleepMillis: -1, MergeAcross: -1})
	if out := s.l.Virsh("node-memory-tune"); !strings.Contains(out, fmt.Sprintf("shm_pages_to_scan %d", now.PagesToScan)) {
		t.Errorf("virsh: %s", out)
	}
	for _, tt := range []struct {
		op    backend.Op
		class backend.Class
		words string
	}{
		{backend.NodeTuneOp{Host: host, PagesToScan: -1, SleepMillis: -1, MergeAcross: -1}, backend.ClassInvalid, "nothing was to be changed"},
		{backend.NodeTuneOp{Host: host, PagesToScan: 1 << 40, SleepMillis: -1, MergeAcross: -1}, backend.ClassInvalid, "is the most"},
		{backend.NodeTuneOp{Host: host, PagesToScan: -1, SleepMillis: -1, MergeAcross: 2}, backend.ClassInvalid, "1 for yes"},
		{backend.NodeTuneOp{PagesToScan: 1}, backend.ClassNotFound, "no such host"},
	} {
		refused(t, s.b, tt.op, tt.class, tt.words)
	}
	s.sleeps(t, host)
}

// sleeps: never one that would work, since the machine would sleep.
func (s *storageLab) sleeps(t *testing.T, host backend.Ref) {
	c, _ := backend.As[*client](s.b)
	for _, tt := range []struct {
		op    backend.NodeSuspendOp
		words string
	}{
		{backend.NodeSuspendOp{Host: host, To: "mem", For: 59 * time.Second}, "1m0s at least"},
		{backend.NodeSuspendOp{Host: host, To: "mem", For: -time.Hour}, "1m0s at least"},
		{backend.NodeSuspendOp{Host: host, To: "nap", For: time.Hour}, "no way to sleep"},
	} {
		_, err := c.suspendNode(t.Context(), tt.op, backend.Progress{})
		if backend.ClassOf(err) != backend.ClassInvalid || !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%+v: %v", tt.op, err)
		}
	}
	// virsh sees what the console says of this host.
	sleepless := strings.Contains(s.l.Virsh("capabilities"), "<power_management/>")
	why := s.b.Caps().Why(backend.VerbNodeSuspend)
	if sleepless != strings.Contains(why, "can't sleep") {
		t.Errorf("greyed with %q; sleepless: %v", why, sleepless)
	}
	if sleepless {
		refused(t, s.b, backend.NodeSuspendOp{Host: host, To: "mem", For: time.Hour}, backend.ClassUnsupported, "can't sleep")
	}
	was := c.node.capabilities
	defer func() { c.node.capabilities = was }()
	c.node.capabilities = "<capabilities><host><power_management/></host></capabilities>"
	if c.canSleepAnyhow() {
		t.Error("a host without a way to sleep can sleep")
	}
}

func (s *storageLab) documents(t *testing.T) {
	host := s.host(t).ID
	docs, _ := backend.As[backend.Documenter](s.b)
	want := []string{"System information", "Capabilities", "Domain capabilities", "Storage capabilities"}
	if got := docs.Documents(host); !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	for _, tt := range []struct{ name, root, title, fact string }{
		{"Capabilities", "<capabilities", "CPU", "Architecture"},
		{"Domain capabilities", "<domainCapabilities", "Devices", "Domain"},
		{"Storage capabilities", "<storagepoolCapabilities", "Pool dir", "Source format type"},
	} {
		d, err := docs.Document(t.Context(), host, tt.name)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		text := fmt.Sprintf("%+v", d.Sections)
		if !strings.HasPrefix(strings.TrimSpace(d.Raw), tt.root) || !strings.Contains(text, "Title:"+tt.title) || !strings.Contains(text, tt.fact) {
			t.Errorf("%s: %.3000s", tt.name, text)
		}
	}
	_, err := docs.Document(t.Context(), host, "System information")
	if out, failed := s.l.TryVirsh("sysinfo"); failed != nil {
		e, _ := backendError(err)
		if e == nil || !strings.Contains(out, e.Message) || !strings.Contains(e.Remedy, "DMI") {
			t.Errorf("%v; virsh: %s", err, out)
		}
	} else if err != nil {
		t.Error(err)
	}
}

// readOnly: the server's word for it.
func (s *storageLab) readOnly(t *testing.T) {
	b := dial(t, s.l.URI("qemu"), true)
	refused(t, b, backend.PoolNewOp{Name: "x", Type: "dir", Path: "/x"}, backend.ClassDenied, "read-only connection")
	reader, _ := backend.As[backend.SecretReader](b)
	if _, err := reader.SecretValue(t.Context(), backend.Ref{}); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("%v", err)
	}
	list[*backend.Secret](t, b, backend.Query{Kind: backend.KindSecret})
	list[*backend.NodeDevice](t, b, backend.Query{Kind: backend.KindNodeDevice})
}

// testDriver: what the driver lacks is an empty list, or a verb that says so.
func (s *storageLab) testDriver(t *testing.T) {
	b := dial(t, s.l.URI("test"), false)
	if all := list[*backend.Secret](t, b, backend.Query{Kind: backend.KindSecret}); len(all) != 0 {
		t.Errorf("%q", names(all))
	}
	if all := list[*backend.Interface](t, b, backend.Query{Kind: backend.KindInterface}); len(all) == 0 {
		t.Error("no interfaces")
	}
	if all := list[*backend.NodeDevice](t, b, backend.Query{Kind: backend.KindNodeDevice}); len(all) == 0 {
		t.Error("no devices")
	}
	const no = "not supported by libvirt's test driver"
	for _, op := range []backend.Op{
		backend.SecretNewOp{Usage: "none"}, backend.SecretSetOp{}, backend.VolumeResizeOp{}, backend.VolumeWipeOp{},
		backend.VolumeUploadOp{}, backend.VolumeDownloadOp{}, backend.VolumeImportOp{}, backend.NodeTuneOp{}, backend.NodeSuspendOp{},
	} {
		refused(t, b, op, backend.ClassUnsupported, no)
	}
	s.testDriverChanges(t, b)
	c, _ := backend.As[*client](b)
	sleep := backend.NodeSuspendOp{Host: c.node.ref, To: "mem", For: backend.MinNodeSuspend}
	_, err := c.suspendNode(t.Context(), sleep, backend.Progress{})
	if backend.ClassOf(err) != backend.ClassUnsupported || !strings.Contains(err.Error(), "can't sleep to mem") {
		t.Errorf("%v", err)
	}
	c.node.capabilities = "" // asked itself, this driver knows no sleep at all
	_, err = c.suspendNode(t.Context(), sleep, backend.Progress{})
	if e, _ := backendError(err); e == nil || e.Code != "3" || !strings.Contains(e.Message, "virNodeSuspendForDuration") {
		t.Errorf("%v", err)
	}
	docs, _ := backend.As[backend.Documenter](b)
	d, err := docs.Document(t.Context(), c.node.ref, "System information")
	if err != nil || !strings.Contains(fmt.Sprintf("%+v", d.Sections), "Title:BIOS") {
		t.Errorf("%+v %v", d, err)
	}
	if _, err := docs.Document(t.Context(), c.node.ref, "Domain capabilities"); backend.ClassOf(err) != backend.ClassUnsupported {
		t.Errorf("%v", err)
	}
}

// testDriverChanges does what the test driver can.
func (s *storageLab) testDriverChanges(t *testing.T, b backend.Backend) {
	pool := mustDo(t, b, backend.PoolNewOp{Name: "tp", Type: "dir", Path: "/tp", Build: true, Start: true}).Created
	v := mustDo(t, b, backend.VolumeCreateOp{Pool: pool, Name: "v", Format: "qcow2", Capacity: 1 << 20}).Created
	c := mustDo(t, b, backend.VolumeCloneOp{Volume: v, Name: "c"}).Created
	mustDo(t, b, backend.VolumeDeleteOp{Volume: c})
	mustDo(t, b, backend.VolumeDeleteOp{Volume: v})
	mustDo(t, b, backend.StopOp{Object: pool})
	mustDo(t, b, backend.UndefineOp{Object: pool})
	n := mustDo(t, b, backend.NetworkNewOp{Name: "tn", Mode: "isolated", Start: true, Autostart: true}).Created
	mustDo(t, b, backend.StopOp{Object: n})
	mustDo(t, b, backend.UndefineOp{Object: n})
	for _, i := range list[*backend.Interface](t, b, backend.Query{Kind: backend.KindInterface}) {
		mustDo(t, b, backend.StopOp{Object: i.ID})
		if out := s.l.VirshOn("test", "iface-list", "--inactive"); !strings.Contains(out, i.Name) {
			t.Errorf("virsh: %s", out)
		}
		mustDo(t, b, backend.StartOp{Object: i.ID})
		refused(t, b, backend.StartOp{Object: i.ID}, backend.ClassConflict, i.Name)
		mustDo(t, b, backend.StopOp{Object: i.ID})
		mustDo(t, b, backend.UndefineOp{Object: i.ID})
	}
}
