package main

import (
	"fmt"
	"io"
	"os/exec"
	"strings"
	"text/tabwriter"
)

// benchmarked are the packages whose parts are timed on their own; those of drivers
// need servers and are in the figures above.
func benchmarked() []string {
	return []string{"./ui/...", "./theme", "./backend/clean", "./backend/mem", "./backend/store"}
}

// goBenchmarks runs the ordinary benchmarks of the packages and prints a table.
func goBenchmarks(w io.Writer) error {
	argv := append([]string{"test", "-run", "^$", "-bench", ".", "-benchtime", "100ms", "-benchmem"}, benchmarked()...)
	out, err := exec.Command("go", argv...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go %s: %w\n%s", strings.Join(argv, " "), err, out)
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "benchmark\tper op\tmemory\tallocations\t")
	pkg := ""
	for l := range strings.Lines(string(out)) {
		f := strings.Fields(l)
		switch {
		case len(f) == 2 && f[0] == "pkg:":
			pkg = strings.TrimPrefix(f[1], "hvdeck/")
		case len(f) >= 8 && strings.HasPrefix(f[0], "Benchmark"):
			name, _, _ := strings.Cut(strings.TrimPrefix(f[0], "Benchmark"), "-")
			fmt.Fprintf(t, "%s %s\t%s ns\t%s B\t%s\t\n", pkg, name, f[2], f[len(f)-4], f[len(f)-2])
		}
	}
	return t.Flush()
}
