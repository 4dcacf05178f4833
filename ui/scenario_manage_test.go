package ui_test

import (
	"regexp"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/ui/uitest"
)

func tall(sc scene) scene {
	sc.size = uitest.Size{W: 160, H: 55}
	return sc
}

// A form shows the questions of the type that is chosen, and only those.
func TestPoolFormShowsWhatItsTypeNeeds(t *testing.T) {
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "web-1")}}))
	w.row("web-1", "run")
	w.Press("4")
	w.menu("n", "new pool on kvm1", "n")
	w.WaitFor("Directory").Reject("Target IQN")
	w.Press("tab").Type("iscsi")
	w.WaitFor("Target IQN").WaitFor("Initiator IQN").Reject("Directory")
	w.Press("enter").WaitFor("a name is needed")
}

// A pool is defined by a form, gets a volume, which shrinks only by its name, and goes.
func TestPoolAndVolume(t *testing.T) {
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "web-1")}}))
	w.row("web-1", "run")
	w.Press("4")
	w.menu("n", "new pool on kvm1", "n")
	w.WaitFor("Directory").Type("fast").Press("tab", "tab").Type("/srv/fast").Press("enter")
	pane := w.Pane("Storage").WaitFor("● fast")
	pane.Select("fast")
	w.Press("enter").WaitFor("Storage · fast").WaitFor("empty")
	w.menu("n", "new volume on fast", "n")
	w.WaitFor("Preallocate metadata").Type("data.qcow2").Press("tab", "tab").WaitFor("Size").Press("ctrl+u").Type("4 GiB").Press("enter")
	pane = w.Pane("Storage · fast").WaitFor(regexp.MustCompile(`data\.qcow2 +qcow2 +4`))
	w.WaitFor("orphan")

	w.menu("v", "manage: fast/data.qcow2", "z")
	w.WaitFor("Resize: fast/data.qcow2").Press("ctrl+u").Type("1 GiB").Press("enter")
	w.WaitFor("It SHRINKS from 4.0 GiB to 1.0 GiB").Type("data.qcow2").Press("enter")
	pane.WaitFor(regexp.MustCompile(`data\.qcow2 +qcow2 +1`))

	w.menu("v", "manage: fast/data.qcow2", "d")
	w.WaitFor("Delete: fast/data.qcow2").WaitFor("goes with all that is in it").Type("data.qcow2").Press("enter")
	pane.WaitFor("empty")
}

// A size that is none is refused in the form, before anything is asked of the server.
func TestSizesThatAreNone(t *testing.T) {
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "web-1")}}))
	w.row("web-1", "run")
	w.Press("4").Press("enter").WaitFor("Storage · default")
	w.menu("n", "new volume on default", "n")
	w.WaitFor("Preallocate metadata").Type("x").Press("tab", "tab")
	for _, c := range [][2]string{{"-1", "is not a size"}, {"0", "at least 1 B"}, {"9e99", "is not a size"}, {"10 GiBs", "is not a size"}, {"99999999999999999 TiB", "is too large"}} {
		w.Press("ctrl+u").Type(c[0]).Press("enter").WaitFor(c[1])
	}
	w.Press("shift+tab", "shift+tab", "ctrl+u").Type("a/b").Press("enter").WaitFor("can't contain '/'")
	if n := w.hosts[0].Calls(mem.CallDo); n != 0 {
		t.Errorf("%d operations reached the host", n)
	}
}

// The value of a secret is on no screen while it is typed, and shown for a moment on
// request.
func TestSecretValueIsMasked(t *testing.T) {
	const value = "correct-horse-battery"
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "web-1")}}))
	w.row("web-1", "run")
	w.Press(":").Type("secrets").Press("enter").WaitFor("[Secrets]")
	w.menu("n", "new secret on kvm1", "n")
	w.WaitFor("Ephemeral").Press("tab").Type("ceph-admin").Press("tab", "tab", "tab", "tab").Type("typed").WaitFor("Secret value").Press("tab").Type(value)
	if strings.Contains(w.Text(), value) {
		t.Fatalf("the value is on the screen:\n%s", w.Text())
	}
	w.Press("enter")
	pane := w.Pane("Networks").WaitFor("ceph-admin")
	pane.Select("ceph-admin")
	if strings.Contains(w.Text(), value) {
		t.Fatalf("the value is on the screen:\n%s", w.Text())
	}
	w.menu("v", "manage: ceph-admin", "v")
	w.WaitFor("It is shown in clear for 10s").Press("y").WaitFor(value)
	w.Press("esc").WaitGone(value)
}

// Undefining a VM keeps its disks; each has to be ticked by itself.
func TestUndefineKeepsDisks(t *testing.T) {
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "-web-1", "-web-2")}}))
	w.row("web-1", "off")
	w.menu("v", "manage: web-1", "u")
	w.Calm("Delete vda").Press("enter")
	w.WaitFor("Undefine, unregister: web-1?").WaitFor("Its disks stay.").Type("web-1").Press("enter")
	w.eventually("web-1 to go", func() bool { return w.store.Object(w.hosts[0].VM("web-1")) == nil })
}

// Putting a host to sleep takes its name, and at least a minute.
func TestHostSleepAsksForItsName(t *testing.T) {
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "web-1")}}))
	w.row("web-1", "run")
	w.Press("1")
	w.menu("v", "manage: kvm1", "z")
	w.WaitFor("Wake after").Press("tab", "ctrl+u").Type("59").Press("enter").WaitFor("at least 60")
	w.Press("ctrl+u").Type("90").Press("enter")
	w.WaitFor("EVERY VM on this host stands still").WaitFor("1m30s").Press("y", "enter").WaitFor("not the same")
	if n := w.hosts[0].Calls(mem.CallDo); n != 0 {
		t.Errorf("%d operations reached the host", n)
	}
}

// What was started is undone in the same way: a network stops after a question.
func TestNetworkStops(t *testing.T) {
	w := begin(t, tall(scene{hosts: []mem.Config{vms("kvm1", "web-1")}}))
	w.row("web-1", "run")
	pane := w.Pane("Networks").WaitFor("default")
	w.Press("5")
	w.menu("v", "manage: default", "x")
	w.WaitFor("Stop: default?").WaitFor("VMs on it lose their network").Press("y")
	w.eventually("the network to stop", func() bool {
		for _, o := range w.store.All(backend.KindNetwork) {
			if o.(*backend.Network).Active {
				return false
			}
		}
		return true
	})
	pane.WaitFor("default")
	w.menu("v", "manage: default", "s")
	w.eventually("the network to start", func() bool { return w.store.All(backend.KindNetwork)[0].(*backend.Network).Active })
}
