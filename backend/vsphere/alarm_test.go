package vsphere_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// alarm finds an alarm by the name of its object; call it inside until.
func (m *mirror) alarm(object string) *backend.Alarm {
	for _, o := range m.has {
		if a, ok := o.(*backend.Alarm); ok && a.ObjectName == object {
			return a
		}
	}
	return nil
}

// alarmMirror is a watched simulator in this process.
func alarmMirror(t *testing.T) (*vcsim.Server, backend.Backend, *mirror) {
	t.Helper()
	s := sim(t, vcsim.Options{VMs: 2})
	b := dial(t, vsphere.Options{URL: s.URL()})
	m := watch(t, b)
	m.untilSynced()
	return s, b, m
}

// trigger changes an alarm, and something in the inventory, soon after which the feed
// asks for events.
func trigger(t *testing.T, s *vcsim.Server, alarm, kind, name string, status types.ManagedEntityStatus) {
	t.Helper()
	if err := s.Trigger(alarm, simulated(t, s, kind, name).Reference(), status); err != nil {
		t.Fatal(err)
	}
	bg := &simulator.Context{Context: t.Context(), Map: s.Model().Map()}
	s.Model().Map().AtomicUpdate(bg, simulated(t, s, "VirtualMachine", "DC0_H0_VM0"), []types.PropertyChange{{Name: "guest.ipAddress", Val: string(status)}})
}

func simulated(t *testing.T, s *vcsim.Server, kind, name string) mo.Entity {
	t.Helper()
	for _, e := range s.Model().Map().All(kind) {
		if e.Entity().Name == name {
			return e
		}
	}
	t.Fatalf("no %s %s in the simulator", kind, name)
	return nil
}

func TestAlarmsComeChangeAndClear(t *testing.T) {
	s, b, m := alarmMirror(t)
	trigger(t, s, "Host error", "HostSystem", "DC0_H0", types.ManagedEntityStatusYellow)
	trigger(t, s, "Virtual machine error", "VirtualMachine", "DC0_H0_VM1", types.ManagedEntityStatusRed)
	m.until("both alarms", func() bool { return m.alarm("DC0_H0") != nil && m.alarm("DC0_H0_VM1") != nil })
	m.until("the state of the VM", func() bool { return m.vm("DC0_H0_VM1").Alarm == backend.HealthRed })
	host := m.alarm("DC0_H0")
	if host.Name != "Host error" || host.Status != backend.HealthYellow || host.Object.Kind != backend.KindHost || host.Text == "" || host.Acked || host.Since.IsZero() {
		t.Errorf("%+v", host)
	}
	listed := list(t, dial(t, vsphere.Options{URL: s.URL()}), backend.Query{Kind: backend.KindAlarm}) // no watch: names are asked for
	if len(listed) != 2 || listed[0].(*backend.Alarm).ObjectName != "DC0_H0_VM1" || listed[1].Title() != "Host error" {
		t.Errorf("listed: %+v", listed)
	}
	if one := list(t, b, backend.Query{Kind: backend.KindAlarm, Refs: []backend.Ref{host.ID}}); len(one) != 1 || one[0].Ref() != host.ID {
		t.Errorf("narrowed: %+v", one)
	}
	trigger(t, s, "Host error", "HostSystem", "DC0_H0", types.ManagedEntityStatusRed)
	m.until("the worse state", func() bool { return m.alarm("DC0_H0").Status == backend.HealthRed })
	trigger(t, s, "Host error", "HostSystem", "DC0_H0", types.ManagedEntityStatusGreen)
	m.until("the end of the alarm", func() bool { return m.alarm("DC0_H0") == nil })
	_, err := do(t, b, backend.AlarmAckOp{Alarm: host.ID})
	if backend.ClassOf(err) != backend.ClassNotFound || !strings.Contains(err.Error(), "cleared") {
		t.Errorf("acknowledged after its end: %v", err)
	}
}

