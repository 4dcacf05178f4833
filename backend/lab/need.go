package lab

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// Missing ends a test that lacks a counterpart: it is skipped with the reason, and fails
// where CI is "true".
func Missing(t testing.TB, format string, args ...any) {
	t.Helper()
	why := fmt.Sprintf(format, args...)
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// Programs ends a test that lacks one of these.
func Programs(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			Missing(t, "%s not found", name)
		}
	}
}

// Tmpfs mounts a file system in memory at a folder, with the options of mount(8), until the
// test has ended.
func Tmpfs(t testing.TB, dir, options string) {
	t.Helper()
	if os.Getuid() != 0 {
		Missing(t, "a file system with little room needs root")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", dir, "tmpfs", 0, options); err != nil {
		Missing(t, "mount a tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
}
