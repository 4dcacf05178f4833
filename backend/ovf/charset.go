package ovf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

var (
	bomUTF8 = []byte{0xef, 0xbb, 0xbf}
	bomLE   = []byte{0xff, 0xfe}
	bomBE   = []byte{0xfe, 0xff}
)

// toUTF8 takes a byte order mark off and makes UTF-16 and ISO 8859-1 into UTF-8; the
// declaration then says so.
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
		return fromLatin1(b), nil
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
	return declaredUTF8(out), nil
}

var declared = regexp.MustCompile(`^(\s*<\?xml[^>]*encoding\s*=\s*["'])([^"'>]*)(["'])`)

func declaredUTF8(b []byte) []byte { return declared.ReplaceAll(b, []byte("${1}UTF-8${3}")) }

// fromLatin1 is for what is declared as ISO 8859-1 or Windows-1252. Where the latter has
// letters in place of the C1 controls they come out as those controls, which are cleaned
// before they are shown.
func fromLatin1(b []byte) []byte {
	head := declared.FindSubmatch(b[:min(len(b), 256)])
	if head == nil || !slices.Contains([]string{"iso-8859-1", "latin1", "windows-1252", "cp1252"}, strings.ToLower(string(head[2]))) {
		return b
	}
	out := make([]byte, 0, len(b)+len(b)/8)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return declaredUTF8(out)
}

// charsetReader is for encoding/xml, which calls it for what is declared as other than
// UTF-8 and has not been made that by toUTF8.
func charsetReader(name string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(name) {
	case "us-ascii", "ascii", "utf8":
		return in, nil
	default:
		return nil, fmt.Errorf("the character set %q is not known; write the descriptor in UTF-8", name)
	}
}
