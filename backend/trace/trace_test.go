package trace

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend/linefile"
	"hvdeck/backend/redact"
)

const marker = "s3cr3t-marker"

func TestMask(t *testing.T) {
	m := newMasker()
	for _, text := range []string{
		"<graphics type='vnc' passwd='" + marker + "' port='1'/>",
		`<graphics passwd="` + marker + ` x" passwdValidTo='2026'/>`,
		"<graphics type='vnc' passwd='" + marker, // cut off
		"<auth><password>" + marker + "</password></auth>",
		"<secret ephemeral='no'>" + marker + "</secret>",
		"<secret>" + marker,
		"<secret><![CDATA[" + marker + "]]></secret>",
		"<password><![CDATA[" + marker,
		"<x:password a='b'>" + marker + "</x:password>",
		"<qemu:arg value='user=root,password=" + marker + "'/>",
		`{"execute":"set_password","arguments":{"password": "` + marker + ` x"}}`,
		"qemu+tcp://root:" + marker + "@host/system",
		"line 5: <graphics passwd='" + marker + "'\n------^",
		"<entry>io.systemd.credential:passwd.root=" + marker + "</entry>",
		"PASSWD = '" + marker + "'",
	} {
		got := m.text(text)
		if strings.Contains(got, marker) || !strings.Contains(got, redact.Hidden) {
			t.Errorf("%q became %q", text, got)
		}
	}
	for _, text := range []string{
		"<domain><name>web-01</name><secret uuid='x'/></domain>", "password-store", "qemu+ssh://root@host/system",
	} {
		if got := m.text(text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := m.text("\x1b[31m" + strings.Repeat("ä", 1000)); strings.Contains(got, "\x1b") || len(got) > textMax+40 {
		t.Errorf("%q", got)
	}
}

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "trace")
	if err := os.WriteFile(path, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := Open(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)
	l.Write(Line{At: at, Conn: "kvm1/1", Out: true, Name: "DOMAIN_CREATE", ID: "7", Bytes: 40, Texts: func() []string { return []string{"web \"01\""} }})
	l.Write(Line{At: at, Conn: "kvm1/1", Name: "DOMAIN_CREATE", ID: "7", Status: "error", Bytes: 90, Took: 1500 * time.Microsecond, Code: "55"})
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.Write(Line{}) // after the end: taken, not written
	got, err := os.ReadFile(path)
	want := "before\n2026-01-02T03:04:05.000006Z kvm1/1 > DOMAIN_CREATE id=7 bytes=40 \"web \\\"01\\\"\"\n" +
		"2026-01-02T03:04:05.000006Z kvm1/1 < DOMAIN_CREATE id=7 error bytes=90 ms=1.5 code=55\n"
	if err != nil || string(got) != want {
		t.Errorf("%q %v", got, err)
	}
	if st, _ := os.Stat(path); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	if _, err := Open(filepath.Join(path, "x"), nil); err == nil || !strings.Contains(err.Error(), "--trace") {
		t.Errorf("%v", err)
	}
}

// slow takes nothing until it is told to.
type slow struct {
	linefile.File
	mu   sync.Mutex
	text bytes.Buffer
	fail error
	lost int
}

func (s *slow) Append(p []byte, n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		s.lost += n
		return s.fail
	}
	s.lost = 0
	s.text.Write(p)
	return nil
}

func (s *slow) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

func TestNeverBlocks(t *testing.T) {
	w := &slow{}
	w.mu.Lock()
	l := start(w, nil)
	for range 5 * queued {
		l.Write(Line{Name: strings.Repeat("x", 300)})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.Close(ctx); err == nil {
		t.Error("closing did not give up")
	}
	w.mu.Unlock()
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(w.text.String(), "lines were dropped here") {
		t.Error("the drops are not told")
	}
}

func TestAFullDiskIsToldOnceAndTheTraceGoesOn(t *testing.T) {
	told := make(chan error, 10)
	f := &slow{fail: errors.New("no space left on device")}
	l := start(f, func(err error) { told <- err })
	l.Write(Line{Name: "lost"})
	if err := <-told; !strings.Contains(err.Error(), "no space left") {
		t.Errorf("told %v", err)
	}
	f.mu.Lock()
	f.fail = nil
	f.mu.Unlock()
	l.Write(Line{Name: "kept"})
	if err := <-told; !strings.Contains(err.Error(), "written again: 1 lines are missing") {
		t.Errorf("told %v", err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := f.text.String(); !strings.Contains(got, "kept") || strings.Contains(got, "lost") {
		t.Errorf("%q", got)
	}
	if len(told) > 0 {
		t.Errorf("told once more: %v", <-told)
	}
}

func TestNilLog(t *testing.T) {
	var l *Log
	l.Write(Line{})
	if l.On() || l.Close(t.Context()) != nil {
		t.Error("a trace that is not there")
	}
}

func FuzzMask(f *testing.F) {
	f.Add("<a passwd='", "'/>")
	f.Add("<secret>", "</secret>")
	f.Fuzz(func(t *testing.T, before, after string) {
		m := newMasker()
		for _, text := range []string{before + " passwd='" + marker + "'" + after, before + "<password>" + marker + "</password>" + after} {
			if strings.ContainsAny(before, "'\"<>=:") {
				return // something else may be open
			}
			if strings.Contains(m.text(text), marker) {
				t.Errorf("%q shows it", text)
			}
		}
	})
}
