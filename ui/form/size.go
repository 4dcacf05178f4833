package form

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ParseSize reads a size in bytes: a number, which may have a fraction, and a unit. K,
// M, G, T, P, E and KiB to EiB count in 1024, KB to EB in 1000, as in virsh; a rate may
// end in "/s"; no unit and
// B are bytes. The result is not negative.
func ParseSize(text string) (int64, error) {
	s := strings.TrimSuffix(strings.TrimSpace(text), "/s")
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] == '.') {
		i++
	}
	unit, ok := unitBytes(strings.TrimSpace(s[i:]))
	n, err := strconv.ParseFloat(s[:i], 64)
	if err != nil || !ok {
		return 0, fmt.Errorf("%q is not a size; write it as 10 GiB or 512M", text)
	}
	bytes := n * unit
	if bytes >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is too large", text)
	}
	if whole, err := strconv.ParseInt(s[:i], 10, 64); err == nil && unit == 1 {
		return whole, nil // beyond 2^53 a float would round
	}
	return int64(math.Round(bytes)), nil
}

func unitBytes(unit string) (float64, bool) {
	u := strings.ToLower(unit)
	if u == "" || u == "b" {
		return 1, true
	}
	power := strings.IndexByte("kmgtpe", u[0]) + 1
	if power == 0 {
		return 0, false
	}
	switch u[1:] {
	case "", "ib":
		return math.Pow(1024, float64(power)), true
	case "b":
		return math.Pow(1000, float64(power)), true
	}
	return 0, false
}

// FormatSize writes bytes in the largest binary unit that keeps it exact to a tenth.
func FormatSize(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	text := strings.TrimSuffix(strconv.FormatFloat(v, 'f', 1, 64), ".0")
	return fmt.Sprintf("%s %ciB", text, units[i])
}
