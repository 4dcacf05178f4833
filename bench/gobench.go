package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// goBenchmarks runs the benchmarks of the packages, as often as COUNT says, and prints
// what `go test` prints: benchstat reads it. Those of the storage part are left to that.
func (b *bench) goBenchmarks(w io.Writer) error {
	packages, err := benchmarked(".")
	if err != nil {
		return err
	}
	argv := []string{"test", "-p", "1", "-run", "^$", "-bench", ".", "-benchtime", "100ms", "-benchmem", "-count", strconv.Itoa(b.count), "-timeout", "60m"}
	if b.count == 1 {
		argv = append(argv, "-skip", inStorage)
	}
	cmd := exec.Command("go", append(argv, packages...)...)
	cmd.Stdout, cmd.Stderr = w, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(cmd.Args[1:], " "), err)
	}
	return nil
}

// benchmarked are the packages under dir that have benchmarks.
func benchmarked(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err == nil && bytes.Contains(text, []byte("\nfunc Benchmark")) {
			out = append(out, "./"+filepath.Dir(path))
		}
		return err
	})
	slices.Sort(out)
	return slices.Compact(out), err
}
