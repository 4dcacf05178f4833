package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/ui/uitest"
)

// setup says how the program is started.
type setup struct {
	args   []string
	config string // of the configuration file
	env    []string
	size   uitest.Size
	home   string // kept from a run before; "" is a new one
}

// console is the program on a terminal, with a home of its own.
type console struct {
	*uitest.Screen
	home string
}

// start runs the program; the test's end kills it.
func start(t *testing.T, s setup) *console {
	t.Helper()
	home := s.home
	if home == "" {
		home = t.TempDir()
	}
	if s.config != "" {
		writeFile(t, filepath.Join(home, "config/hvdeck/config.toml"), s.config)
	}
	if s.size.W == 0 {
		s.size = uitest.Size{W: 140, H: 45}
	}
	env := append([]string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home + "/config", "XDG_STATE_HOME=" + home + "/state",
		"XDG_RUNTIME_DIR=" + home + "/run", "GORACE=exitcode=66 log_path=" + home + "/race",
	}, s.env...)
	c := &console{home: home}
	c.Screen = uitest.Spawn(t, uitest.Command{Path: os.Getenv(programVar), Args: s.args, Env: env, Size: s.size})
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the screen at the end:\n%s", c.Text())
		}
		c.Close()
		c.expectNoRaceNorFault(t)
		if t.Failed() {
			t.Logf("the program's log: %.6000s", c.log())
		}
	})
	return c
}

// expectNoRaceNorFault reads what the program wrote of itself.
func (c *console) expectNoRaceNorFault(t *testing.T) {
	t.Helper()
	races, _ := filepath.Glob(filepath.Join(c.home, "race.*"))
	for _, r := range races {
		text, _ := os.ReadFile(r)
		t.Errorf("data race in the program: %.4000s", text)
	}
	if log := c.log(); strings.Contains(log, "msg=fault") {
		t.Errorf("a panic was recovered in the program: %.4000s", log)
	}
}

// log is the program's log.
func (c *console) log() string {
	text, _ := os.ReadFile(filepath.Join(c.home, "state/hvdeck/hvdeck.log"))
	return string(text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// connection is an entry of the configuration file.
func connection(name, uri string, more ...string) string {
	return fmt.Sprintf("[[connection]]\nname = %q\nuri = %q\n%s\n", name, uri, strings.Join(more, "\n"))
}

// eventually waits until cond holds, and says how long that took.
func eventually(t *testing.T, limit time.Duration, what string, cond func() bool) time.Duration {
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

// liveWithin is how soon a change by another client has to be on the screen; the
// race detector and its load get more.
func liveWithin(promise time.Duration) time.Duration {
	if raceDetector {
		return 2 * promise
	}
	return promise
}

// seen waits for a change by another client and records how long it took from the
// moment that the other client was told that it was done.
func (c *console) seen(t *testing.T, what string, want any, promise time.Duration) {
	t.Helper()
	began := time.Now()
	c.Pane("VMs").WaitFor(want, liveWithin(promise))
	t.Logf("%s was on the screen after %v", what, time.Since(began).Round(time.Millisecond))
}

// names are the first words of the rows of a pane that has a glyph before them.
func names(lines []string) []string {
	var out []string
	for _, l := range lines {
		f := strings.Fields(strings.TrimLeft(l, "❯›◈●○◐ ▶✗⚠?◌"))
		if len(f) > 0 && f[0] != "NAME▴" {
			out = append(out, f[0])
		}
	}
	return out
}

// framed checks that the borders stand where they should: at both edges of the screen,
// and where the stack meets the details. A box that lies over them is not looked at.
func (c *console) framed(t *testing.T) {
	t.Helper()
	w, h := c.Size()
	lines := c.Lines()
	seam := 0
	for x := range w {
		if c.CellAt(x, 1).Text == "╮" {
			seam = x
			break
		}
	}
	for y := 1; y < h; y++ {
		if !strings.Contains("╭│╰", c.CellAt(0, y).Text) {
			break
		}
		for _, x := range []int{seam, w - 1} {
			if !strings.Contains("╮│╯", c.CellAt(x, y).Text) {
				t.Fatalf("no border in row %d, column %d:\n%s", y, x, strings.Join(lines, "\n"))
			}
		}
	}
}

// calm waits for a box that opens by itself, and until it takes keys: those that were
// under way when it opened answer nothing.
func (c *console) calm(text string) *console {
	c.WaitFor(text).Settle(450 * time.Millisecond)
	return c
}
