// Package desk puts the built program on a terminal before real servers: what all tests
// of the whole program begin with. It promises a home of its own for each console, and
// that a test fails when the program raced, recovered from a panic or left a race
// report, whatever else the test looks at.
package desk

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/ui/uitest"
)

// The program under test is built once, by Main, and named in the environment so that
// no package state is needed.
const (
	programVar = "HVDECK_E2E_PROGRAM"
	aheadVar   = "HVDECK_E2E_AHEAD"
)

// Main builds the program, with the race detector where the tests have it, and runs the
// tests.
func Main(m *testing.M) {
	dir, err := os.MkdirTemp("", "hvd")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program := filepath.Join(dir, "hvdeck")
	args := []string{"build", "-o", program}
	if RaceDetector {
		args = append(args, "-race")
	}
	if out, err := exec.CommandContext(context.Background(), "go", append(args, "hvdeck")...).CombinedOutput(); err != nil { //nolint:gosec // our own arguments
		fmt.Fprintf(os.Stderr, "build hvdeck: %v\n%s", err, out)
		os.Exit(1)
	}
	if err := os.Setenv(programVar, program); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// MainAhead is Main for tests that measure: they and the program go before what else the
// machine has to do, where the system lets us (it lets root). All of it ends with them.
func MainAhead(m *testing.M) {
	_ = os.Setenv(aheadVar, "true")
	threads, _ := filepath.Glob("/proc/self/task/*")
	for _, name := range threads { // each thread has a priority of its own, and hands it on
		if id, err := strconv.Atoi(filepath.Base(name)); err == nil {
			_ = syscall.Setpriority(syscall.PRIO_PROCESS, id, -10)
		}
	}
	Main(m)
}

// ahead gives the session of a program that was started its share before others: what a
// priority is worth between sessions where the system groups them.
func ahead(pid int) {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/autogroup", pid), []byte("-10"), 0)
}

// Program is the path of the built program.
func Program() string { return os.Getenv(programVar) }

// Setup says how the program is started.
type Setup struct {
	Args   []string
	Config string // of the configuration file
	Env    []string
	Size   uitest.Size // 140x45 where it is not given
	Home   string      // kept from a run before; "" is a new one
	// OldKeys gives the terminal the keyboard of old: there a lone Esc is told from the
	// start of a sequence by time only, which a busy machine makes uncertain.
	OldKeys bool
	// Mute gives a terminal that answers no question.
	Mute bool
	// NoSession runs the program without a controlling terminal: no signal tells it of the
	// terminal's end or size.
	NoSession bool
	// Rate and Delay are of the line to the terminal: bytes a second, and how long keys and
	// output are under way. Both 0 are none.
	Rate  int
	Delay time.Duration
}

// Console is the program on a terminal, with a home of its own.
type Console struct {
	*uitest.Screen
	Home string
	t    testing.TB
}

// Start runs the program; the test's end kills it.
func Start(t testing.TB, s Setup) *Console {
	t.Helper()
	home := s.Home
	if home == "" {
		home = t.TempDir()
	}
	if s.Config != "" {
		WriteFile(t, filepath.Join(home, "config/hvdeck/config.toml"), s.Config)
	}
	if s.Size.W == 0 {
		s.Size = uitest.Size{W: 140, H: 45}
	}
	env := append([]string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home + "/config", "XDG_STATE_HOME=" + home + "/state",
		"XDG_RUNTIME_DIR=" + home + "/run", "GORACE=exitcode=66 log_path=" + home + "/race",
	}, s.Env...)
	c := &Console{Home: home, t: t}
	c.Screen = uitest.Spawn(t, uitest.Command{
		Path: Program(), Args: s.Args, Env: env, Size: s.Size, Kitty: !s.OldKeys && !s.Mute, Mute: s.Mute, NoSession: s.NoSession,
		Rate: s.Rate, Delay: s.Delay,
	})
	if os.Getenv(aheadVar) != "" {
		ahead(c.Pid())
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen at the end:\n%s", c.Text())
		}
		c.Close()
		c.expectNoRaceNorFault()
		if t.Failed() {
			t.Logf("the program's log: %.6000s", c.Log())
		}
	})
	return c
}

// expectNoRaceNorFault reads what the program wrote of itself.
func (c *Console) expectNoRaceNorFault() {
	races, _ := filepath.Glob(filepath.Join(c.Home, "race.*"))
	for _, r := range races {
		text, _ := os.ReadFile(r) //nolint:gosec // of the test's own folder
		c.t.Errorf("data race in the program: %.4000s", text)
	}
	if log := c.Log(); strings.Contains(log, "msg=fault") {
		c.t.Errorf("a panic was recovered in the program: %.4000s", log)
	}
}

// Log is the program's log.
func (c *Console) Log() string {
	text, _ := os.ReadFile(c.State("hvdeck.log"))
	return string(text)
}

// State is the path of a file in the program's state folder.
func (c *Console) State(name string) string { return filepath.Join(c.Home, "state/hvdeck", name) }

// WriteFile writes a private file and the folders above it.
func WriteFile(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Connection is an entry of the configuration file.
func Connection(name, uri string, more ...string) string {
	return fmt.Sprintf("[[connection]]\nname = %q\nuri = %q\n%s\n", name, uri, strings.Join(more, "\n"))
}

// Eventually waits until cond holds, and says how long that took.
func Eventually(t testing.TB, limit time.Duration, what string, cond func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for time.Since(began) < limit {
		if cond() {
			return time.Since(began)
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("waited %v for %s", limit, what)
	return limit
}

// LiveWithin is how soon a change by another client has to be on the screen; the
// race detector and its load get more.
func LiveWithin(promise time.Duration) time.Duration {
	if RaceDetector {
		return 2 * promise
	}
	return promise
}
