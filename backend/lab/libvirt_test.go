package lab

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLibvirtdLifetime(t *testing.T) {
	var dir string
	t.Run("up", func(t *testing.T) {
		start := time.Now()
		l := StartLibvirtd(t)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v to start", took)
		}
		dir = l.Dir()
		if got := l.VirshOn("test", "list", "--name"); strings.TrimSpace(got) != "test" {
			t.Errorf("test driver lists %q", got)
		}
		l.DefineMany(3)
		if got := strings.Fields(l.Virsh("list", "--all", "--name")); len(got) != 3 {
			t.Errorf("domains %q", got)
		}
		l.Freeze()
		l.Thaw()
		for range 3 {
			l.Restart()
		}
		if n := l.Crashes(); n != 0 {
			t.Errorf("%d daemons that were told to end are called crashed", n)
		}
		if got := strings.Fields(l.Virsh("list", "--all", "--name")); len(got) != 3 {
			t.Errorf("domains after a restart: %q", got)
		}
	})
	if dir == "" {
		t.Skip("no libvirtd was started")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the instance left %s behind: %v", dir, err)
	}
}

func TestLibvirtGuestRuns(t *testing.T) {
	l := StartLibvirtd(t)
	l.DefineGuest("g1", true)
	if got := l.Virsh("domstate", "g1"); got != "running" {
		t.Errorf("state %q", got)
	}
	pid := l.GuestPID("g1")
	l.Stop()
	for end := time.Now().Add(5 * time.Second); ; {
		if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); os.IsNotExist(err) {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the guest outlived its instance")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// A daemon that crashes is started again, one that is killed stays dead.
func TestLibvirtdThatCrashes(t *testing.T) {
	t.Parallel()
	l := StartLibvirtd(t)
	l.DefineMany(2)
	l.signal(syscall.SIGSEGV)
	up := func(limit time.Duration) bool {
		for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
			if out, err := l.TryVirsh("list", "--all", "--name"); err == nil && len(strings.Fields(out)) == 2 && l.Crashes() == 1 {
				return true
			}
		}
		return false
	}
	if !up(20 * time.Second) {
		t.Fatal("it is not started again")
	}
	l.Kill()
	if up(500 * time.Millisecond) {
		t.Error("it was killed and is back")
	}
	l.Restart()
	if !up(10 * time.Second) {
		t.Error("it was started again and does not answer")
	}
}
