// Command testsum reads `go test -json` and shows what a person wants to know: a line
// for each package, every test that was skipped with its reason, the whole output of
// what failed, and the totals. It fails when anything failed or no test ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	s := newSummary(os.Stdout)
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(2)
	}
	if !s.close() {
		os.Exit(1)
	}
}

// event is a line of `go test -json` (see `go doc test2json`).
type event struct {
	Action      string
	Package     string
	Test        string
	ImportPath  string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

// summary keeps the output of each test until its end is known.
type summary struct {
	out                     io.Writer
	began                   time.Time
	output                  map[string]*strings.Builder // by package and test
	tests                   map[string]int              // top-level tests by package
	passed, failed, skipped int
	broken                  bool // a package failed outside its tests
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, began: time.Now(), output: map[string]*strings.Builder{}, tests: map[string]int{}}
}

func (s *summary) read(from io.Reader) error {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			fmt.Fprintln(s.out, lines.Text()) // the go tool's own words
			continue
		}
		s.take(e)
	}
	return lines.Err()
}

func (s *summary) take(e event) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(s.out, e.Output)
	case "build-fail":
		s.broken = true
	case "output":
		if s.output[key] == nil {
			s.output[key] = new(strings.Builder)
		}
		s.output[key].WriteString(e.Output)
	case "pass", "fail", "skip":
		s.end(e, s.text(key))
		delete(s.output, key)
	}
}

func (s *summary) text(key string) string {
	if b := s.output[key]; b != nil {
		return b.String()
	}
	return ""
}

func (s *summary) end(e event, text string) {
	if e.Test == "" {
		s.endPackage(e, text)
		return
	}
	top := !strings.Contains(e.Test, "/")
	if top {
		s.tests[e.Package]++
	}
	switch e.Action {
	case "pass":
		if top {
			s.passed++
		}
	case "fail":
		if top {
			s.failed++
		}
		fmt.Fprintf(s.out, "FAIL  %s %s\n%s", short(e.Package), e.Test, indent(text))
	case "skip":
		if top {
			s.skipped++
		}
		fmt.Fprintf(s.out, "skip  %s %s: %s\n", short(e.Package), e.Test, reason(text))
	}
}

func (s *summary) endPackage(e event, text string) {
	switch {
	case e.Action == "fail":
		s.broken = true
		fmt.Fprintf(s.out, "FAIL  %-28s %6.1f s\n%s", short(e.Package), e.Elapsed, indent(text))
		for key, b := range s.output { // a test that never ended: a panic or the time limit
			if pkg, test, _ := strings.Cut(key, "\x00"); pkg == e.Package && test != "" {
				fmt.Fprintf(s.out, "      not ended: %s\n%s", test, indent(b.String()))
			}
		}
	case s.tests[e.Package] > 0:
		fmt.Fprintf(s.out, "ok    %-28s %6.1f s  %d tests\n", short(e.Package), e.Elapsed, s.tests[e.Package])
	}
}

// close prints the totals and says whether all is well.
func (s *summary) close() bool {
	fmt.Fprintf(s.out, "tests took %.0f s\n", time.Since(s.began).Seconds())
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	if s.passed+s.failed == 0 {
		fmt.Fprintln(s.out, "no test ran")
	}
	return s.failed == 0 && !s.broken && s.passed > 0
}

func short(pkg string) string { return strings.TrimPrefix(pkg, "hvdeck/") }

// reason is what the test said when it skipped, without the frame around it.
func reason(text string) string {
	var said []string
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if l == "" || strings.HasPrefix(l, "=== ") || strings.HasPrefix(l, "--- ") {
			continue
		}
		said = append(said, l)
	}
	return strings.Join(said, " ")
}

func indent(text string) string {
	var b strings.Builder
	for l := range strings.Lines(text) {
		b.WriteString("      " + l)
	}
	if b.Len() > 0 && !strings.HasSuffix(b.String(), "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}
