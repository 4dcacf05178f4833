package vsphere_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// A vcsim process, with govc as the second actor.

func TestChangesOfOthersAreSeen(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "2")
	m := watch(t, dial(t, vsphere.Options{URL: v.URL()}))
	m.untilSynced()
	const name = "DC0_H0_VM0"
	id := m.getVM(name).ID
	steps := []struct {
		what string
		govc []string
		ok   func() bool
	}{
		{"power off", []string{"vm.power", "-off", name}, func() bool { return m.vm(name).State == backend.PowerOff }},
		{"power on", []string{"vm.power", "-on", name}, func() bool { return m.vm(name).State == backend.PowerOn && !m.vm(name).Booted.IsZero() }},
		{"suspend", []string{"vm.power", "-suspend", name}, func() bool { return m.vm(name).State == backend.PowerSuspended }},
		{"snapshot", []string{"snapshot.create", "-vm", name, "base"}, func() bool { return m.vm(name).Snapshots == 1 }},
		{"address", []string{"vm.change", "-vm", name, "-e", "SET.guest.ipAddress=10.1.2.3"}, func() bool { return m.vm(name).IP == "10.1.2.3" }},
		{"snapshot removed", []string{"snapshot.remove", "-vm", name, "*"}, func() bool { return m.vm(name).Snapshots == 0 }},
		{"clone", []string{"vm.clone", "-vm", name, "-on=false", "-pool", "/DC0/host/DC0_H0/Resources", "copy"}, func() bool { return m.vm("copy") != nil }},
		{"rename", []string{"object.rename", "/DC0/vm/" + name, "renamed"}, func() bool { return m.vm("renamed") != nil && m.vm("renamed").ID == id }},
		{"destroy", []string{"vm.destroy", "copy"}, func() bool { return m.vm("copy") == nil }},
		{"host renamed", []string{"object.rename", "/DC0/host/DC0_C0", "cluster-x"}, func() bool {
			vm := m.vm("DC0_C0_RP0_VM0")
			return vm != nil && vm.Cluster == "cluster-x"
		}},
	}
	for _, s := range steps {
		v.Govc(s.govc...)
		began := time.Now()
		m.until(s.what, s.ok)
		if d := time.Since(began); d > 2*time.Second {
			t.Errorf("%s was seen after %v", s.what, d)
		}
	}
	m.until("a task of another", func() bool {
		for _, states := range m.tasks {
			if last := states[len(states)-1]; last.Name == "power off" && last.State == backend.TaskSuccess && last.Target != "" {
				return true
			}
		}
		return false
	})
	v.Govc("vm.power", "-off", "renamed")
	m.until("an event", func() bool {
		for _, e := range m.events {
			if e.Name == "renamed" && e.Object.ID == id.ID && strings.Contains(e.Text, "powered off") {
				return true
			}
		}
		return false
	})
}

func TestEndedSessionIsRenewed(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "2")
	t.Parallel()
	b := dial(t, vsphere.Options{URL: v.URL()})
	m := watch(t, b)
	m.untilSynced()
	for line := range strings.Lines(v.Govc("session.ls")) {
		if fields := strings.Fields(line); strings.Contains(line, "hvdeck/") {
			v.Govc("session.rm", fields[0])
		}
	}
	v.Govc("vm.destroy", "DC0_H0_VM1")
	v.Govc("vm.power", "-off", "DC0_H0_VM0")
	deadline := time.Now().Add(12 * time.Second)
	for {
		m.mu.Lock()
		done := m.synced > 1 && m.vm("DC0_H0_VM1") == nil && m.vm("DC0_H0_VM0").State == backend.PowerOff
		m.mu.Unlock()
		if done {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the watch did not recover from the end of its session")
		}
		select {
		case <-m.wake:
		case <-time.After(100 * time.Millisecond):
		}
	}
	v.Govc("vm.power", "-on", "DC0_H0_VM0")
	m.until("changes after the renewal", func() bool { return m.vm("DC0_H0_VM0").State == backend.PowerOn })
	if n := len(list(t, b, backend.Query{Kind: backend.KindVM})); n != 3 {
		t.Errorf("%d VMs listed", n)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	<-m.ended // Close ended it, with an error
	m.ended <- nil
	if out := v.Govc("session.ls"); strings.Contains(out, "hvdeck/") {
		t.Errorf("a session is left:\n%s", out)
	}
}

