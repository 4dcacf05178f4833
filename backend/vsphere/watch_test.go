package vsphere_test

import (
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func TestWatchDemo(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true, TaskTime: 300 * time.Millisecond})
	b := dial(t, vsphere.Options{URL: s.URL()})
	m := watch(t, b)
	m.untilSynced()
	for kind, want := range map[backend.Kind]int{
		backend.KindVM: 61, backend.KindHost: 6, backend.KindCluster: 2, backend.KindPool: 6, backend.KindResourcePool: 6,
	} {
		if got := m.count(kind); got != want {
			t.Errorf("%d of kind %s, want %d", got, kind, want)
		}
	}
	web := m.getVM("web-01")
	if web.Datacenter != "fra1" || web.Cluster != "fra1-prod" || web.Folder != "Production" || web.Pool != "production" ||
		web.State != backend.PowerOn || web.IP == "" || web.Tools != "running" || web.Snapshots != 4 || web.HostName == "" {
		t.Errorf("web-01: %+v", web)
	}
	erp := m.getVM("legacy-erp")
	m.until("the question", func() bool { erp = m.vm("legacy-erp"); return erp.Question != nil })
	if erp.Activity != backend.ActivityBlocked || len(erp.Question.Choices) != 3 {
		t.Errorf("blocked VM: %+v %+v", erp.Activity, erp.Question)
	}
	mustDo(t, b, backend.AnswerOp{VM: erp.ID, Question: erp.Question.ID, Choice: "2"})
	m.until("legacy-erp running", func() bool { e := m.vm("legacy-erp"); return e.State == backend.PowerOn && e.Question == nil })
	r := mustDo(t, b, backend.SnapshotCreateOp{VM: web.ID, Name: "new", Description: "d", Memory: true})
	if r.Created.Kind != backend.KindSnapshot {
		t.Errorf("created %+v", r.Created)
	}
	m.until("5 snapshots", func() bool { return m.vm("web-01").Snapshots == 5 })
	m.until("idle again", func() bool { return m.vm("web-01").Activity == backend.ActivityNone })
}

func TestHostsCountTheirVMs(t *testing.T) {
	s := sim(t, vcsim.Options{Demo: true})
	m := watch(t, dial(t, vsphere.Options{URL: s.URL()}))
	m.untilSynced()
	all, active := 0, 0
	m.until("counts", func() bool {
		all, active = 0, 0
		for _, o := range m.has {
			if h, ok := o.(*backend.Host); ok {
				all, active = all+h.VMs, active+h.Active
			}
		}
		return all == 61
	})
	if active == 0 || active >= all {
		t.Errorf("%d of %d active", active, all)
	}
	m.until("the counts of clusters", func() bool {
		sum := 0
		for _, o := range m.has {
			if c, ok := o.(*backend.Cluster); ok && c.DRS && c.HA && c.CPUUsedMHz > 0 {
				sum += c.VMs
			}
		}
		return sum == all
	})
}
