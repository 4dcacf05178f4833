package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The program under test is built once, by TestMain, and named in the environment so
// that no package state is needed.
const programVar = "HVDECK_E2E_PROGRAM"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "hvd")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program := filepath.Join(dir, "hvdeck")
	args := []string{"build", "-o", program}
	if raceDetector {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "hvdeck")...).CombinedOutput(); err != nil {
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
