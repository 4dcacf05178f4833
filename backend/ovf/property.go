package ovf

import (
	"fmt"
	"math"
	"math/big"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Property is a value that the operator may give. Source: DSP0243 9.5.1 and the VMware
// extensions (vmw:qualifiers, password).
type Property struct {
	Key      string // class.id.instance, as the API takes it
	System   string // id; "" for the collection
	Category string
	Label    string
	About    string `clean:"text"`
	// Type is "string", "boolean", "int", "real", "ip" or as the descriptor has it:
	// "uint16", "real64".
	Type    string
	Default string
	// Settable is set for what the operator may change (ovf:userConfigurable).
	Settable bool
	Password bool
	// Choices are the only values, from ValueMap; empty for any.
	Choices []string
	// Limits are in words, for the form: "0 to 65535", "3 to 8 characters".
	Limits string
	// Role is what a vmw:qualifier says that the value is: "Ip", "Netmask", "Dns"; "" for
	// none. Network is the one that it belongs to.
	Role, Network string

	id     string // the key without class and instance
	bounds bounds
}

// bounds are the limits as numbers.
type bounds struct {
	min, max       *big.Float
	minLen, maxLen int // maxLen 0: none
}

// precision keeps every 64 bit number exact.
const precision = 80

var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,3})?$`)

// number reads what is short enough to be computed at once.
func number(s string) (*big.Float, bool) {
	s = strings.TrimSpace(s)
	if !decimal.MatchString(s) {
		return nil, false
	}
	f, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	return f, err == nil
}

// Check says what is wrong with a value; "" when nothing. An empty value is checked as
// any other: a property without a default may be left empty only where its type takes it,
// which are strings without a least length and addresses.
func (p Property) Check(value string) string {
	if len(p.Choices) > 0 && !slices.Contains(p.Choices, value) {
		return "is none of the choices"
	}
	if reason := p.checkLength(value); reason != "" {
		return reason
	}
	if isNumeric(p.Type) {
		return p.checkNumber(value)
	}
	switch p.Type {
	case "boolean":
		if v := strings.ToLower(value); v != "true" && v != "false" {
			return "is neither true nor false"
		}
	case "ip":
		return checkAddress(value)
	}
	if p.Role == "Dns" {
		return checkAddresses(value)
	}
	return ""
}

func (p Property) checkLength(value string) string {
	n := utf8.RuneCountInString(value)
	switch {
	case !utf8.ValidString(value):
		return "is no valid text"
	case n < p.bounds.minLen || (p.bounds.maxLen > 0 && n > p.bounds.maxLen):
		return fmt.Sprintf("has %s, not %s", characters(n), p.lengthInWords())
	}
	return ""
}

func (p Property) lengthInWords() string {
	switch b := p.bounds; {
	case b.maxLen == 0:
		return "at least " + characters(b.minLen)
	case b.minLen == 0:
		return "at most " + characters(b.maxLen)
	case b.minLen == b.maxLen:
		return characters(b.minLen)
	default:
		return fmt.Sprintf("%d to %d characters", b.minLen, b.maxLen)
	}
}

func characters(n int) string {
	if n == 1 {
		return "1 character"
	}
	return strconv.Itoa(n) + " characters"
}

func isReal(t string) bool { return strings.HasPrefix(t, "real") }

func isNumeric(t string) bool { return isReal(t) || integerRange(t) != nil }

// integerRange is what a type can hold; nil for other types.
func integerRange(t string) *[2]*big.Float {
	of := func(lo int64, hi uint64) *[2]*big.Float {
		return &[2]*big.Float{new(big.Float).SetPrec(precision).SetInt64(lo), new(big.Float).SetPrec(precision).SetUint64(hi)}
	}
	switch t {
	case "uint8":
		return of(0, math.MaxUint8)
	case "sint8":
		return of(math.MinInt8, math.MaxInt8)
	case "uint16":
		return of(0, math.MaxUint16)
	case "sint16":
		return of(math.MinInt16, math.MaxInt16)
	case "uint32":
		return of(0, math.MaxUint32)
	case "sint32", "int":
		return of(math.MinInt32, math.MaxInt32)
	case "uint64":
		return of(0, math.MaxUint64)
	case "sint64":
		return of(math.MinInt64, math.MaxInt64)
	default:
		return nil
	}
}

func (p Property) checkNumber(value string) string {
	v, ok := number(value)
	if !ok || value != strings.TrimSpace(value) {
		return "is no number"
	}
	if !isReal(p.Type) && strings.ContainsAny(value, ".eE") {
		return "is no whole number"
	}
	least, most := p.bounds.min, p.bounds.max
	if r := integerRange(p.Type); r != nil {
		least, most = larger(least, r[0]), smaller(most, r[1])
	}
	if (least != nil && v.Cmp(least) < 0) || (most != nil && v.Cmp(most) > 0) {
		return "is not " + rangeInWords(least, most)
	}
	return ""
}

func larger(a, b *big.Float) *big.Float {
	if a == nil || a.Cmp(b) < 0 {
		return b
	}
	return a
}

func smaller(a, b *big.Float) *big.Float {
	if a == nil || a.Cmp(b) > 0 {
		return b
	}
	return a
}

func rangeInWords(least, most *big.Float) string {
	switch {
	case least == nil:
		return "at most " + digits(most)
	case most == nil:
		return "at least " + digits(least)
	default:
		return digits(least) + " to " + digits(most)
	}
}

func digits(f *big.Float) string {
	if f.IsInt() {
		return f.Text('f', 0)
	}
	return f.Text('g', 10)
}

// checkAddress takes an empty value: it means that DHCP gives one.
func checkAddress(value string) string {
	if value == "" {
		return ""
	}
	if _, err := netip.ParseAddr(value); err != nil {
		return "is no IP address"
	}
	return ""
}

func checkAddresses(value string) string {
	for _, one := range strings.FieldsFunc(value, func(c rune) bool { return c == ',' || c == ' ' || c == ';' }) {
		if checkAddress(one) != "" {
			return "holds " + strconv.Quote(one) + ", which is no IP address"
		}
	}
	return ""
}
