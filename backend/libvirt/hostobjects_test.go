package libvirt

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// TestHostObjects does everything to networks, interfaces, secrets and the node.
func TestHostObjects(t *testing.T) {
	l := lab.StartLibvirtd(t)
	s := &storageLab{l: l, b: dial(t, l.URI("qemu"), false)}
	t.Run("networks", s.networks)
	t.Run("network refusals", s.networkRefusals)
	t.Run("interfaces", s.interfaces)
	t.Run("secrets", s.secrets)
	t.Run("secret refusals", s.secretRefusals)
	t.Run("devices", s.devices)
	t.Run("node", s.node)
	t.Run("documents", s.documents)
	t.Run("read-only", s.readOnly)
	t.Run("test driver", s.testDriver)
}

func (s *storageLab) netInfo(name, field string) string {
	for line := range strings.Lines(s.l.Virsh("net-info", name)) {
		if f, value, ok := strings.Cut(line, ":"); ok && f == field {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func networkNamed(t testing.TB, b backend.Backend, name string) *backend.Network {
	t.Helper()
	for _, n := range list[*backend.Network](t, b, backend.Query{Kind: backend.KindNetwork}) {
		if n.Name == name {
			return n
		}
	}
	t.Fatalf("no network %q", name)
	return nil
}

func (s *storageLab) networks(t *testing.T) {
	for i, mode := range []string{"nat", "route", "open", "isolated"} {
		o := backend.NetworkNewOp{Name: "n-" + mode, Mode: mode, Bridge: fmt.Sprintf("hvn%d", i), Address: fmt.Sprintf("192.168.%d.1/24", 150+i),
			DHCPFirst: fmt.Sprintf("192.168.%d.10", 150+i), DHCPLast: fmt.Sprintf("192.168.%d.20", 150+i), Domain: "lab", Start: true, Autostart: i == 0}
		r := mustDo(t, s.b, o)
		n := networkNamed(t, s.b, o.Name)
		if n.ID != r.Created || n.Forward != mode || !n.Active || n.Autostart != (i == 0) || n.Bridge != o.Bridge ||
			!slices.Equal(n.Addresses, []string{o.Address}) || n.LeaseCount != 0 {
			t.Errorf("%+v", n)
		}
		if s.netInfo(o.Name, "Active") != "yes" || !strings.Contains(s.l.Virsh("net-dumpxml", o.Name), "<range start='"+o.DHCPFirst+"' end='"+o.DHCPLast+"'/>") {
			t.Errorf("virsh: %s", s.l.Virsh("net-dumpxml", o.Name))
		}
	}
	r := mustDo(t, s.b, backend.NetworkNewOp{Name: "n <&> 'six'", Mode: "isolated", Address: "fd00:1::1/64"})
	if xml := s.l.Virsh("net-dumpxml", "n <&> 'six'"); !strings.Contains(xml, "family='ipv6' address='fd00:1::1' prefix='64'") {
		t.Errorf("virsh: %s", xml)
	}
	mustDo(t, s.b, backend.UndefineOp{Object: r.Created})
	r = mustDo(t, s.b, backend.NetworkNewOp{Name: "bridged", Mode: "bridge", Bridge: "hvn0"})
	if xml := s.l.Virsh("net-dumpxml", "bridged"); !strings.Contains(xml, "<forward mode='bridge'/>") {
		t.Errorf("virsh: %s", xml)
	}
	mustDo(t, s.b, backend.StartOp{Object: r.Created})
	nat := networkNamed(t, s.b, "n-nat")
	refused(t, s.b, backend.StartOp{Object: nat.ID}, backend.ClassConflict, "already active")
	refused(t, s.b, backend.UndefineOp{Object: nat.ID}, backend.ClassConflict, "it is active", "stop it first")
	mustDo(t, s.b, backend.AutostartOp{Object: nat.ID})
	mustDo(t, s.b, backend.StopOp{Object: nat.ID})
	if s.netInfo("n-nat", "Active") != "no" || s.netInfo("n-nat", "Autostart") != "no" {
		t.Errorf("virsh: %s", s.l.Virsh("net-info", "n-nat"))
	}
	refused(t, s.b, backend.StopOp{Object: nat.ID}, backend.ClassConflict, "not active")
	mustDo(t, s.b, backend.UndefineOp{Object: nat.ID})
	refused(t, s.b, backend.StartOp{Object: nat.ID}, backend.ClassNotFound, "find network")
	if out := s.l.Virsh("net-list", "--all", "--name"); strings.Contains(out, "n-nat") {
		t.Errorf("still there: %s", out)
	}
	s.l.Virsh("net-undefine", "n-open")
	s.l.Virsh("net-destroy", "n-open")
	s.transientNetwork(t)
}

// transientNetwork: what runs without a definition can't start with the host.
func (s *storageLab) transientNetwork(t *testing.T) {
	path := filepath.Join(s.l.Dir(), "transient.xml")
	if err := os.WriteFile(path, []byte(`<network><name>passing</name><bridge name='hvpass0'/></network>`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.l.Virsh("net-create", path)
	n := networkNamed(t, s.b, "passing")
	if n.Persistent || !n.Active {
		t.Errorf("%+v", n)
	}
	refused(t, s.b, backend.AutostartOp{Object: n.ID, On: true}, backend.ClassConflict, "transient", "define the network first")
}

func (s *storageLab) networkRefusals(t *testing.T) {
	base := backend.NetworkNewOp{Name: "n", Mode: "nat", Address: "10.9.0.1/24", DHCPFirst: "10.9.0.10", DHCPLast: "10.9.0.20"}
	for _, tt := range []struct {
		change func(*backend.NetworkNewOp)
		words  string
	}{
		{func(o *backend.NetworkNewOp) { o.Name = "a/b" }, "must not contain '/'"},
		{func(o *backend.NetworkNewOp) { o.Name = "a\nb" }, "control characters"},
		{func(o *backend.NetworkNewOp) { o.Mode = "vlan" }, "no mode"},
		{func(o *backend.NetworkNewOp) { o.Bridge = "a-name-that-is-too-long" }, "15 is the most"},
		{func(o *backend.NetworkNewOp) { o.Bridge = "a\tb" }, "control character"},
		{func(o *backend.NetworkNewOp) { o.Mode = "bridge" }, "needs the host's bridge"},
		{func(o *backend.NetworkNewOp) { o.Mode, o.Bridge = "bridge", "br0" }, "business of the host's network"},
		{func(o *backend.NetworkNewOp) { o.Mode, o.Device = "open", "eth0" }, "no device to go out by"},
		{func(o *backend.NetworkNewOp) { o.Address = "" }, "needs an address"},
		{func(o *backend.NetworkNewOp) { o.Mode, o.Address = "isolated", "" }, "DHCP needs an address"},
		{func(o *backend.NetworkNewOp) { o.Address = "10.9.0.1" }, "length of its prefix"},
		{func(o *backend.NetworkNewOp) { o.Address = "10.9.0.1/0" }, "leaves no network"},
		{func(o *backend.NetworkNewOp) { o.Address = "10.9.0.1/32" }, "leaves no network"},
		{func(o *backend.NetworkNewOp) { o.Address = "10.9.0.0/24" }, "the network itself"},
		{func(o *backend.NetworkNewOp) { o.Address = "10.9.0.255/24" }, "broadcast"},
		{func(o *backend.NetworkNewOp) { o.Address = "127.0.0.1/8" }, "can't be an address"},
		{func(o *backend.NetworkNewOp) { o.DHCPLast = "" }, "needs both"},
		{func(o *backend.NetworkNewOp) { o.DHCPFirst = "x" }, "no address"},
		{func(o *backend.NetworkNewOp) { o.DHCPLast = "10.9.1.20" }, "is not in 10.9.0.0/24"},
		{func(o *backend.NetworkNewOp) { o.DHCPFirst, o.DHCPLast = "10.9.0.20", "10.9.0.10" }, "before it begins"},
		{func(o *backend.NetworkNewOp) { o.DHCPFirst = "10.9.0.1" }, "the host's own address"},
		{func(o *backend.NetworkNewOp) { o.DHCPLast = "10.9.0.255" }, "broadcast"},
		{func(o *backend.NetworkNewOp) { o.Address = "fd00::1/64" }, "is not in fd00::/64"},
	} {
		o := base
		tt.change(&o)
		refused(t, s.b, o, backend.ClassInvalid, tt.words)
	}
	refused(t, s.b, backend.NetworkNewOp{Name: "n-route", Mode: "isolated"}, backend.ClassConflict, "there is a network of this name")
	// An address that another bridge has: the definition goes again.
	clash := base
	clash.Address, clash.DHCPFirst, clash.DHCPLast, clash.Start, clash.Bridge = "192.168.151.1/24", "", "", true, "hvclash0"
	refused(t, s.b, clash, backend.ClassConflict, "start: ", "in use", "choose another address")
	if out := s.l.Virsh("net-list", "--all", "--name"); slices.Contains(strings.Fields(out), "n") {
		t.Errorf("left behind: %s", out)
	}
}

func (s *storageLab) interfaces(t *testing.T) {
	all := list[*backend.Interface](t, s.b, backend.Query{Kind: backend.KindInterface})
	want := strings.Split(s.l.Virsh("iface-list", "--all"), "\n")
	var lo *backend.Interface
	for _, i := range all {
		if i.Name == "lo" {
			lo = i
		}
		state := "inactive"
		if i.Active {
			state = "active"
		}
		if !slices.ContainsFunc(want, func(line string) bool { return slices.Equal(strings.Fields(line), []string{i.Name, state, i.MAC}) }) {
			t.Errorf("%+v, virsh: %q", i, want)
		}
	}
	if len(all) != len(want) || lo == nil || lo.Type != "ethernet" || lo.MTU == 0 {
		t.Fatalf("%+v of %q, virsh: %q", lo, names(all), want)
	}
	if d, err := s.b.Get(t.Context(), lo.ID); err != nil || !strings.Contains(d.Raw, "<interface") {
		t.Errorf("%v", err)
	}
	// Debian's libvirt can only look at interfaces.
	for _, op := range []backend.Op{backend.StartOp{Object: lo.ID}, backend.StopOp{Object: lo.ID}, backend.UndefineOp{Object: lo.ID}} {
		refused(t, s.b, op, backend.ClassUnsupported, "lo", "not supported by the connection driver", "host's own tools")
	}
	refused(t, s.b, backend.StopOp{Object: backend.Ref{Conn: "c", Kind: backend.KindInterface, ID: "nowhere0"}}, backend.ClassNotFound, "find interface nowhere0")
}

func (s *storageLab) secrets(t *testing.T) {
	value := []byte("p\x00w\xff<&>\n")
	r := mustDo(t, s.b, backend.SecretNewOp{Usage: "ceph", UsageID: "client <1> secret", Description: "first line\nsecond", Value: backend.Hide(slices.Clone(value))})
	plainName := mustDo(t, s.b, backend.SecretNewOp{Usage: "none", Description: "only described\nmore"})
	noName := mustDo(t, s.b, backend.SecretNewOp{Usage: "none", Private: true, Ephemeral: true, Value: backend.Hide([]byte("x"))})
	for _, o := range []backend.SecretNewOp{{Usage: "volume", UsageID: "/srv/v"}, {Usage: "iscsi", UsageID: "target"}, {Usage: "tls", UsageID: "key"}, {Usage: "vtpm", UsageID: "tpm"}} {
		mustDo(t, s.b, o)
	}
	byID := map[backend.Ref]*backend.Secret{}
	for _, o := range list[*backend.Secret](t, s.b, backend.Query{Kind: backend.KindSecret}) {
		byID[o.ID] = o
	}
	if o := byID[r.Created]; len(byID) != 7 || o.Name != "client <1> secret" || o.Usage != "ceph" || o.Description != "first line\nsecond" || o.Private {
		t.Fatalf("%d %+v", len(byID), o)
	}
	if byID[plainName.Created].Name != "only described" || byID[noName.Created].Name != noName.Created.ID || !byID[noName.Created].Private || !byID[noName.Created].Ephemeral {
		t.Errorf("%+v %+v", byID[plainName.Created], byID[noName.Created])
	}
	if out := s.l.Virsh("secret-get-value", r.Created.ID); out != "cAB3/zwmPgo=" {
		t.Errorf("virsh: %q", out)
	}
	reader, _ := backend.As[backend.SecretReader](s.b)
	got, err := reader.SecretValue(t.Context(), r.Created)
	if err != nil || !bytes.Equal(got.Reveal(), value) {
		t.Errorf("%v", err)
	}
	mustDo(t, s.b, backend.SecretSetOp{Secret: r.Created, Value: backend.Hide([]byte("other"))})
	if out := s.l.Virsh("secret-get-value", r.Created.ID); out != "b3RoZXI=" {
		t.Errorf("virsh: %q", out)
	}
	_, err = reader.SecretValue(t.Context(), noName.Created)
	if backend.ClassOf(err) != backend.ClassDenied || !strings.Contains(err.Error(), "private") {
		t.Errorf("%v", err)
	}
	_, err = reader.SecretValue(t.Context(), plainName.Created)
	e, _ := backendError(err)
	if e == nil || !strings.Contains(e.Message, "does not have a value") || e.Remedy != "set its value first" || e.Class != backend.ClassConflict || e.Object != "only described" {
		t.Errorf("%v", err)
	}
	if d, err := s.b.Get(t.Context(), r.Created); err != nil || !strings.Contains(d.Raw, "<secret") {
		t.Errorf("%v", err)
	}
	mustDo(t, s.b, backend.UndefineOp{Object: r.Created})
	if out := s.l.Virsh("secret-list"); strings.Contains(out, r.Created.ID) {
		t.Errorf("still there: %s", out)
	}
}

func (s *storageLab) secretRefusals(t *testing.T) {
	loud := backend.Hide([]byte("LOUD"))
	for _, tt := range []struct {
		op    backend.Op
		class backend.Class
		words string
	}{
		{backend.SecretNewOp{Usage: "disk", UsageID: "x", Value: loud}, backend.ClassInvalid, "no usage"},
		{backend.SecretNewOp{Usage: "ceph", Value: loud}, backend.ClassInvalid, "needs a name"},
		{backend.SecretNewOp{Usage: "volume", UsageID: "x", Value: loud}, backend.ClassInvalid, "needs the path"},
		{backend.SecretNewOp{Usage: "none", UsageID: "x", Value: loud}, backend.ClassInvalid, "no name of a use"},
		{backend.SecretNewOp{Usage: "ceph", UsageID: "a\nb", Value: loud}, backend.ClassInvalid, "control character"},
		{backend.SecretNewOp{Usage: "ceph", UsageID: "x", Value: backend.Hide(make([]byte, maxSecret+1))}, backend.ClassInvalid, "is the most"},
		{backend.SecretNewOp{Usage: "tls", UsageID: "key", Value: loud}, backend.ClassConflict, "define: "},
		{backend.SecretSetOp{Secret: backend.Ref{Kind: backend.KindSecret, ID: "00000000-0000-0000-0000-000000000001"}, Value: loud}, backend.ClassNotFound, "no secret"},
		{backend.SecretSetOp{Secret: backend.Ref{Kind: backend.KindSecret, ID: "00000000-0000-0000-0000-000000000001"}}, backend.ClassInvalid, "no value"},
	} {
		refused(t, s.b, tt.op, tt.class, tt.words)
		if _, err := do(t, s.b, tt.op); strings.Contains(fmt.Sprintf("%+v", err), "LOUD") {
			t.Errorf("the value shows: %v", err)
		}
	}
	if strings.Contains(s.l.Log(), "LOUD") {
		t.Error("the value is in the daemon's log")
	}
}

func (s *storageLab) devices(t *testing.T) {
	all := list[*backend.NodeDevice](t, s.b, backend.Query{Kind: backend.KindNodeDevice})
	want := strings.Fields(s.l.Virsh("nodedev-list"))
	slices.Sort(want)
	if got := names(all); !slices.Equal(got, want) || len(got) == 0 {
		t.Fatalf("%q, virsh lists %q", got, want)
	}
	for _, d := range all {
		if len(d.Types) == 0 || d.Name != "computer" && d.Up == "" || !d.Active {
			t.Errorf("%+v", d)
		}
		detail, err := s.b.Get(t.Context(), d.ID)
		if err != nil || !strings.Contains(detail.Raw, "<name>"+d.Name+"</name>") {
			t.Errorf("%s: %v", d.Name, err)
		}
	}
}
