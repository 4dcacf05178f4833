package backendtest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

// Target is an implementation under test with its fixtures.
type Target struct {
	// Name stands in the names of the subtests; without spaces or slashes.
	Name string
	// Open dials a new connection, for each case; the suite closes it. Everything it
	// opens must see the same VMs.
	Open func(t *testing.T) backend.Backend
	// OpenReadOnly dials one that may change nothing; nil when there is no such thing.
	OpenReadOnly func(t *testing.T) backend.Backend
	// Running and Off are names of two VMs that the suite may do anything to but
	// remove; they are brought into these states as needed. The server needs a running
	// pool and a network besides.
	Running, Off string
	// SecondActor, when given, puts a VM into PowerOn or PowerOff by way of another
	// client (virsh, govc). nil: another connection of the driver does.
	SecondActor func(t *testing.T, name string, state backend.PowerState)
	// PoolDir is a directory at the host under which the suite makes directories for
	// pools of its own; "" leaves no way to test storage.
	PoolDir string
	// Pool is the name of a pool that the suite may put volumes into, for servers where it
	// can make none of its own; it deletes only what it has put there.
	Pool string
	// NetworkMode is a mode in which a new network can be started; "": isolated.
	NetworkMode string
	// Trigger raises an alarm for a VM, which stays until the server is gone; nil when
	// the server has no alarms or no way to raise one.
	Trigger func(t *testing.T, vm string)
	// Peer is a second host that VMs can migrate to; nil when there is none.
	Peer *Peer
	// Missing maps the names of cases that cannot work here to part of the error
	// that they fail with.
	Missing map[string]string
	// Patience bounds every wait for a state; 0: 30 s.
	Patience time.Duration
}

// Peer is a second host.
type Peer struct {
	Open func(t *testing.T) backend.Backend
	// URI and DataURI are as in backend.VMMigrateOp.
	URI, DataURI string
}

// Lacking lists all cases of these areas, which are the parts of their names before
// the slash, as missing for one reason; for Target.Missing.
func Lacking(why string, areas ...string) map[string]string {
	missing := map[string]string{}
	for _, c := range cases() {
		area, _, _ := strings.Cut(c.name, "/")
		if slices.Contains(areas, area) {
			missing[c.name] = why
		}
	}
	return missing
}

// Run runs all cases as subtests "<Name>/<case>".
func Run(t *testing.T, target Target) {
	t.Helper()
	if target.Patience == 0 {
		target.Patience = 30 * time.Second
	}
	t.Run(target.Name, func(t *testing.T) {
		all := cases()
		for name := range target.Missing {
			if !slices.ContainsFunc(all, func(c testCase) bool { return c.name == name }) {
				t.Errorf("Missing names %q, and there is no such case", name)
			}
		}
		for _, one := range all {
			t.Run(one.name, func(t *testing.T) { runCase(t, target, one) })
		}
	})
}

// testCase is one case; ops are the operations that it covers.
type testCase struct {
	name string
	ops  []backend.Op
	run  func(*run)
}

func cases() []testCase {
	return slices.Concat(
		basicCases(), listCases(), sampleCases(), watchCases(),
		powerCases(), guestCases(), snapshotCases(), revertCases(), deleteCases(), lifeCases(),
		poolCases(), volumeCases(), transferCases(), networkCases(), interfaceCases(), secretCases(), nodeCases(),
		lifecycleCases(), deviceCases(), definitionCases(), documentCases(),
		placeCases(), linkCases(), fileCases(), ovfCases(), alarmCases(),
	)
}

// run is one case being run. Failures are collected, since a case that is listed as
// missing has to fail.
type run struct {
	Target
	t    *testing.T
	b    backend.Backend
	mu   sync.Mutex
	fail []string
	undo []func() // what takes back what the case made, in the order of making
	look backend.Backend
	// beside is how many steps are under way that only bring about what the case needs.
	beside atomic.Int32
}

func runCase(t *testing.T, target Target, one testCase) {
	r := &run{Target: target, t: t}
	r.play(one)
	r.settle(one.name)
}

// play runs a case on a new connection.
func (r *run) play(one testCase) {
	r.b = r.open()
	r.apart(one.name, func() { one.run(r) })
	for i := len(r.undo) - 1; i >= 0; i-- {
		r.apart("clean up after "+one.name, r.undo[i])
	}
}

// apart runs one step, which fatalf ends.
func (r *run) apart(name string, step func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer guard.Recover(name, func(err error) { r.errorf("%v", err) })
		step()
	}()
	<-done
}

// settle reports the failures, or that a missing case works after all.
func (r *run) settle(name string) {
	r.t.Helper()
	wrong, note := r.verdict(name)
	if wrong != "" {
		r.t.Error(wrong)
	}
	if note != "" {
		r.t.Log(note)
	}
}

// verdict says what is wrong with a case that has run, and what is worth a note.
func (r *run) verdict(name string) (wrong, note string) {
	got := r.failures()
	want, missing := r.Missing[name]
	switch {
	case !missing:
		return got, ""
	case got == "":
		return fmt.Sprintf("listed as missing (%q), but it works: take it off the list", want), ""
	case want == "" || !strings.Contains(got, want):
		return fmt.Sprintf("listed as missing with %q, but it failed with: %s", want, got), ""
	default:
		return "", "cannot work here: " + got
	}
}

func (r *run) failures() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.fail, "\n")
}

func (r *run) errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = append(r.fail, fmt.Sprintf(format, args...))
}

// fatalf fails the case and ends it.
func (r *run) fatalf(format string, args ...any) {
	r.errorf(format, args...)
	runtime.Goexit()
}

// open dials a connection that ends with the case.
func (r *run) open() backend.Backend {
	b := r.Open(r.t)
	r.t.Cleanup(func() { _ = b.Close() })
	return b
}
