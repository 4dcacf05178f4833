package sasl

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The exchanges of RFC 5802, section 5, and RFC 7677, section 3.
func TestSCRAMExamples(t *testing.T) {
	for _, c := range []struct{ name, nonce, first, server, final, last string }{
		{"SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL", "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{"SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO", "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	} {
		s := newSCRAM(c.name, "user", []byte("pencil"))
		s.nonce = c.nonce
		if got, err := s.Start(); err != nil || string(got) != c.first {
			t.Errorf("%s: first %q %v", c.name, got, err)
		}
		if got, done, err := s.Step([]byte(c.server)); err != nil || done || string(got) != c.final {
			t.Errorf("%s: final %q %v %v", c.name, got, done, err)
		}
		if got, done, err := s.Step([]byte(c.last)); err != nil || !done || len(got) != 0 {
			t.Errorf("%s: end %q %v %v", c.name, got, done, err)
		}
	}
}

func TestSCRAMRefusals(t *testing.T) {
	const nonce = "abcdefgh"
	for _, c := range []struct{ first, last, words string }{
		{"r=other,s=QSXCR+Q6sek8bf92,i=4096", "", "another exchange"},
		{"r=" + nonce + ",s=QSXCR+Q6sek8bf92,i=4096", "", "another exchange"},
		{"r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=1", "", "rounds"},
		{"r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=2000000000", "", "rounds"},
		{"r=" + nonce + "x,s=,i=4096", "", "can't be read"},
		{"", "", "can't be read"},
		{"r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=4096", "v=AAAA", ErrServer.Error()},
		{"r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=4096", "", ErrServer.Error()},
		{"r=" + nonce + "x,s=QSXCR+Q6sek8bf92,i=4096", "e=invalid-proof", "invalid-proof"},
	} {
		s := newSCRAM("SCRAM-SHA-256", "a=b,c", []byte("pencil"))
		s.nonce = nonce
		if first, _ := s.Start(); !strings.Contains(string(first), "n=a=3Db=2Cc,") {
			t.Errorf("the user name is written %q", first)
		}
		_, _, err := s.Step([]byte(c.first))
		if err == nil {
			_, _, err = s.Step([]byte(c.last))
		}
		if err == nil || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%q %q: %v, want %q", c.first, c.last, err, c.words)
		}
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		offered string
		secure  bool
		want    string
	}{
		{"PLAIN SCRAM-SHA-1 scram-sha-256", true, "SCRAM-SHA-256"},
		{"PLAIN DIGEST-MD5", true, "PLAIN"},
		{"PLAIN DIGEST-MD5", false, ""},
		{"GSSAPI", true, ""},
		{"", true, ""},
	} {
		got := ""
		if m := Choose(strings.Fields(c.offered), "u", []byte("p"), c.secure); m != nil {
			got = m.Name()
		}
		if got != c.want {
			t.Errorf("%q: %q, want %q", c.offered, got, c.want)
		}
	}
}

func TestPlain(t *testing.T) {
	m := Choose([]string{"PLAIN"}, "u", []byte("p w"), true)
	if got, err := m.Start(); err != nil || string(got) != "\x00u\x00p w" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := Choose([]string{"PLAIN"}, "u\x00x", nil, true).Start(); err == nil || errors.Is(err, ErrServer) {
		t.Errorf("%v", err)
	}
}

// TestManyRounds: a server can't keep us busy for long.
func TestManyRounds(t *testing.T) {
	try := func(rounds int) (time.Duration, error) {
		s := newSCRAM("SCRAM-SHA-512", "u", []byte("p"))
		began := time.Now()
		_, _, err := s.Step([]byte("r=" + s.nonce + "x,s=QSXCR+Q6sek8bf92,i=" + strconv.Itoa(rounds)))
		return time.Since(began), err
	}
	few, err := try(20_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{roundsMax + 1, 10_000_000, math.MaxInt64, roundsMin - 1, 0, -1} {
		if took, err := try(n); err == nil || took > few {
			t.Errorf("%d rounds: %v in %v", n, err, took)
		}
	}
}

func FuzzSCRAM(f *testing.F) {
	f.Add("r=abcx,s=QSXCR+Q6sek8bf92,i=4096", "v=AAAA")
	f.Fuzz(func(t *testing.T, first, last string) {
		s := newSCRAM("SCRAM-SHA-1", "u", []byte("p"))
		s.nonce = "abc"
		_, _ = s.Start()
		if n, err := strconv.Atoi(fields(first)["i"]); err == nil && n > 2*roundsMin && n <= roundsMax {
			return // that only costs time
		}
		if _, _, err := s.Step([]byte(first)); err != nil {
			return
		}
		if _, done, err := s.Step([]byte(last)); err == nil && done {
			t.Errorf("a server that knows no password was believed: %q %q", first, last)
		}
	})
}