// TestAlarmsComeByEvents: nothing but the event tells of them.
func TestAlarmsComeByEvents(t *testing.T) {
	s, b, m := alarmMirror(t)
	if err := s.Trigger("Virtual machine error", simulated(t, s, "VirtualMachine", "DC0_H0_VM1").Reference(), types.ManagedEntityStatusRed); err != nil {
		t.Fatal(err)
	}
	m.until("the alarm and the state of the VM", func() bool {
		return m.alarm("DC0_H0_VM1") != nil && m.vm("DC0_H0_VM1").Alarm == backend.HealthRed
	})
	m.mu.Lock()
	told := slices.ContainsFunc(m.events, func(e backend.Event) bool { return strings.Contains(e.Text, "Virtual machine error") })
	id := m.alarm("DC0_H0_VM1").ID
	m.mu.Unlock()
	if !told {
		t.Error("the event itself was not told")
	}
	if _, err := do(t, b, backend.AlarmAckOp{Alarm: id}); err != nil {
		t.Fatal(err)
	}
	m.until("our acknowledgement", func() bool { a := m.alarm("DC0_H0_VM1"); return a != nil && a.Acked && a.AckedBy != "" })
}

func TestAlarmsFollowNames(t *testing.T) {
	s, _, m := alarmMirror(t)
	trigger(t, s, "Virtual machine error", "VirtualMachine", "DC0_H0_VM1", types.ManagedEntityStatusRed)
	m.until("the alarm", func() bool { return m.alarm("DC0_H0_VM1") != nil })
	vm := simulated(t, s, "VirtualMachine", "DC0_H0_VM1")
	bg := &simulator.Context{Context: t.Context(), Map: s.Model().Map()}
	s.Model().Map().AtomicUpdate(bg, vm, []types.PropertyChange{{Name: "name", Val: "renamed"}})
	m.until("the new name", func() bool { return m.alarm("renamed") != nil && m.alarm("DC0_H0_VM1") == nil })
}

// TestAlarmsAfterRenewal: an alarm that cleared while nobody looked is gone.
func TestAlarmsAfterRenewal(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "2")
	t.Parallel()
	m := watch(t, dial(t, vsphere.Options{URL: v.URL()}))
	m.untilSynced()
	post := func(id, vm string) { v.Govc("event.post", "-s", "warning", "-i", "vcsim.vm."+id, "/DC0/vm/"+vm) }
	post("failure", "DC0_H0_VM0")
	post("failure", "DC0_H0_VM1")
	m.until("both alarms", func() bool { return m.alarm("DC0_H0_VM0") != nil && m.alarm("DC0_H0_VM1") != nil })
	endSessions(v)
	post("success", "DC0_H0_VM0")
	m.within(t, 2*patience, "the alarms of the new session", func() bool {
		return m.synced > 1 && m.alarm("DC0_H0_VM0") == nil && m.alarm("DC0_H0_VM1") != nil
	})
	v.Govc("alarms", "-ack", "/DC0/vm/DC0_H0_VM1")
	m.until("govc's acknowledgement", func() bool { return m.alarm("DC0_H0_VM1").Acked })
}

func TestESXHasNoAlarms(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for _, k := range b.Caps().Kinds {
		if k == backend.KindAlarm {
			t.Error("an ESXi host says that it has alarms")
		}
	}
	if why := b.Caps().Why(backend.VerbAlarmAck); !strings.Contains(why, "vCenter") {
		t.Errorf("%q", why)
	}
	err := b.List(t.Context(), backend.Query{Kind: backend.KindAlarm}, func([]backend.Object) {})
	if backend.ClassOf(err) != backend.ClassUnsupported {
		t.Errorf("%v", err)
	}
}

func TestDemoHasAlarms(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	all := list(t, dial(t, vsphere.Options{URL: s.URL()}), backend.Query{Kind: backend.KindAlarm})
	if len(all) != 2 || all[0].(*backend.Alarm).Text == "" {
		t.Errorf("%+v", all)
	}
}
