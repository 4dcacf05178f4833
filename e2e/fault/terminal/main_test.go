package terminal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/e2e/desk"
)

func TestMain(m *testing.M) { desk.MainAhead(m) }

// soon is how soon the state of a connection has to be on the screen.
const soon = 10 * time.Second

// ends waits for the end of a program that was asked for it, and looks at what it left.
func ends(t *testing.T, c *desk.Console) {
	t.Helper()
	if status := c.WaitExit(30 * time.Second); status != 0 {
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
