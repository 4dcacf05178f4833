package vsphere_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// TestEventsAreToldOnce: whatever ends, the session or the connection, the log goes on
// where it was.
func TestEventsAreToldOnce(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "2")
	d, err := vsphere.New(vsphere.Options{ID: conn, URL: v.URL()})
	if err != nil {
		t.Fatal(err)
	}
	first := redial(t, d)
	m := watch(t, first)
	m.untilSynced()
	act := func(m *mirror, verb, words string) {
		t.Helper()
		v.Govc("vm.power", "-"+verb, "DC0_H0_VM0")
		m.until("the event of "+verb, func() bool { return m.said(words) > 0 })
	}
	act(m, "off", "powered off")
	for line := range strings.Lines(v.Govc("session.ls")) {
		if fields := strings.Fields(line); strings.Contains(line, "hvdeck/") {
			v.Govc("session.rm", fields[0])
		}
	}
	for end := time.Now().Add(12 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		m.mu.Lock()
		synced := m.synced
		m.mu.Unlock()
		if synced > 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the watch did not recover from the end of its session")
		}
	}
	act(m, "on", "powered on")
	m.once(t)
	told := m.texts()
	m.cancel()
	_ = first.Close()

	again := watch(t, redial(t, d))
	again.untilSynced()
	act(again, "suspend", "suspended")
	again.once(t)
	for _, e := range again.texts() {
		if slices.Contains(told, e) {
			t.Errorf("told again after a redial: %s", e)
		}
	}
}

func redial(t *testing.T, d backend.Dialer) backend.Backend {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	b, err := d.Dial(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// said counts events by their words; call it inside until.
func (m *mirror) said(words string) (n int) {
	for _, e := range m.events {
		if strings.Contains(e.Text, words) {
			n++
		}
	}
	return n
}

// texts are the events of VMs, each with its time.
func (m *mirror) texts() (all []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.events {
		if e.Object.Kind == backend.KindVM {
			all = append(all, fmt.Sprint(e.At.UnixNano(), " ", e.Name, " ", e.Text))
		}
	}
	return all
}

func (m *mirror) once(t *testing.T) {
	t.Helper()
	all := m.texts()
	slices.Sort(all)
	if n := len(all); len(slices.Compact(all)) != n {
		t.Errorf("told twice:\n%s", strings.Join(all, "\n"))
	}
}

func TestOldEventsAreNotTold(t *testing.T) {
	now := time.Date(2030, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct{ told, want time.Time }{
		"first connection":   {time.Time{}, now.Add(-time.Minute)},
		"after a long pause": {now.Add(-time.Hour), now.Add(-time.Minute)},
		"after a redial":     {now.Add(-time.Second), now.Add(-time.Second)},
		"a clock set back":   {now.Add(time.Hour), now.Add(-time.Minute)},
	} {
		if got := vsphere.EventsStart(tt.told, now); !got.Equal(tt.want) {
			t.Errorf("%s: from %s, want %s", name, got, tt.want)
		}
	}
}
