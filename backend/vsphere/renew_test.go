package vsphere_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// ours counts the driver's sessions, as govc sees them.
func ours(v *lab.Vcsim) int { return strings.Count(v.Govc("session.ls"), "hvdeck/") }

// TestActionOutlivesItsSession: the task belongs to the server, not to the session.
func TestActionOutlivesItsSession(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1", "-task-time", "2s")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm := refOf(t, b, backend.KindVM, "DC0_H0_VM0")
	started := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_, err := b.Do(ctx, backend.PowerOffOp{VM: vm}, backend.Progress{Remote: func(string) { close(started) }})
		result <- err
	}()
	<-started
	if endSessions(v) != 1 {
		t.Error("no session to end")
	}
	if err := <-result; err != nil {
		t.Errorf("the power-off: %v", err)
	}
	if out := v.Govc("vm.info", "DC0_H0_VM0"); !strings.Contains(out, "poweredOff") {
		t.Errorf("%s", out)
	}
	if n := ours(v); n != 1 {
		t.Errorf("%d sessions after the renewal", n)
	}
	if err := b.Close(); err != nil || ours(v) != 0 {
		t.Errorf("%v, %d sessions left", err, ours(v))
	}
}

// TestManyCallsRenewOnce: callers that meet the end of a session together log in once.
func TestManyCallsRenewOnce(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	b := dial(t, vsphere.Options{URL: v.URL()})
	vm := refOf(t, b, backend.KindVM, "DC0_H0_VM0")
	endSessions(v)
	ended := make(chan error, 10)
	for range cap(ended) {
		go func() {
			_, err := b.Get(context.Background(), vm)
			ended <- err
		}()
	}
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	if n := ours(v); n != 1 {
		t.Errorf("%d sessions after the renewal", n)
	}
}

func TestIdleSessionIsRenewed(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, SessionTimeout: 300 * time.Millisecond})
	b := dial(t, vsphere.Options{URL: s.URL()})
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if len(sessionKeys(t, s)) == 1 { // only that of the question
			break
		}
		if time.Now().After(end) {
			t.Fatal("the session did not expire")
		}
	}
	if n := len(list(t, b, backend.Query{Kind: backend.KindVM})); n == 0 {
		t.Error("no VMs after the session had expired")
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// fault makes calls of a method fail from the next on: count times, 0 always.
func fault(s *vcsim.Server, method string, f types.BaseMethodFault, count int) {
	s.Refuse(vcsim.Refusal{Method: method, Fault: f, Count: count})
}

// TestPasswordChangedMeanwhile: the operator is told in words, and the account is not
// locked by further attempts.
func TestPasswordChangedMeanwhile(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	text, _ := traceOf(t, s, func(b backend.Backend) {
		fault(s, "RetrievePropertiesEx", &types.NotAuthenticated{}, 0)
		fault(s, "Login", &types.InvalidLogin{}, 0)
		for range 3 {
			var e *backend.Error
			err := b.List(t.Context(), backend.Query{Kind: backend.KindVM}, func([]backend.Object) {})
			if !errors.As(err, &e) || e.Class != backend.ClassDenied || !strings.Contains(err.Error(), "refused the user name or password") || e.Remedy == "" {
				t.Errorf("%v (%v)", err, backend.ClassOf(err))
			}
		}
		s.Relent()
	})
	if n := strings.Count(text, " > Login id="); n != 2 {
		t.Errorf("%d logins, want that of the dial and one more", n)
	}
}

// TestFailedDialLeavesNoSession: what fails after the login is logged out.
func TestFailedDialLeavesNoSession(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	fault(s, "CurrentTime", &types.NoPermission{}, 1)
	if _, err := tryDial(t, vsphere.Options{URL: s.URL()}, nil); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("%v", err)
	}
	if n := len(sessionKeys(t, s)); n != 1 {
		t.Errorf("%d sessions besides that of the question", n-1)
	}
}

// TestLostCollectorIsMadeAgain: the server may forget views and collectors while the
// session goes on.
func TestLostCollectorIsMadeAgain(t *testing.T) {
	for _, method := range []string{"WaitForUpdatesEx", "ReadNextEvents"} {
		t.Run(method, func(t *testing.T) {
			s := sim(t, vcsim.Options{VMs: 2})
			b := dial(t, vsphere.Options{URL: s.URL()})
			m := watch(t, b)
			m.untilSynced()
			vm := m.getVM("DC0_H0_VM0").ID
			before := m.count(backend.KindVM)
			fault(s, method, &types.ManagedObjectNotFound{Obj: vimRef("gone")}, 1)
			mustDo(t, b, backend.PowerOffOp{VM: vm}) // wakes the wait
			m.within(t, patience, "a second full set", func() bool { return m.synced > 1 })
			mustDo(t, b, backend.PowerOnOp{VM: vm})
			m.until("the change after that", func() bool { return m.vm("DC0_H0_VM0").State == backend.PowerOn && m.said("powered on") > 0 })
			if n := m.count(backend.KindVM); n != before {
				t.Errorf("%d VMs, before %d", n, before)
			}
			m.once(t)
		})
	}
}

func vimRef(id string) types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "PropertyCollector", Value: id}
}
