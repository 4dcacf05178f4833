package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// agree is how soon the screen has to show what the servers have, once nothing changes
// any more and connections that are down are tried at once: what a vCenter told of behind
// its end is found by a round that comes each minute.
const agree = 90 * time.Second

// check compares the list of VMs, all of it on one tall screen, with what the servers
// say, and takes a sample. Nothing may change meanwhile.
func (s *Soak) check() {
	s.t.Helper()
	s.trail.begin("check:")
	s.home()
	s.Resize(170, 110)
	s.keys("2", "+", "+", "ctrl+r")
	var rows []string
	var why string
	for end := time.Now().Add(agree); ; time.Sleep(500 * time.Millisecond) {
		rows = fromScreen(s.Pane("VMs").Lines())
		if why = s.disagreement(rows); why == "" {
			break
		}
		s.unharmed()
		if time.Now().After(end) {
			s.fatal("%v after the last change the screen is not what the servers have:\n%s", agree, why)
		}
	}
	s.keys("_", "_")
	size := usual()
	s.Resize(size.W, size.H)
	s.frame()
	s.unharmed()
	s.sample(len(rows))
}

// disagreement says in what the screen and the servers differ.
func (s *Soak) disagreement(rows []string) string {
	want, err := s.servers()
	if err != nil {
		return err.Error()
	}
	if d := differ(rows, want); d != "" {
		return d
	}
	if header := s.Lines()[0]; strings.Count(header, "●") != 3 {
		return "not every connection is up: " + header
	}
	if n := desk.Sessions(s.vcsim); n > 1 {
		return fmt.Sprintf("the program has %d sessions at the vCenter", n)
	}
	return ""
}

// servers is what they say.
func (s *Soak) servers() ([]string, error) {
	var out []string
	for _, driver := range []string{"qemu", "test"} {
		text, err := s.virsh.virsh(driver, "list --all")
		if err != nil {
			return nil, err
		}
		out = append(out, fromVirsh(text)...)
	}
	text, err := s.vcsim.GovcWithin(within, "object.collect", "-s", "-type", "m", "/", "name", "runtime.powerState")
	if err != nil {
		return nil, err
	}
	return append(out, fromGovc(text)...), nil
}

// sample notes what the program holds; it is at home and all its connections are up.
func (s *Soak) sample(rows int) {
	s.t.Helper()
	got := sample{
		at: time.Since(s.began), v: s.Vitals(), rows: rows, cpu: cpuOf(s.Pid()), ready: uitest.WaitsOf(s.Pid()).Program(), steps: s.step,
		changes: [2]int{s.virsh.made, s.govc.made}, answers: s.answers,
	}
	s.samples = append(s.samples, got)
	s.all.Times = append(s.all.Times, s.answers.Times...)
	s.answers = uitest.Latency{}
	lines := strings.SplitAfter(table(s.samples), "\n")
	if len(s.samples) == 1 {
		fmt.Fprint(os.Stderr, lines[0])
	}
	fmt.Fprint(os.Stderr, lines[len(lines)-2])
}

// harm is what the program wrote of races and panics; "" is good.
func harm(home string) string {
	races, _ := filepath.Glob(filepath.Join(home, "race.*"))
	for _, r := range races {
		text, _ := os.ReadFile(r) //nolint:gosec // of the test's own folder
		return fmt.Sprintf("data race in the program: %.4000s", text)
	}
	text, _ := os.ReadFile(filepath.Join(home, "state/hvdeck/hvdeck.log")) //nolint:gosec // of the test's own folder
	if at := strings.Index(string(text), "msg=fault"); at >= 0 {
		return fmt.Sprintf("a panic was recovered in the program: %.4000s", text[at:])
	}
	return ""
}

// stat are the fields of /proc/pid/stat from the state on.
func stat(pid string) []string {
	text, _ := os.ReadFile(filepath.Join("/proc", pid, "stat")) //nolint:gosec // of processes only
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.Fields(rest)
}

// cpuOf is the time that a process has used.
func cpuOf(pid int) time.Duration {
	f := stat(strconv.Itoa(pid))
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond // a tick is 10 ms everywhere
}

// inSession are the processes of a terminal's session.
func inSession(pid int) []string {
	all, _ := filepath.Glob("/proc/[0-9]*")
	return slices.DeleteFunc(all, func(p string) bool {
		f := stat(filepath.Base(p))
		return len(f) < 4 || f[3] != strconv.Itoa(pid)
	})
}
