// Package soak works the built program for as long as one likes before servers that do
// not stand still, as an operator who tries everything would. It promises that the same
// seed chooses the same steps, that what must always hold is looked at after
// every key, and that a failure says how it was reached.
package soak

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// Plan is what a soak is to be.
type Plan struct {
	For   time.Duration // of work, without what starts and ends it
	Seed  uint64
	Pace  time.Duration // between two keys
	Churn time.Duration // between two changes on each of the two servers, on average
	Check time.Duration // between two comparisons with the servers
	Fault time.Duration // between two faults of each of the two servers, on average
	Warm  time.Duration // what grows until then grows into its place
}

// usual is the size of the terminal between steps.
func usual() uitest.Size { return uitest.Size{W: 140, H: 45} }

// Soak is one run.
type Soak struct {
	*desk.Console
	t    *testing.T
	plan Plan

	libvirtd *lab.Libvirtd
	vcsim    *lab.Vcsim
	virsh    *churn // and what it changes
	govc     *churn

	began   time.Time
	step    int
	random  *rand.Rand // of this step
	trail   trail
	lost    int            // keys that were not answered and, pressed again, were
	answers uitest.Latency // since the table's last line
	all     uitest.Latency
	samples []sample
}

// Run starts the servers and the program, works until the time is over, and leaves.
func Run(t *testing.T, plan Plan) {
	t.Helper()
	s := &Soak{t: t, plan: plan, vcsim: desk.Vcenter(t, "-vm", "4"), libvirtd: desk.Hosts(t)}
	t.Cleanup(s.tell)
	s.prepare()
	s.Console = desk.Start(t, desk.Setup{
		Config: desk.Both(s.libvirtd) + desk.VcenterAt("vc", s.vcsim),
		Env:    append(desk.Password(), "EDITOR=true", "VISUAL=true"),
		Size:   usual(),
	})
	s.Pane("VMs").WaitFor("DC0_C0_RP0_VM0", 30*time.Second)
	s.began = time.Now()
	stop := s.startChurn()
	s.work()
	stop()
	s.check()
	s.leave()
	t.Logf("keys: %s, %d lost\n%s", s.all, s.lost, table(s.samples))
	if s.lost > 1+s.step/100 {
		t.Errorf("%d keys of %d were lost", s.lost, s.step)
	}
	if grown := grown(s.samples, plan.Warm); grown != "" {
		t.Errorf("what the program holds has grown:\n%s", grown)
	}
}

// tell prints how a failure was reached.
func (s *Soak) tell() {
	if !s.t.Failed() {
		return
	}
	s.t.Logf("seed %d, step %d after %v; repeat with -seed %d\nthe last steps:\n%s\nthe last changes:\n%s%s\nvitals:\n%s",
		s.plan.Seed, s.step, time.Since(s.began).Round(time.Second), s.plan.Seed, s.trail.text(), s.virsh.trail.text(), s.govc.trail.text(), table(s.samples))
}

// fatal ends the soak.
func (s *Soak) fatal(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), s.Text())
}

func (s *Soak) work() {
	s.t.Helper()
	checked := time.Now()
	steps := steps()
	for s.goesOn() {
		if time.Since(checked) > s.plan.Check && s.hush() {
			s.check()
			s.resume()
			checked = time.Now()
		}
		s.step++
		s.random = rand.New(rand.NewPCG(s.plan.Seed, uint64(s.step))) //nolint:gosec // a count of steps
		next := pick(s.random, steps)
		s.trail.begin(fmt.Sprintf("%v step %d, %s:", time.Since(s.began).Round(time.Second), s.step, next.name))
		next.do(s)
		s.home()
		s.probe()
		s.unharmed()
	}
	s.hushWithin(time.Minute)
}

// goesOn until the time is over; on a machine that has other work until enough was
// measured.
func (s *Soak) goesOn() bool {
	worked := time.Since(s.began)
	return worked < s.plan.For || worked < 3*s.plan.For && len(warmed(s.samples, s.plan.Warm)) < enough
}

// hush stops the changes; false while one is under way that takes long.
func (s *Soak) hush() bool {
	if !s.virsh.taken() {
		return false
	}
	if !s.govc.taken() {
		s.virsh.give()
		return false
	}
	return true
}

func (s *Soak) hushWithin(limit time.Duration) {
	s.t.Helper()
	desk.Eventually(s.t, limit, "the changes to stop", s.hush)
}

func (s *Soak) resume() {
	s.govc.give()
	s.virsh.give()
}

// unharmed looks at what the program wrote of itself.
func (s *Soak) unharmed() {
	s.t.Helper()
	if !s.Running() {
		s.fatal("the program has ended")
	}
	if harm := harm(s.Home); harm != "" {
		s.fatal("%s", harm)
	}
}

// leave quits as an operator does, and looks for what is left.
func (s *Soak) leave() {
	s.t.Helper()
	pid := s.Pid()
	s.home()
	s.Press("ctrl+c")
	if status := s.WaitExit(20 * time.Second); status != 0 {
		s.t.Errorf("the program ended with %d", status)
	}
	if left := s.LeftBehind(); len(left) > 0 {
		s.t.Errorf("left in the terminal: %s", strings.Join(left, ", "))
	}
	desk.Eventually(s.t, 5*time.Second, "the sessions at the vCenter to be gone", func() bool { return desk.Sessions(s.vcsim) == 0 })
	desk.Eventually(s.t, 5*time.Second, "the processes of the program to be gone", func() bool { return len(inSession(pid)) == 0 })
}

// pick chooses by weight.
func pick(r *rand.Rand, of []step) step {
	sum := 0
	for _, s := range of {
		sum += s.weight
	}
	n := r.IntN(sum)
	i := slices.IndexFunc(of, func(s step) bool { n -= s.weight; return n < 0 })
	return of[i]
}
