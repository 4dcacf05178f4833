package secretsource

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func sh(t *testing.T, limit time.Duration, script string) ([]byte, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return Command(ctx, "sh", "-c", script)
}

func TestCommandGivesWhatIsPrinted(t *testing.T) {
	for script, want := range map[string]string{
		"echo s3same":                          "s3same",
		`printf 's3same\r\n'`:                  "s3same",
		`printf ' a\n\n'`:                      " a\n",
		"printf ''":                            "",
		"cat":                                  "", // no input
		"echo a; echo b >&2":                   "a",
		"echo a; sleep 30 >&2 & exit 0":        "a", // leaves one behind that holds no output
		"head -c 65536 /dev/zero | tr '\\0' x": strings.Repeat("x", MaxLength),
	} {
		if got, err := sh(t, 10*time.Second, script); err != nil || string(got) != want {
			t.Errorf("%s: %.40q, %v", script, got, err)
		}
	}
}

func TestCommandIsBounded(t *testing.T) {
	for script, words := range map[string]string{
		"sleep 30 | cat":               "in time",
		"sleep 30 & wait":              "in time",
		"trap '' TERM; sleep 30; echo": "in time",
		"yes s3same":                   "more than 64 KiB",
	} {
		began := time.Now()
		got, err := sh(t, time.Second, script)
		if err == nil || !strings.Contains(err.Error(), words) || got != nil || strings.Contains(err.Error(), "s3same") {
			t.Errorf("%s: %.40q, %v", script, got, err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s took %v", script, took)
		}
	}
}

// A process that was left behind holds the output open: what was printed counts, soon.
func TestCommandDoesNotWaitForWhatItLeft(t *testing.T) {
	began := time.Now()
	got, err := sh(t, 20*time.Second, "echo s3same; sleep 6 & exit 0")
	if err != nil || string(got) != "s3same" || time.Since(began) > 4*time.Second {
		t.Errorf("%q %v after %v", got, err, time.Since(began))
	}
}

func TestKilledWithItsChildren(t *testing.T) {
	note := filepath.Join(t.TempDir(), "pid")
	if _, err := sh(t, time.Second, "sh -c 'echo $$ >"+note+"; exec sleep 60' | cat"); err == nil {
		t.Fatal("it ended")
	}
	text, err := os.ReadFile(note)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(string(text))
	for limit := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		if err != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("it still runs: %s", stat)
		}
	}
}

func TestCommandHasNoTerminal(t *testing.T) {
	t.Setenv("GPG_TTY", "/dev/pts/0")
	got, err := sh(t, 10*time.Second, `( : >/dev/tty ) 2>/dev/null && echo "a terminal"; echo "${GPG_TTY-none}"`)
	if err != nil || string(got) != "none" {
		t.Errorf("%q %v", got, err)
	}
}

func TestErrorsTellNothing(t *testing.T) {
	_, err := sh(t, 10*time.Second, "echo s3same; echo s3same >&2; exit 3")
	if err == nil || err.Error() != "exit status 3" {
		t.Error(err)
	}
	if _, err := Command(t.Context(), "/nowhere/at/all"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, size int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := File(write("whole", MaxLength)); err != nil || len(got) != MaxLength {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for path, words := range map[string]string{
		pipe: "not a regular file", dir: "not a regular file", "/dev/zero": "not a regular file",
		write("long", MaxLength+1): "more than 64 KiB", filepath.Join(dir, "none"): "no such file",
	} {
		if _, err := File(path); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", path, err, words)
		}
	}
}
