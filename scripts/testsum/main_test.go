package main

import (
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	const (
		pass = `{"Action":"run","Package":"hvdeck/a","Test":"TestX"}` + "\n" + `{"Action":"pass","Package":"hvdeck/a","Test":"TestX"}` + "\n"
		skip = `{"Action":"output","Package":"hvdeck/a","Test":"TestS","Output":"    a_test.go:3: libvirtd not found\n"}` + "\n" +
			`{"Action":"skip","Package":"hvdeck/a","Test":"TestS"}` + "\n"
		fail    = `{"Action":"output","Package":"hvdeck/a","Test":"TestF","Output":"got 1"}` + "\n" + `{"Action":"fail","Package":"hvdeck/a","Test":"TestF"}` + "\n"
		hangs   = `{"Action":"output","Package":"hvdeck/a","Test":"TestH","Output":"panic: test timed out\n"}` + "\n"
		broken  = `{"Action":"build-output","ImportPath":"hvdeck/b","Output":"b.go:1: no\n"}` + "\n" + `{"Action":"build-fail","ImportPath":"hvdeck/b"}` + "\n"
		pkgOK   = `{"Action":"pass","Package":"hvdeck/a","Elapsed":1.5}` + "\n"
		pkgFail = `{"Action":"fail","Package":"hvdeck/a","Elapsed":1.5}` + "\n"
	)
	for _, c := range []struct {
		name, in string
		ok       bool
		want     []string
	}{
		{"all well", pass + pkgOK, true, []string{"ok    a", "1 tests", "1 passed, 0 failed, 0 skipped"}},
		{"skipped", pass + skip + pkgOK, true, []string{"skip  a TestS: a_test.go:3: libvirtd not found", "1 passed, 0 failed, 1 skipped"}},
		{"failed", pass + fail + pkgFail, false, []string{"FAIL  a TestF", "got 1", "1 passed, 1 failed"}},
		{"timed out", pass + hangs + pkgFail, false, []string{"not ended: TestH", "timed out"}},
		{"does not build", pass + broken + pkgOK, false, []string{"b.go:1: no"}},
		{"nothing ran", pkgOK, false, []string{"no test ran"}},
		{"only skipped", skip + pkgOK, false, []string{"no test ran"}},
		{"other words", "go: downloading\n" + pass + pkgOK, true, []string{"go: downloading"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			s := newSummary(&out)
			if err := s.read(strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			if ok := s.close(); ok != c.ok {
				t.Errorf("ok %v", ok)
			}
			for _, w := range c.want {
				if !strings.Contains(out.String(), w) {
					t.Errorf("%q is not in\n%s", w, &out)
				}
			}
		})
	}
}
