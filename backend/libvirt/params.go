package libvirt

import (
	"encoding/xml"
	"math"
	"math/bits"
	"strings"

	libvirt "github.com/digitalocean/go-libvirt"
)

// params are typed parameters by name.
type params []libvirt.TypedParam

func paramsOf(all []libvirt.TypedParam) params { return params(all) }

func (p params) find(name string) (any, bool) {
	for i := range p {
		if p[i].Field == name {
			return p[i].Value.I, true
		}
	}
	return nil, false
}

func (p params) has(name string) bool {
	_, ok := p.find(name)
	return ok
}

// integer is a whole number of any width; 0 when it is missing.
func (p params) integer(name string) int64 {
	v, _ := p.find(name)
	return whole(v)
}

// unsigned is integer for what can't be negative.
func (p params) unsigned(name string) uint64 {
	return uint64(max(p.integer(name), 0))
}

// sum adds up every parameter with this beginning and end, "net." and ".rx.bytes";
// found is false when there is none.
func (p params) sum(prefix, suffix string) (total float64, found bool) {
	for i := range p {
		if strings.HasPrefix(p[i].Field, prefix) && strings.HasSuffix(p[i].Field, suffix) {
			total += float64(whole(p[i].Value.I))
			found = true
		}
	}
	return total, found
}

// sized is so many units in bytes; the most that there is where that is more.
func sized(n, unit uint64) uint64 {
	high, low := bits.Mul64(n, unit)
	if high > 0 {
		return math.MaxUint64
	}
	return low
}

// counted is a number of things; the most that an int has where a server says more.
func counted(n uint64) int { return int(min(n, math.MaxInt32)) } //nolint:gosec // bounded

func whole(v any) int64 {
	switch n := v.(type) {
	case int32:
		return int64(n)
	case uint32:
		return int64(n)
	case int64:
		return n
	case uint64:
		return int64(n) //nolint:gosec // byte and nanosecond counters stay far below
	case float64:
		return int64(n)
	default:
		return 0
	}
}

// xmlUnmarshal reads XML into one of libvirtxml's structs without a method for it.
func xmlUnmarshal(text string, into any) error { return xml.Unmarshal([]byte(text), into) }
