package vsphere_test

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/session"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/trace"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

const planted = "s3cr3t-marker"

// traceOf works on a traced connection and gives what the file holds, and the keys of the
// sessions that were there.
func traceOf(t *testing.T, s *vcsim.Server, work func(b backend.Backend)) (text string, keys []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	log, err := trace.Open(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	b, err := tryDial(t, vsphere.Options{URL: s.URL(), Trace: log}, nil)
	if err != nil {
		t.Fatal(err)
	}
	work(b)
	keys = sessionKeys(t, s)
	_ = b.Close()
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), keys
}

// sessionKeys are the keys of the simulator's sessions, which are their cookies, too.
func sessionKeys(t *testing.T, s *vcsim.Server) []string {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := govmomi.NewClient(t.Context(), u, true)
	if err != nil {
		t.Fatal(err)
	}
	var sm mo.SessionManager
	if err := c.RetrieveOne(t.Context(), *c.ServiceContent.SessionManager, []string{"sessionList"}, &sm); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, one := range sm.SessionList {
		keys = append(keys, one.Key)
	}
	_ = session.NewManager(c.Client).Logout(t.Context())
	return keys
}

// plantSecrets puts the marker where VMs have secrets.
func plantSecrets(t *testing.T, s *vcsim.Server, vm *simulator.VirtualMachine) {
	t.Helper()
	bg := &simulator.Context{Context: t.Context(), Map: s.Model().Map()}
	bg.WithLock(vm, func() {
		vm.Config.ExtraConfig = append(vm.Config.ExtraConfig, &types.OptionValue{Key: "guestinfo.userdata", Value: planted})
		vm.Config.VAppConfig = &types.VmConfigInfo{Property: []types.VAppPropertyInfo{
			{Id: "rootpw", Type: "password", Value: planted, DefaultValue: planted},
		}}
	})
}

func TestTraceHoldsNoSecret(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, Username: "operator", Password: planted})
	vm := simulated(t, s, "VirtualMachine", "DC0_H0_VM0").(*simulator.VirtualMachine)
	plantSecrets(t, s, vm)
	text, keys := traceOf(t, s, func(b backend.Backend) {
		m := watch(t, b)
		m.untilSynced()
		ref := m.getVM("DC0_H0_VM0").ID
		if _, err := b.Get(t.Context(), ref); err != nil {
			t.Error(err)
		}
		mustDo(t, b, backend.SnapshotCreateOp{VM: ref, Name: "base"})
		_, _ = do(t, b, backend.PowerOnOp{VM: ref}) // it runs already
		if c, ok := backend.As[backend.RemoteConsoler](b); ok {
			if _, err := c.RemoteConsole(t.Context(), ref); err != nil {
				t.Logf("console: %v", err)
			}
		}
		if x, ok := backend.As[backend.OVFOptioner](b); ok {
			_, _ = x.OVFOptions(t.Context())
		}
		m.cancel()
	})
	if strings.Contains(text, planted) {
		at := strings.Index(text, planted)
		t.Errorf("a secret is in the trace: %s", text[max(0, at-300):at+20])
	}
	if len(keys) < 2 {
		t.Errorf("%d sessions", len(keys))
	}
	for _, key := range append(keys, "vmware_soap_session", "cst-VCT") {
		if strings.Contains(text, key) {
			t.Errorf("the key of a session or ticket is in the trace: %s", key)
		}
	}
	for _, want := range []string{
		" vc/soap > Login id=", " vc/soap < Login id=", " vc/soap > CreateSnapshot_Task id=", `"VirtualMachine:` + vm.Self.Value + `"`, "name=base",
		" vc/soap < WaitForUpdatesEx id=", " ok bytes=", " ms=", " vc/soap > Logout id=", `"/sdk/vimServiceVersions.xml"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the trace lacks %q", want)
		}
	}
}

func TestTraceTellsFaultsAndLostAnswers(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	text, _ := traceOf(t, s, func(b backend.Backend) {
		gone := backend.Ref{Conn: conn, Kind: backend.KindVM, ID: "vm-gone"}
		if _, err := b.Get(t.Context(), gone); err == nil {
			t.Error("a VM that is not there has details")
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_ = b.List(ctx, backend.Query{Kind: backend.KindVM}, func([]backend.Object) {})
	})
	if !strings.Contains(text, " error bytes=") || !strings.Contains(text, "code=ManagedObjectNotFound") {
		t.Errorf("the fault is not told:\n%s", text)
	}
}

// TestNoTraceNoTracer: what is not wanted costs nothing.
func TestNoTraceNoTracer(t *testing.T) {
	if vsphere.IsTraced(vsphere.Options{}) {
		t.Error("without a trace there is something in the way of the calls")
	}
}
