package ui_test

import (
	"regexp"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

// alarmed is the shop with four alarms.
func alarmed() *center {
	c := shop()
	add := func(id, name string, of backend.Ref, s backend.Health, acked bool, age time.Duration) {
		a := &backend.Alarm{Meta: backend.Meta{ID: c.ref(backend.KindAlarm, id), Name: name}, Object: of, ObjectName: of.ID, Status: s,
			Since: time.Now().Add(-age), Acked: acked, Text: "What to look at."}
		if acked {
			a.AckedBy = "eve"
		}
		c.objects = append(c.objects, a)
	}
	add("1", "Host memory", c.ref(backend.KindHost, "esx-1.example.net"), backend.HealthYellow, false, time.Hour)
	add("2", "Disk is full", c.ref(backend.KindVM, "db-1"), backend.HealthRed, true, time.Hour)
	add("3", "CPU is busy", c.ref(backend.KindVM, "db-1"), backend.HealthRed, false, 2*time.Hour)
	add("4", "Backup is late", c.ref(backend.KindFolder, "fra1/Web Tier"), backend.HealthYellow, false, time.Minute)
	return c
}

// Alarms: counted in the header, the worst and unacknowledged first, acknowledged from
// the keyboard, also several at once; enter goes to the object.
func TestAlarms(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "git-1")}})
	alarmed().join(t, w)
	w.WaitFor("✗ 3 alarms").Press("!").WaitFor("Alarms  4, 3 not acknowledged")
	w.WaitFor(regexp.MustCompile(`(?s)✗ red .*db-1.*CPU is busy.*▲ yellow.*Backup is late.*▲ yellow.*Host memory.*✓ red, acked.*Disk is full.*eve`))
	w.Press("g")
	w.menu("v", "manage: CPU is busy", "a")
	w.WaitFor("▲ 2 alarms").WaitFor("operator").WaitFor(regexp.MustCompile(`(?s)Backup.*Host memory.*red, acked.*red, acked`))
	w.Press("G", "v").WaitFor(regexp.MustCompile(`Acknowledge.*has acknowledged it`)).Press("esc")
	w.Press("g", "space", "space", "v").WaitFor("2 alarms").Press("a").WaitGone("▲ 2 alarms").WaitFor("4, 0 not acknowledged")
	w.Press("/").Type("disk").Press("enter").WaitGone("CPU is busy").Press("enter")
	w.Pane("VMs").WaitFor("❯● db-1")
	w.Pane("Overview").WaitFor("Alarms").WaitFor(regexp.MustCompile(`✗ red +Disk is full, for 1h 0m, acknowledged by eve`)).WaitFor("CPU is busy")
}

// The alarm of a folder leads to its place in the tree.
func TestAlarmOfAFolder(t *testing.T) {
	w := begin(t, scene{})
	alarmed().join(t, w)
	w.WaitFor("✗ 3 alarms").Press("!", "/").Type("backup").Press("enter").WaitFor(regexp.MustCompile(`❯.*Backup`)).Press("enter")
	w.WaitFor("[VMs and folders]").WaitFor(regexp.MustCompile(`❯.*Web Tier`))
}

// Where no server has alarms, nothing is said in the header, and why in the list.
func TestNoAlarms(t *testing.T) {
	w := begin(t, scene{hosts: []mem.Config{vms("kvm1", "web-1")}})
	w.row("web-1", "run")
	w.Reject("alarm").Press("!").WaitFor("no connection has alarms").Press("q")
}
