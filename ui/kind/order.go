package kind

import (
	"sort"
	"strings"
	"unicode/utf8"

	"hvdeck/backend"
)

// Order sorts objects by a column, and by name, connection and ID where that
// leaves them equal, so that the order never flickers. It sorts in place.
func Order(objects []backend.Object, key func(backend.Object) Key, falling bool) {
	type row struct {
		o   backend.Object
		key Key
	}
	rows := make([]row, len(objects))
	for i, o := range objects {
		rows[i].o = o
		if key != nil {
			rows[i].key = key(o)
		}
	}
	sort.Slice(rows, func(i, j int) bool {
		a, b := rows[i], rows[j]
		if c := compareKeys(a.key, b.key); c != 0 {
			return (c < 0) != falling
		}
		return lessByName(a.o, b.o)
	})
	for i := range rows {
		objects[i] = rows[i].o
	}
}

func compareKeys(a, b Key) int {
	switch {
	case a.Num < b.Num:
		return -1
	case a.Num > b.Num:
		return 1
	}
	return NaturalCompare(a.Text, b.Text)
}

func lessByName(a, b backend.Object) bool {
	if c := NaturalCompare(a.Title(), b.Title()); c != 0 {
		return c < 0
	}
	x, y := a.Ref(), b.Ref()
	if x.Conn != y.Conn {
		return x.Conn < y.Conn
	}
	return x.ID < y.ID
}

// NaturalCompare orders text without case and numbers by value: web-2 before
// web-10. It is 0 only for equal strings.
func NaturalCompare(a, b string) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if digit(a[i]) && digit(b[j]) {
			x, y := digits(a[i:]), digits(b[j:])
			if c := compareNumbers(x, y); c != 0 {
				return c
			}
			i, j = i+len(x), j+len(y)
			continue
		}
		if c := int(fold(a[i])) - int(fold(b[j])); c != 0 {
			return c
		}
		i, j = i+1, j+1
	}
	if c := (len(a) - i) - (len(b) - j); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func fold(c byte) byte {
	if c >= 'A' && c <= 'Z' && c < utf8.RuneSelf {
		return c + 'a' - 'A'
	}
	return c
}

func digits(s string) string {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return s[:n]
}

func compareNumbers(x, y string) int {
	x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
	if len(x) != len(y) {
		return len(x) - len(y)
	}
	return strings.Compare(x, y)
}
