package ovf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	bomUTF8 = []byte{0xef, 0xbb, 0xbf}
	bomLE   = []byte{0xff, 0xfe}
	bomBE   = []byte{0xfe, 0xff}
)

// toUTF8 takes a byte order mark off and makes UTF-16 into UTF-8; the declaration then
// says so.
func toUTF8(b []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, bomUTF8):
		return b[len(bomUTF8):], nil
	case bytes.HasPrefix(b, bomLE):
		return fromUTF16(b[2:], false)
	case bytes.HasPrefix(b, bomBE):
		return fromUTF16(b[2:], true)
	case bytes.HasPrefix(b, []byte{'<', 0}):
		return fromUTF16(b, false)
	case bytes.HasPrefix(b, []byte{0, '<'}):
		return fromUTF16(b, true)
	default:
		return b, nil
	}
}

func fromUTF16(b []byte, bigEndian bool) ([]byte, error) {
	if len(b)%2 != 0 {
		return nil, errors.New("it ends in the middle of a UTF-16 character")
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		hi, lo := b[2*i+1], b[2*i]
		if bigEndian {
			hi, lo = lo, hi
		}
		units[i] = uint16(hi)<<8 | uint16(lo)
	}
	out := make([]byte, 0, len(units)+len(units)/2)
	for _, r := range utf16.Decode(units) {
		out = utf8.AppendRune(out, r)
	}
	declared := regexp.MustCompile(`^(<\?xml[^>]*encoding=["'])[^"']*(["'])`)
	return declared.ReplaceAll(out, []byte("${1}UTF-8${2}")), nil
}

// charsetReader is for encoding/xml, which calls it for what is declared as other than
// UTF-8.
func charsetReader(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8":
		return in, nil
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
		return &latin1{in: in}, nil
	default:
		return nil, fmt.Errorf("the character set %q is not known; write the descriptor in UTF-8", name)
	}
}

// latin1 reads ISO 8859-1. What Windows-1252 has in place of the C1 controls is rare in
// descriptors; it comes out as those controls, which are cleaned before they are shown.
type latin1 struct {
	in   io.Reader
	rest []byte
}

func (l *latin1) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		var buf [1024]byte
		n, err := l.in.Read(buf[:])
		if n == 0 {
			return 0, err
		}
		l.rest = l.rest[:0]
		for _, c := range buf[:n] {
			l.rest = utf8.AppendRune(l.rest, rune(c))
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}
