package terminal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

func TestMain(m *testing.M) { desk.Main(m) }

// soon is how soon the state of a connection has to be on the screen.
const soon = 10 * time.Second

// ends waits for the end of a program that was asked for it, and looks at what it left.
func ends(t *testing.T, c *desk.Console) {
	t.Helper()
	if status := c.WaitExit(); status != 0 {
		t.Errorf("status %d", status)
	}
	putBack(t, c)
}

// putBack waits until the terminal is as it was, and says what is not.
func putBack(t *testing.T, c *desk.Console) {
	t.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := c.LeftBehind()
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("left behind in the terminal: %v", left)
		}
	}
}

// keysWithin is the most that a key may take, by the calm before: 20 ms, or three times
// as much as in the calm where the machine is that busy.
func keysWithin(calm uitest.Latency) time.Duration {
	limit := max(20*time.Millisecond, 3*calm.At(99))
	if desk.RaceDetector {
		return 2 * limit
	}
	return limit
}

// keysWere fails when keys took longer than they may, or got lost.
func keysWere(t *testing.T, what string, calm, meanwhile uitest.Latency) {
	t.Helper()
	t.Logf("%s: %v; calm: %v", what, meanwhile, calm)
	if meanwhile.At(99) > keysWithin(calm) || meanwhile.Missed > 0 || len(meanwhile.Times) == 0 {
		t.Errorf("%s: %v, allowed are %v", what, meanwhile, keysWithin(calm))
	}
}

// processes are the command lines of those that have a text in theirs.
func processes(text string) []string {
	var out []string
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range found {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), text) {
			out = append(out, filepath.Base(filepath.Dir(f))+" "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return out
}