func TestFrozenServerIsNoticed(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	t.Parallel()
	b := dial(t, vsphere.Options{URL: v.URL()})
	ended := make(chan error, 1)
	synced := make(chan struct{}, 1)
	go func() {
		ended <- b.Watch(context.Background(), func(d backend.Delta) {
			if _, ok := d.(backend.Synced); ok {
				synced <- struct{}{}
			}
		})
	}()
	<-synced
	v.Freeze()
	began := time.Now()
	select {
	case err := <-ended:
		if backend.ClassOf(err) != backend.ClassUnreachable {
			t.Errorf("Watch ended with %v (%v)", err, backend.ClassOf(err))
		}
		t.Logf("noticed after %v: %v", time.Since(began), err)
	case <-time.After(12 * time.Second):
		t.Error("not noticed within 12 s")
	}
	began = time.Now()
	_ = b.Close()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("Close took %v", d)
	}
	v.Thaw()
}

func TestKilledServer(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	b := dial(t, vsphere.Options{URL: v.URL()})
	ended := make(chan error, 1)
	synced := make(chan struct{}, 1)
	go func() {
		ended <- b.Watch(context.Background(), func(d backend.Delta) {
			if _, ok := d.(backend.Synced); ok {
				synced <- struct{}{}
			}
		})
	}()
	<-synced
	v.Kill()
	select {
	case err := <-ended:
		if backend.ClassOf(err) != backend.ClassUnreachable {
			t.Errorf("Watch ended with %v (%v)", err, backend.ClassOf(err))
		}
	case <-time.After(5 * time.Second):
		t.Error("not noticed within 5 s")
	}
	if err := b.List(context.Background(), backend.Query{Kind: backend.KindVM}, func([]backend.Object) {}); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("List: %v", err)
	}
	began := time.Now()
	_ = b.Close()
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("Close took %v", d)
	}
	v.Restart()
	c := dial(t, vsphere.Options{URL: v.URL()})
	if n := len(list(t, c, backend.Query{Kind: backend.KindVM})); n != 2 {
		t.Errorf("%d VMs after the restart", n)
	}
}

func TestAnswerLostIsUnknown(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1", "-task-time", "20s")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm := list(t, b, backend.Query{Kind: backend.KindVM})[0]
	started := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		_, err := b.Do(context.Background(), backend.PowerOffOp{VM: vm.Ref()}, backend.Progress{Remote: func(string) { close(started) }})
		result <- err
	}()
	<-started
	v.Kill()
	if err := <-result; backend.ClassOf(err) != backend.ClassLost {
		t.Errorf("%v (%v)", err, backend.ClassOf(err))
	}
}

func TestNoGoroutineIsLeft(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	settle := func() int {
		n := runtime.NumGoroutine()
		for range 100 {
			time.Sleep(10 * time.Millisecond)
			if now := runtime.NumGoroutine(); now < n {
				n = now
			}
		}
		return n
	}
	before := settle()
	for range 3 {
		b, err := tryDial(t, vsphere.Options{URL: v.URL()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended, synced := make(chan error, 1), make(chan struct{}, 1)
		go func() {
			ended <- b.Watch(ctx, func(d backend.Delta) {
				if _, ok := d.(backend.Synced); ok {
					synced <- struct{}{}
				}
			})
		}()
		<-synced
		cancel()
		<-ended
		_ = b.Close()
	}
	if after := settle(); after > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
}

// rss is the resident memory of a process in MiB.
func rss(tb testing.TB, pid int) float64 {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "status"))
	if err != nil {
		tb.Skip(err)
	}
	for line := range strings.Lines(string(data)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			kb, _ := strconv.Atoi(f[1])
			return float64(kb) / 1024
		}
	}
	return 0
}
