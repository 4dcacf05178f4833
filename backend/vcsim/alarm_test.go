package vcsim_test

import (
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/event"
	"github.com/vmware/govmomi/performance"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/vcsim"
)

func entity(t *testing.T, c *govmomi.Client, ref types.ManagedObjectReference) mo.ManagedEntity {
	t.Helper()
	var me mo.ManagedEntity
	if err := c.RetrieveOne(t.Context(), ref, []string{"triggeredAlarmState", "overallStatus", "parent"}, &me); err != nil {
		t.Fatal(err)
	}
	return me
}

func TestAlarmsAreToldUpwards(t *testing.T) {
	s, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_H0_VM0").Reference()
	root := c.ServiceContent.RootFolder
	if err := s.Trigger("Virtual machine error", vm, types.ManagedEntityStatusRed); err != nil {
		t.Fatal(err)
	}
	for ref := vm; ; {
		me := entity(t, c, ref)
		if len(me.TriggeredAlarmState) != 1 || me.TriggeredAlarmState[0].Entity != vm {
			t.Errorf("%s: %+v", ref.Value, me.TriggeredAlarmState)
		}
		if want := map[bool]types.ManagedEntityStatus{true: "red", false: "green"}[ref == vm]; me.OverallStatus != want {
			t.Errorf("%s is %s", ref.Value, me.OverallStatus)
		}
		if ref == root {
			break
		}
		ref = *me.Parent
	}
	state := entity(t, c, root).TriggeredAlarmState[0]
	ack := types.AcknowledgeAlarm{This: *c.ServiceContent.AlarmManager, Alarm: state.Alarm, Entity: vm}
	if _, err := methods.AcknowledgeAlarm(t.Context(), c.Client, &ack); err != nil {
		t.Fatal(err)
	}
	for _, ref := range []types.ManagedObjectReference{vm, root} {
		if st := entity(t, c, ref).TriggeredAlarmState[0]; !*st.Acknowledged || st.AcknowledgedByUser == "" || st.AcknowledgedTime == nil {
			t.Errorf("%s: %+v", ref.Value, st)
		}
	}
	for _, bad := range []types.AcknowledgeAlarm{{Alarm: state.Alarm, Entity: types.ManagedObjectReference{Type: "VirtualMachine", Value: "vm-gone"}},
		{Alarm: types.ManagedObjectReference{Type: "Alarm", Value: "alarm-gone"}, Entity: vm}} {
		bad.This = ack.This
		_, err := methods.AcknowledgeAlarm(t.Context(), c.Client, &bad)
		if !soap.IsSoapFault(err) {
			t.Errorf("%v: %v", bad, err)
		}
	}
	if err := s.Trigger("Virtual machine error", vm, types.ManagedEntityStatusGreen); err != nil {
		t.Fatal(err)
	}
	if me := entity(t, c, root); len(me.TriggeredAlarmState) != 0 || entity(t, c, vm).OverallStatus != types.ManagedEntityStatusGreen {
		t.Errorf("%+v", me)
	}
	if s.Trigger("no such alarm", vm, "red") == nil || s.Trigger("Host error", types.ManagedObjectReference{Type: "HostSystem", Value: "x"}, "red") == nil {
		t.Error("nonsense was triggered")
	}
}

// TestAlarmsAreNotUpdates: a wait with a version is not told of states, as the API
// reference says; an event is posted.
func TestAlarmsAreNotUpdates(t *testing.T) {
	s, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_H0_VM0").Reference()
	pc, err := property.DefaultCollector(c.Client).Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	spec := types.PropertyFilterSpec{ObjectSet: []types.ObjectSpec{{Obj: vm}}, PropSet: []types.PropertySpec{
		{Type: "VirtualMachine", PathSet: []string{"triggeredAlarmState", "overallStatus", "summary.overallStatus"}}}}
	if _, err := pc.CreateFilter(t.Context(), types.CreateFilter{Spec: spec}); err != nil {
		t.Fatal(err)
	}
	now := int32(0) // seconds
	wait := types.WaitForUpdatesEx{This: pc.Reference(), Options: &types.WaitOptions{MaxWaitSeconds: &now}}
	first, err := methods.WaitForUpdatesEx(t.Context(), c.Client, &wait)
	if err != nil || first.Returnval == nil || len(first.Returnval.FilterSet) != 1 {
		t.Fatalf("the first answer is %+v, %v", first, err)
	}
	if err := s.Trigger("Virtual machine error", vm, types.ManagedEntityStatusRed); err != nil {
		t.Fatal(err)
	}
	wait.Version = first.Returnval.Version
	next, err := methods.WaitForUpdatesEx(t.Context(), c.Client, &wait)
	if err != nil || next.Returnval != nil {
		t.Errorf("told: %+v, %v", next.Returnval, err)
	}
	events, err := event.NewManager(c.Client).QueryEvents(t.Context(), types.EventFilterSpec{EventTypeId: []string{"AlarmStatusChangedEvent"}})
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	e := events[0].(*types.AlarmStatusChangedEvent)
	if e.From != "green" || e.To != "red" || e.Source.Entity != vm || e.Vm == nil || e.Vm.Vm != vm || e.FullFormattedMessage == "" {
		t.Errorf("%+v", e)
	}
}

func TestEventAboutNothingIsRefused(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	m := event.NewManager(c.Client)
	for range 2 { // the locks are free after the first
		err := m.PostEvent(t.Context(), &types.EventEx{EventTypeId: "vcsim.vm.failure", ObjectType: "VirtualMachine", ObjectId: "vm-gone"})
		if !soap.IsSoapFault(err) {
			t.Errorf("%v", err)
		}
	}
}

func TestPastLoadsAreTheSameForAll(t *testing.T) {
	_, c := start(t, vcsim.Options{VMs: 1})
	vm := vmNamed(t, c, "/DC0/vm/DC0_H0_VM0")
	m := performance.NewManager(c.Client)
	from, to := time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	ask := func() []types.BasePerfEntityMetricBase {
		got, err := m.SampleByName(t.Context(), types.PerfQuerySpec{IntervalId: 300, StartTime: &from, EndTime: &to, MaxSample: 100},
			[]string{"cpu.usage.average"}, []types.ManagedObjectReference{vm.Reference()})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	one, two := ask()[0].(*types.PerfEntityMetric), ask()[0].(*types.PerfEntityMetric)
	values := func(m *types.PerfEntityMetric) []int64 { return m.Value[0].(*types.PerfMetricIntSeries).Value }
	if len(one.SampleInfo) != 12 || len(values(one)) != 12 {
		t.Fatalf("%d samples of an hour", len(one.SampleInfo))
	}
	for i, s := range one.SampleInfo {
		if s.Timestamp.Unix()%300 != 0 || i > 0 && !s.Timestamp.After(one.SampleInfo[i-1].Timestamp) || !s.Timestamp.Equal(two.SampleInfo[i].Timestamp) {
			t.Errorf("sample %d is of %v", i, s.Timestamp)
		}
		if v := values(one)[i]; v < 0 || v > 10_000 || v != values(two)[i] {
			t.Errorf("sample %d is %d and %d", i, v, values(two)[i])
		}
	}
}
