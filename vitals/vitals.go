// Package vitals says what this process holds: memory, goroutines by where they stand,
// open files by what they are, and children. It promises to change nothing, to name no
// content of anything, and to answer in bounded time with part of the answer rather
// than not at all. The program writes it to a file at SIGUSR1; tests and the soak read
// that file to see that nothing leaks.
package vitals

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
)

// Vitals is what the process holds at a moment.
type Vitals struct {
	Goroutines int
	Heap       uint64         // bytes of live and dead objects
	Live       uint64         // bytes that the last collection found in use
	Resident   uint64         // bytes; 0 where /proc does not say
	Files      map[string]int // open files by kind: "socket", "pipe", "/dev/ptmx", a path
	Children   int
	Standing   map[string]int // goroutines by the function that they were started with
}

// Read looks at this process.
func Read() Vitals {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	v := Vitals{Goroutines: runtime.NumGoroutine(), Heap: m.HeapAlloc, Standing: standing(), Files: files(), Children: children()}
	v.Resident = resident()
	found := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(found)
	if found[0].Value.Kind() == metrics.KindUint64 {
		v.Live = found[0].Value.Uint64()
	}
	return v
}

// Write prints the figures, a line each: name, tab, number.
func (v Vitals) Write(w io.Writer) error {
	lines := []string{
		fmt.Sprintf("goroutines\t%d", v.Goroutines), fmt.Sprintf("heap\t%d", v.Heap), fmt.Sprintf("live\t%d", v.Live), fmt.Sprintf("resident\t%d", v.Resident),
		fmt.Sprintf("files\t%d", sum(v.Files)), fmt.Sprintf("children\t%d", v.Children),
	}
	lines = append(lines, named("file", v.Files)...)
	lines = append(lines, named("goroutine", v.Standing)...)
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

// Parse reads what Write printed.
func Parse(text string) (Vitals, error) {
	v := Vitals{Files: map[string]int{}, Standing: map[string]int{}}
	for line := range strings.Lines(text) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		n, err := strconv.ParseUint(f[len(f)-1], 10, 64)
		if err != nil || len(f) < 2 {
			return v, fmt.Errorf("vitals: %q is no figure", line)
		}
		v.take(f, n)
	}
	return v, nil
}

func (v *Vitals) take(f []string, n uint64) {
	switch f[0] {
	case "goroutines":
		v.Goroutines = int(n) //nolint:gosec // a count of this process
	case "heap":
		v.Heap = n
	case "live":
		v.Live = n
	case "resident":
		v.Resident = n
	case "children":
		v.Children = int(n) //nolint:gosec // a count of this process
	case "file":
		v.Files[f[1]] = int(n) //nolint:gosec // a count of this process
	case "goroutine":
		v.Standing[f[1]] = int(n) //nolint:gosec // a count of this process
	}
}

// OpenFiles is how many files are open.
func (v Vitals) OpenFiles() int { return sum(v.Files) }

// Grown names what there is more of than before: goroutines by their first function and
// files by their kind, a line each; "" when nothing has grown.
func (v Vitals) Grown(before Vitals) string {
	var out []string
	for _, part := range []struct {
		what     string
		now, was map[string]int
	}{{"goroutine", v.Standing, before.Standing}, {"file", v.Files, before.Files}} {
		for name, n := range part.now {
			if was := part.was[name]; n > was {
				out = append(out, fmt.Sprintf("%s %s: %d, was %d", part.what, name, n, was))
			}
		}
	}
	if v.Children > before.Children {
		out = append(out, fmt.Sprintf("children: %d, was %d", v.Children, before.Children))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// standing counts goroutines by the function at the bottom of their stacks.
func standing() map[string]int {
	records := make([]runtime.StackRecord, runtime.NumGoroutine()+64)
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return nil
	}
	out := map[string]int{}
	for _, r := range records[:n] {
		out[first(r.Stack())]++
	}
	return out
}

// first names who started a goroutine, less what every goroutine begins with.
func first(stack []uintptr) string {
	var names []string
	for frames := runtime.CallersFrames(stack); ; {
		f, more := frames.Next()
		names = append(names, f.Function)
		if !more {
			break
		}
	}
	for _, name := range slices.Backward(names) {
		if !strings.HasPrefix(name, "runtime.") && !strings.Contains(name, "backend/guard.") && name != "" {
			return name
		}
	}
	return "runtime"
}

// files counts the open files of this process by kind.
func files() map[string]int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil
	}
	out := map[string]int{}
	for _, e := range entries {
		to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if err != nil {
			continue // the one that read the folder
		}
		kind, _, _ := strings.Cut(to, ":")
		out[strings.ReplaceAll(kind, "\t", " ")]++
	}
	return out
}

func children() int {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	n := 0
	for _, t := range tasks {
		text, _ := os.ReadFile(t) //nolint:gosec // of this process
		n += len(strings.Fields(string(text)))
	}
	return n
}

// resident reads VmRSS.
func resident() uint64 {
	text, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kib, _ := strconv.ParseUint(f[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}

func sum(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func named(what string, m map[string]int) []string {
	var out []string
	for name, n := range m {
		out = append(out, fmt.Sprintf("%s\t%s\t%d", what, name, n))
	}
	slices.Sort(out)
	return out
}
