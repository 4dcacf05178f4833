package ovf

import (
	"bufio"
	"bytes"
	"crypto/sha1" //nolint:gosec // old manifests have nothing better
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"net/url"
	"regexp"
	"strings"
)

// Manifest is a .mf file: checksums by name of file.
type Manifest struct {
	Sums map[string]Sum
}

// Sum is a checksum: "SHA1", "SHA256", "SHA512" and the digits in lower case.
type Sum struct{ Algorithm, Hex string }

// hasher makes the hash of an algorithm's name in a manifest; nil for what is not known.
func hasher(algorithm string) hash.Hash {
	switch algorithm {
	case "SHA1":
		return sha1.New() //nolint:gosec // old manifests have nothing better
	case "SHA256":
		return sha256.New()
	case "SHA512":
		return sha512.New()
	default:
		return nil
	}
}

// A line is "SHA256(name)= digits"; names may hold brackets, so the last one counts.
var manifestLine = regexp.MustCompile(`^\s*([A-Za-z0-9-]+)\s*\((.+)\)\s*=\s*([0-9A-Fa-f]+)\s*$`)

// ParseManifest reads a manifest. A name that is listed twice with different sums, an
// algorithm that is not known and a line of another form are errors, which name the line.
// Source: DSP0243 6.2.
func ParseManifest(text []byte) (*Manifest, error) {
	if len(text) > MaxManifest {
		return nil, fmt.Errorf("it is larger than %s", Bytes(MaxManifest))
	}
	plain, err := toUTF8(text)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Sums: map[string]Sum{}}
	lines := bufio.NewScanner(bytes.NewReader(bytes.ReplaceAll(plain, []byte("\r"), []byte("\n"))))
	lines.Buffer(nil, 64<<10)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		if err := m.line(lines.Text()); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("a line is longer than %s", Bytes(64<<10))
	}
	return m, nil
}

func (m *Manifest) line(text string) error {
	f := manifestLine.FindStringSubmatch(text)
	if f == nil {
		return fmt.Errorf("the line %q is not of the form SHA256(NAME)= DIGITS", shorten(text))
	}
	algorithm := strings.ReplaceAll(strings.ToUpper(f[1]), "-", "")
	name := strings.TrimPrefix(strings.TrimSpace(f[2]), "./")
	h := hasher(algorithm)
	if h == nil {
		return fmt.Errorf("the algorithm %s of the file %s is not known; SHA1, SHA256 and SHA512 are", shorten(f[1]), shorten(name))
	}
	s := Sum{Algorithm: algorithm, Hex: strings.ToLower(f[3])}
	if len(s.Hex) != hex.EncodedLen(h.Size()) {
		return fmt.Errorf("the %s of the file %s has %d digits in place of %d", algorithm, shorten(name), len(s.Hex), hex.EncodedLen(h.Size()))
	}
	if old, there := m.Sums[name]; there && old != s {
		return fmt.Errorf("the file %s is listed twice with different sums", shorten(name))
	}
	if len(m.Sums) >= MaxEntries {
		return fmt.Errorf("it lists more than %d files", MaxEntries)
	}
	m.Sums[name] = s
	return nil
}

// of is the sum of a file; names may be percent-encoded in a descriptor.
func (m *Manifest) of(name string) (Sum, bool) {
	for _, n := range spellings(name) {
		if s, ok := m.Sums[n]; ok {
			return s, true
		}
	}
	return Sum{}, false
}

// spellings are the names that a href may mean: as it stands, then without its percents.
func spellings(href string) []string {
	name := strings.TrimPrefix(href, "./")
	plain, err := url.PathUnescape(name)
	if err != nil || plain == name {
		return []string{name}
	}
	return []string{name, plain}
}

func shorten(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}
