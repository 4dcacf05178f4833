package kind

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// collated are texts in a form whose bytes are in the order of NaturalCompare, so that a
// long list is read once, not at every comparison.
type collated struct {
	texts []string
	keys  []byte
	ends  []int // of each text's key; it begins where the one before ends
	same  int   // bytes that all keys begin with
}

// collate reads texts, which must stay as they are.
func collate(texts []string) *collated {
	size := 0
	for _, t := range texts {
		size += len(t) + 2 // most have one number
	}
	c := &collated{texts: texts, keys: make([]byte, 0, size), ends: make([]int, len(texts))}
	for i, t := range texts {
		c.keys = appendKey(c.keys, t)
		c.ends[i] = len(c.keys)
	}
	c.same = c.common()
	return c
}

// appendKey writes a text's key: letters without case, numbers as a "0", the count of
// their digits and the digits, without zeros before them.
func appendKey(key []byte, s string) []byte {
	const long = 255 // from here on a count takes eight bytes more
	for i := 0; i < len(s); {
		if !digit(s[i]) {
			key = append(key, fold(s[i]))
			i++
			continue
		}
		run := digits(s[i:])
		i += len(run)
		run = strings.TrimLeft(run, "0")
		if len(run) < long {
			key = append(key, '0', byte(len(run))) //nolint:gosec // below 255
		} else {
			key = binary.BigEndian.AppendUint64(append(key, '0', long), uint64(len(run)))
		}
		key = append(key, run...)
	}
	return key
}

func (c *collated) key(i int) []byte {
	if i == 0 {
		return c.keys[:c.ends[0]]
	}
	return c.keys[c.ends[i-1]:c.ends[i]]
}

// common counts the bytes that all keys begin with.
func (c *collated) common() int {
	if len(c.ends) == 0 {
		return 0
	}
	first := c.key(0)
	n := len(first)
	for i := 1; i < len(c.ends) && n > 0; i++ {
		k := c.key(i)
		n = min(n, len(k))
		for j := range n {
			if k[j] != first[j] {
				n = j
				break
			}
		}
	}
	return n
}

// head is a number that is less for an earlier text; where it is the same, compare says.
// It is of what comes after the bytes that all have: of web-00001 the number.
func (c *collated) head(i int) uint64 {
	var b [8]byte
	copy(b[:], c.key(i)[c.same:])
	return binary.BigEndian.Uint64(b[:])
}

// compare is NaturalCompare of two of the texts.
func (c *collated) compare(i, j int) int {
	if d := bytes.Compare(c.key(i), c.key(j)); d != 0 {
		return d
	}
	return strings.Compare(c.texts[i], c.texts[j])
}
