package libvirt

import (
	"regexp"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

// A daemon that hangs: what is shown stays, says how old it is, and looks it.
func TestADaemonThatFreezes(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	l.Virsh("define", domain(t, l, "tail"))
	r := begin(t, l, desk.Connection("kvm", l.URI("qemu")), "kvm")
	r.steady("guest")
	live := r.CellOf("spare").FG // where the cursor does not go
	r.during("a daemon is frozen", func() {
		l.Freeze()
		r.lost("kvm")
		r.Pane("VMs").Expect(desk.Row("guest", "run"))
		r.WaitFor("STALE").WaitFor(regexp.MustCompile(`Data from +\d+s ago`))
		if r.CellOf("spare").FG == live {
			t.Error("a row of a connection that is lost looks live")
		}
		l.Thaw()
		r.back("kvm")
		r.WaitGone("STALE")
	})
	l.Virsh("suspend", "guest")
	r.says("a change after that", desk.Row("guest", "pau"), desk.LiveWithin(time.Second))
	r.likeVirsh(1)
	r.unharmed()
}

// A daemon that dies and comes back with another inventory.
func TestADaemonThatDies(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	l.Virsh("define", domain(t, l, "tail"))
	r := begin(t, l, desk.Connection("kvm", l.URI("qemu")), "kvm")
	r.steady("guest")
	r.during("a daemon is dead", func() {
		l.Kill()
		r.lost("kvm")
	})
	r.Press("p").WaitFor("Power off, hard · kvm is reconnecting").Press("f", "esc").WaitGone("power: guest")
	r.Press("i").WaitFor("Connections").WaitFor(regexp.MustCompile(`kvm +reconnecting`)).Press("esc").WaitGone("Connections")
	r.during("a daemon comes back", func() {
		l.Restart()
		l.Virsh("undefine", "tail")
		l.Virsh("define", domain(t, l, "tail2"))
		r.back("kvm")
		r.likeVirsh(1)
	})
	l.Virsh("destroy", "guest")
	r.says("a change after that", desk.Row("guest", "off"), desk.LiveWithin(time.Second))
	r.likeVirsh(1)
	r.unharmed()
}

// A daemon that is restarted at once: nobody may have seen it gone.
func TestADaemonThatIsRestarted(t *testing.T) {
	t.Parallel()
	l := desk.Hosts(t)
	r := begin(t, l, desk.Connection("kvm", l.URI("qemu")), "kvm")
	r.steady("guest")
	r.during("a daemon is restarted", func() {
		l.Restart()
		l.Virsh("define", domain(t, l, "tail"))
		r.back("kvm")
		r.likeVirsh(1)
	})
	r.unharmed()
}
