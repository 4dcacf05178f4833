package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunTakesAPicture(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.svg")
	err := run([]string{
		"-o", out, "-size", "30x5", "-until", "ready", "-keys", `"typed" enter`, "-then", "got typed", "-quiet", "50ms",
		"--", "sh", "-c", "echo ready; read line; echo got $line; cat",
	})
	if err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(svg), "got typed") {
		t.Fatalf("picture %q, %v", svg, err)
	}
	if _, err := exec.LookPath("rsvg-convert"); err != nil {
		return // without the tool there is only the SVG
	}
	if st, err := os.Stat(strings.TrimSuffix(out, ".svg") + ".png"); err != nil || st.Size() == 0 {
		t.Errorf("no PNG: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	out := filepath.Join(t.TempDir(), "x.svg")
	for _, c := range []struct {
		name string
		args []string
		want string
	}{
		{"size", []string{"-size", "big", "--", "true"}, "size"},
		{"no program", nil, "no program"},
		{"expression", []string{"-until", "(", "--", "true"}, "missing closing"},
		{"no such program", []string{"-o", out, "--", "/nonexistent"}, "nonexistent"},
		{"it ends too early", []string{"-o", out, "-until", "never", "--", "echo", "bye"}, "bye"},
		{"unknown key", []string{"-o", out, "-keys", "hyper+x", "-quiet", "10ms", "--", "cat"}, "hyper+x"},
	} {
		if err := run(c.args); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a picture was written all the same")
	}
}
