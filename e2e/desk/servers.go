package desk

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
)

// Hosts is one real daemon that serves two drivers, with a guest that runs and a spare
// that does not.
func Hosts(t testing.TB) *lab.Libvirtd {
	t.Helper()
	l := lab.StartLibvirtd(t)
	l.DefineGuest("guest", true)
	l.DefineGuest("spare", false)
	return l
}

// Both are the two connections of Hosts in the configuration: kvm and lab.
func Both(l *lab.Libvirtd) string {
	return Connection("kvm", l.URI("qemu")) + Connection("lab", l.URI("test"))
}

// Vcenter is a simulated vCenter with a cluster of two hosts and three VMs, unless the
// arguments say otherwise.
func Vcenter(t testing.TB, more ...string) *lab.Vcsim {
	t.Helper()
	return lab.StartVcsim(t, append([]string{"-dc", "1", "-cluster", "1", "-host", "2", "-vm", "3"}, more...)...)
}

// VcenterAt is its connection in the configuration, with a user without a password.
func VcenterAt(name string, v *lab.Vcsim) string {
	return Connection(name, "http://user@"+v.Addr()+"/sdk")
}

// Password is the environment with the simulator's password.
func Password() []string { return []string{"GOVC_PASSWORD=pass"} }

// Sessions counts the sessions at the server that are the program's.
func Sessions(v *lab.Vcsim) int { return strings.Count(v.Govc("session.ls"), "hvdeck/") }

// Row is a regular expression for a row of the VMs: the name, then the state's word, with
// or without a sign before it. What is on its way to a state is not in it.
func Row(name, state string) *regexp.Regexp {
	return regexp.MustCompile(regexp.QuoteMeta(name) + ` +([^\s\pL]+ )?` + state)
}

// Domstate waits until virsh gives this state.
func Domstate(t testing.TB, l *lab.Libvirtd, name, want string) {
	t.Helper()
	Eventually(t, 10*time.Second, "virsh domstate "+name+" to be "+want, func() bool {
		got, err := l.TryVirsh("domstate", name)
		return err == nil && strings.TrimSpace(got) == want
	})
}
