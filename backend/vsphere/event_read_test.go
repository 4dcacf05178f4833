package vsphere_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func eventsOf(t *testing.T, b backend.Backend, r backend.Ref, most int) []backend.Event {
	t.Helper()
	reader, ok := backend.As[backend.EventReader](b)
	if !ok {
		t.Fatal("the driver has no EventReader")
	}
	all, err := reader.EventsOf(t.Context(), r, most)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// refOf finds an object of a kind by name.
func refOf(t *testing.T, b backend.Backend, k backend.Kind, name string) backend.Ref {
	t.Helper()
	for _, o := range list(t, b, backend.Query{Kind: k}) {
		if o.Title() == name {
			return o.Ref()
		}
	}
	t.Fatalf("no %s %q", k, name)
	return backend.Ref{}
}

func TestEventsOfEveryKind(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "2", "-cluster", "1")
	b := dial(t, vsphere.Options{URL: v.URL()})
	v.Govc("vm.power", "-off", "DC0_H0_VM0")
	v.Govc("vm.power", "-off", "DC0_C0_RP0_VM0")
	v.Govc("vm.power", "-on", "DC0_H0_VM0")
	vm := refOf(t, b, backend.KindVM, "DC0_H0_VM0")
	got := eventsOf(t, b, vm, 100)
	if len(got) < 3 || !strings.Contains(got[0].Text, "powered on") || got[0].Object != vm || got[0].Name != "DC0_H0_VM0" || got[0].User == "" {
		t.Fatalf("%+v", got)
	}
	for i, e := range got {
		if e.Object != vm || i > 0 && e.At.After(got[i-1].At) {
			t.Errorf("event %d is %+v", i, e)
		}
	}
	if two := eventsOf(t, b, vm, 2); len(two) != 2 || two[0].Text != got[0].Text {
		t.Errorf("the newest two: %+v", two)
	}
	for _, of := range []struct {
		kind       backend.Kind
		name       string
		has, hasNo string
	}{
		{backend.KindHost, "DC0_H0", "DC0_H0_VM0", "DC0_C0_RP0_VM0"},
		{backend.KindCluster, "DC0_C0", "DC0_C0_RP0_VM0", "DC0_H0_VM0"},
		{backend.KindPool, "LocalDS_0", "", ""},
		{backend.KindNetwork, "VM Network", "", ""},
		{backend.KindResourcePool, "Resources", "", ""},
	} {
		names := map[string]bool{}
		for _, e := range eventsOf(t, b, refOf(t, b, of.kind, of.name), 1000) {
			names[e.Name] = true
		}
		if of.has != "" && !names[of.has] || of.hasNo != "" && names[of.hasNo] {
			t.Errorf("events of %s are about %v", of.name, names)
		}
	}
	if all := eventsOf(t, b, backend.Ref{Conn: conn}, 1000); len(all) <= len(got) || len(all) > 1000 {
		t.Errorf("%d events of the whole inventory", len(all))
	}
	if endSessions(v) != 1 {
		t.Error("no session to end")
	}
	if again := eventsOf(t, b, vm, 100); len(again) != len(got) {
		t.Errorf("%d events after the session was renewed, %d before", len(again), len(got))
	}
}

// TestEventsOfLeaveNoCollector: the server has a few dozen for all clients.
func TestEventsOfLeaveNoCollector(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for range 2 * s.Model().Map().EventManager().MaxCollector {
		eventsOf(t, b, backend.Ref{}, 1)
	}
}

// TestEventsOfESXi: a single host has no QueryEvents.
func TestEventsOfESXi(t *testing.T) {
	v := lab.StartVcsim(t, "-esx")
	b := dial(t, vsphere.Options{URL: v.URL()})
	m := watch(t, b)
	m.untilSynced()
	vms := govcNames(v)
	v.Govc("vm.power", "-off", vms[0])
	m.until("the event of a single host", func() bool { return m.said("powered off") == 1 })
	if got := eventsOf(t, b, m.getVM(vms[0]).ID, 10); len(got) == 0 || !strings.Contains(got[0].Text, "powered off") {
		t.Errorf("%+v", got)
	}
}

func govcNames(v *lab.Vcsim) []string {
	var all []string
	for _, p := range strings.Fields(v.Govc("find", "/", "-type", "m")) {
		all = append(all, p[strings.LastIndexByte(p, '/')+1:])
	}
	return all
}

// TestSeverityIsTheServers: the catalogue says that this one is nothing to worry about,
// whatever its name is.
func TestSeverityIsTheServers(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	b := dial(t, vsphere.Options{URL: s.URL()})
	m := watch(t, b)
	m.untilSynced()
	before := len(eventsOf(t, b, refOf(t, b, backend.KindVM, "DC0_H0_VM0"), 100))
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	c, err := govmomi.NewClient(t.Context(), u, true)
	if err != nil {
		t.Fatal(err)
	}
	vm := simulated(t, s, "VirtualMachine", "DC0_H0_VM0").Reference()
	about := types.Event{Vm: &types.VmEventArgument{EntityEventArgument: types.EntityEventArgument{Name: "DC0_H0_VM0"}, Vm: vm}}
	for _, e := range []types.BaseEvent{
		&types.CustomizationFailed{CustomizationEvent: types.CustomizationEvent{VmEvent: types.VmEvent{Event: about}}},
		&types.CustomizationNetworkSetupFailed{CustomizationFailed: types.CustomizationFailed{CustomizationEvent: types.CustomizationEvent{VmEvent: types.VmEvent{Event: about}}}},
		&types.VmFailedToPowerOnEvent{VmEvent: types.VmEvent{Event: about}},
		&types.EventEx{Event: types.Event{}, EventTypeId: "a.b.c", Severity: "warning", ObjectType: vm.Type, ObjectId: vm.Value, Message: "m"},
	} {
		if err := event.NewManager(c.Client).PostEvent(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	want := []backend.Severity{backend.SeverityInfo, backend.SeverityError, backend.SeverityError, backend.SeverityWarning}
	var got []backend.Severity
	m.until("the posted events", func() bool {
		got = nil
		for _, e := range m.events {
			if e.Object.ID == vm.Value {
				got = append(got, e.Severity)
			}
		}
		return len(got) == before+len(want)
	})
	for i, w := range want {
		if got[len(got)-len(want)+i] != w {
			t.Errorf("event %d has severity %d, want %d", i, got[len(got)-len(want)+i], w)
		}
	}
}

// TestFloodOfEvents: more than one answer holds are told in order, the newest at least.
func TestFloodOfEvents(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	m := watch(t, dial(t, vsphere.Options{URL: s.URL()}))
	m.untilSynced()
	em, bg := s.Model().Map().EventManager(), s.Model().Service.Context
	vm := simulated(t, s, "VirtualMachine", "DC0_H0_VM0").Reference()
	for range 700 {
		bg.WithLock(em, func() {
			em.PostEvent(bg, &types.PostEvent{EventToPost: &types.GeneralUserEvent{GeneralEvent: types.GeneralEvent{Message: "flood"}}})
		})
	}
	bg.WithLock(em, func() {
		em.PostEvent(bg, &types.PostEvent{EventToPost: &types.EventEx{EventTypeId: "the.last", ObjectType: vm.Type, ObjectId: vm.Value}})
	})
	m.until("the last event", func() bool {
		return len(m.events) > 200 && strings.Contains(m.events[len(m.events)-1].Text, "the.last")
	})
}
