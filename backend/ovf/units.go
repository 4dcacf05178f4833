package ovf

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// unitOf is the number of bytes of an allocation unit: "byte * 2^30", "byte*1024*1024",
// "GigaBytes", "MB". "" is def. Source: DSP0004 annex C.1, programmatic units.
func unitOf(s string, def uint64) (uint64, error) {
	text := strings.ToLower(strings.Join(strings.Fields(s), ""))
	if text == "" {
		return def, nil
	}
	if n, ok := namedUnit(text); ok {
		return n, nil
	}
	total := uint64(1)
	for i, part := range strings.Split(text, "*") {
		if i == 0 && (part == "byte" || part == "bytes") {
			continue
		}
		n, err := power(part)
		if err != nil {
			return 0, fmt.Errorf("%q is no unit of bytes", s)
		}
		var ok bool
		if total, ok = multiply(total, n); !ok {
			return 0, fmt.Errorf("the unit %q is too large", s)
		}
	}
	return total, nil
}

func namedUnit(s string) (uint64, bool) {
	for shift, names := range [][]string{
		{"byte", "bytes", "b"}, {"kilobytes", "kilobyte", "kb", "kib"}, {"megabytes", "megabyte", "mb", "mib"},
		{"gigabytes", "gigabyte", "gb", "gib"}, {"terabytes", "terabyte", "tb", "tib"},
	} {
		for _, name := range names {
			if s == name {
				return 1 << (10 * shift), true
			}
		}
	}
	return 0, false
}

// power reads "1024" and "2^30".
func power(s string) (uint64, error) {
	base, exp, raised := strings.Cut(s, "^")
	n, err := strconv.ParseUint(base, 10, 64)
	if err != nil || !raised {
		return n, err
	}
	e, err := strconv.ParseUint(exp, 10, 7)
	if err != nil {
		return 0, err
	}
	total := uint64(1)
	for range e {
		next, ok := multiply(total, n)
		if !ok {
			return 0, strconv.ErrRange
		}
		total = next
	}
	return total, nil
}

func multiply(a, b uint64) (uint64, bool) {
	hi, lo := bits.Mul64(a, b)
	return lo, hi == 0
}

// amount is a number of units in bytes. More than an int64 holds is an error: no disk and
// no memory is as large, and sizes are added up.
func amount(number, unit string, def uint64) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is no whole number", number)
	}
	u, err := unitOf(unit, def)
	if err != nil {
		return 0, err
	}
	total, ok := multiply(n, u)
	if !ok || total > math.MaxInt64 {
		return 0, fmt.Errorf("%s of %q is more than any machine has", number, unit)
	}
	return total, nil
}

// Bytes is a size as people say it: "4 GiB", "1.5 MiB", "512 bytes".
func Bytes(n uint64) string {
	if n < 1<<10 {
		return strconv.FormatUint(n, 10) + " bytes"
	}
	value, unit := float64(n), 0
	for value >= 1024 && unit < 5 {
		value /= 1024
		unit++
	}
	digits := strconv.FormatFloat(value, 'f', 1, 64)
	return strings.TrimSuffix(digits, ".0") + " " + []string{"", "KiB", "MiB", "GiB", "TiB", "PiB"}[unit]
}
