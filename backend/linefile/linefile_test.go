package linefile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend/lab"
)

func gapWords(n int) []byte { return fmt.Appendf(nil, "gap %d\n", n) }

// tiny is a file system with room for a page.
func tiny(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	lab.Tmpfs(t, dir, "size=8k,nr_inodes=8")
	return dir
}

func TestAFullDiskLeavesNoHalfLine(t *testing.T) {
	dir := tiny(t)
	path := filepath.Join(dir, "log")
	f := New(path, gapWords)
	long := strings.Repeat("x", 2999) + "\n"
	var failed error
	for failed == nil {
		failed = f.Append([]byte(long), 1)
	}
	if f.Changed(failed) != Failed || f.Changed(failed) != Same || f.Lost() != 1 {
		t.Errorf("after %v: %d lost", failed, f.Lost())
	}
	if err := f.Append([]byte(long), 1); err == nil || f.Lost() != 2 {
		t.Errorf("%v: %d lost", err, f.Lost())
	}
	// Room again: half of what is there goes.
	text, err := os.ReadFile(path)
	if err != nil || len(text)%len(long) == 0 {
		t.Fatalf("nothing was cut off: %d bytes, %v", len(text), err)
	}
	if err := os.WriteFile(path, text[len(long):], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Append([]byte("short\n"), 1); err != nil || f.Changed(err) != Mended || f.Lost() != 0 {
		t.Fatalf("%v: %d lost", err, f.Lost())
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	lines := strings.Split(strings.TrimSuffix(readAll(t, path), "\n"), "\n")
	if n := len(lines); lines[n-1] != "short" || lines[n-2] != "gap 2" || len(lines[n-3]) == len(long)-1 {
		t.Errorf("%.200q", lines)
	}
}

func readAll(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A run that was cut off leaves half a line; the next one does not go on in it.
func TestALineThatWasCutOffIsEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "log")
	one := New(path, nil)
	if err := one.Append([]byte("whole\n"), 1); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("whole\nhal"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	two := New(path, nil)
	if err := two.Append([]byte("next\n"), 1); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, path); got != "whole\nhal\nnext\n" {
		t.Errorf("%q", got)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
}
