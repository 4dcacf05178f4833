package vsphere_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// schedule turns the scheduler of the only cluster on or off.
func schedule(s *vcsim.Server, on bool) {
	reg := s.Model().Map()
	for _, e := range reg.All("ClusterComputeResource") {
		c := e.(*simulator.ClusterComputeResource)
		reg.WithLock(s.Model().Service.Context, c, func() {
			c.ConfigurationEx.(*types.ClusterConfigInfoEx).DrsConfig.Enabled = &on
		})
	}
}

func TestTheSchedulerEmptiesAHost(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	enter := backend.HostMaintenanceOp{Host: vm.Host, Enter: true}
	check(t, b, enter, vm.Name+" run on it; the cluster's scheduler (DRS) moves them", backend.SeverityInfo)
	m := watch(t, b)
	m.untilSynced()
	mustDo(t, b, enter)
	m.until("the host in maintenance mode, and the VM elsewhere", func() bool {
		h, ok := m.has[vm.Host].(*backend.Host)
		now := m.vm(vm.Name)
		return ok && h.Maintenance && now.Host != vm.Host && now.State == backend.PowerOn
	})
	check(t, b, enter, "", 0)
	mustDo(t, b, backend.HostMaintenanceOp{Host: vm.Host})
	m.until("the host back", func() bool { h, ok := m.has[vm.Host].(*backend.Host); return ok && !h.Maintenance })
}

func TestMaintenanceModeWaitsForRunningVMs(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	schedule(s, false)
	enter := backend.HostMaintenanceOp{Host: vm.Host, Enter: true, Within: time.Second}
	check(t, b, enter, "nothing moves them", backend.SeverityWarning)
	_, err := do(t, b, enter)
	if err == nil || !strings.Contains(err.Error(), "longer than the time allowed") {
		t.Errorf("with a VM that runs: %v", err)
	}
	enter.Within = 0
	started, done := make(chan string, 1), make(chan error, 1)
	go func() {
		_, err := b.Do(t.Context(), enter, backend.Progress{Remote: func(key string) { started <- key }})
		done <- err
	}()
	<-started
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	mustDo(t, b, backend.PowerOffOp{VM: vm.ID})
	if err := <-done; err != nil {
		t.Errorf("after the VM is off: %v", err)
	}
	_, err = do(t, b, backend.PowerOnOp{VM: vm.ID})
	if backend.ClassOf(err) != backend.ClassConflict || !strings.Contains(err.Error(), "maintenance mode") {
		t.Errorf("start in maintenance mode: %v", err)
	}
}

func TestMaintenanceModeCanBeGivenUp(t *testing.T) {
	s, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	schedule(s, false)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := b.Do(ctx, backend.HostMaintenanceOp{Host: vm.Host, Enter: true}, backend.Progress{Remote: func(string) { cancel() }})
	if backend.ClassOf(err) != backend.ClassCancelled {
		t.Errorf("%v", err)
	}
	for _, o := range list(t, b, backend.Query{Kind: backend.KindHost}) {
		if o.(*backend.Host).Maintenance {
			t.Errorf("%s is in maintenance mode", o.Title())
		}
	}
}

func TestADisconnectedHostAndItsVMs(t *testing.T) {
	_, b, vm := first(t, vcsim.Options{VMs: 1, StandaloneHosts: -1})
	m := watch(t, b)
	m.untilSynced()
	mustDo(t, b, backend.HostLinkOp{Host: vm.Host})
	m.until("the host and the VM disconnected", func() bool {
		h, ok := m.has[vm.Host].(*backend.Host)
		return ok && h.Link == backend.LinkDisconnected && m.vm(vm.Name).Reason == "disconnected"
	})
	_, err := do(t, b, backend.HostLinkOp{Host: vm.Host})
	if backend.ClassOf(err) != backend.ClassConflict {
		t.Errorf("disconnect twice: %v", err)
	}
	mustDo(t, b, backend.HostLinkOp{Host: vm.Host, Connect: true})
	m.until("both back", func() bool {
		h, ok := m.has[vm.Host].(*backend.Host)
		return ok && h.Link == backend.LinkConnected && m.vm(vm.Name).Reason == ""
	})
}

// TestASingleHost has maintenance mode and registration, and nothing that needs another
// host or a vCenter.
func TestASingleHost(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true, VMs: 2})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for _, v := range []backend.Verb{
		backend.VerbVMClone, backend.VerbVMLinkedClone, backend.VerbVMRelocate, backend.VerbHostLink, backend.VerbPowerOnHost, backend.VerbSnapRevertHost,
	} {
		if why := b.Caps().Why(v); !strings.Contains(why, "single ESXi host") {
			t.Errorf("%s: %q", v, why)
		}
	}
	for _, v := range []backend.Verb{backend.VerbHostMaintenance, backend.VerbVMRegister, backend.VerbVMRename, backend.VerbVMResources, backend.VerbRemoteConsole} {
		if why := b.Caps().Why(v); why != "" {
			t.Errorf("%s: %q", v, why)
		}
	}
	var told bool
	for _, f := range b.About().Fields {
		told = told || f.Name == "Task history" && strings.Contains(f.Value, "none on a single ESXi host")
	}
	if !told {
		t.Errorf("nothing about task history: %+v", b.About().Fields)
	}
	vms := list(t, b, backend.Query{Kind: backend.KindVM})
	for _, o := range vms {
		mustDo(t, b, backend.PowerOffOp{VM: o.Ref()})
	}
	vm := vms[0].(*backend.VM)
	check(t, b, backend.VMRelocateOp{VM: vm.ID, To: backend.Placement{Host: vm.Host}}, "", 0)
	mustDo(t, b, backend.HostMaintenanceOp{Host: vm.Host, Enter: true})
	mustDo(t, b, backend.HostMaintenanceOp{Host: vm.Host})
	store := list(t, b, backend.Query{Kind: backend.KindPool})[0].Ref()
	_, file, _ := strings.Cut(vm.Path, "] ")
	mustDo(t, b, backend.VMUndefineOp{VM: vm.ID})
	made := mustDo(t, b, backend.VMRegisterOp{File: backend.Ref{Conn: conn, Kind: backend.KindVolume, ID: store.ID + "/" + file}}).Created
	if now := again(t, b, made); now.Name != vm.Name || now.Path != vm.Path {
		t.Errorf("registered: %s at %s", now.Name, now.Path)
	}
}
