package kind

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"hvdeck/backend"
)

// Order sorts objects by a column, and by name, connection and ID where that
// leaves them equal, so that the order never flickers. It sorts in place.
func Order(objects []backend.Object, key func(backend.Object) Key, falling bool) {
	// Each object is looked at once: of a long list that is what takes the time.
	titles, keys := make([]string, len(objects)), make([]Key, len(objects))
	for i, o := range objects {
		titles[i] = o.Title()
		if key != nil {
			keys[i] = key(o)
		}
	}
	was := slices.Clone(objects)
	order := byName(was, titles)
	if key != nil {
		byKey(order, titles, keys, falling)
	}
	for i, it := range order {
		objects[i] = was[it.at]
	}
}

// item is an object as it is sorted: what is compared most often is at hand.
type item struct {
	num  float64
	head uint64 // of the text: less is earlier
	at   int32  // where the object is
}

// byName gives the order of objects by name, connection and ID. The heads number the
// names: the same number for equal ones.
func byName(objects []backend.Object, titles []string) []item {
	items := make([]item, len(objects))
	for i := range items {
		items[i].at = int32(i)
	}
	arrange(items, collate(titles), false, func(i, j int32) int {
		a, b := objects[i].Ref(), objects[j].Ref()
		return cmp.Or(strings.Compare(string(a.Conn), string(b.Conn)), strings.Compare(a.ID, b.ID))
	})
	number := uint64(0)
	for i := range items {
		if i > 0 && titles[items[i].at] != titles[items[i-1].at] {
			number++
		}
		items[i].head = number
	}
	return items
}

// byKey brings what is in the order of names into that of keys.
func byKey(order []item, titles []string, keys []Key, falling bool) {
	named, sorted := true, !falling
	for i := range order {
		it := &order[i]
		it.num = keys[it.at].Num
		named = named && keys[it.at].Text == titles[it.at]
		sorted = sorted && it.num == order[0].num
	}
	if named && sorted {
		return
	}
	place := make([]int32, len(order))
	for i := range order {
		place[order[i].at] = int32(i)
	}
	var texts *collated
	if !named { // else the numbers of the names are as good
		of := make([]string, len(keys))
		for i, k := range keys {
			of[i] = k.Text
		}
		texts = collate(of)
	}
	arrange(order, texts, falling, func(i, j int32) int { return cmp.Compare(place[i], place[j]) })
}

// arrange sorts items by number and text, and rising by ties where both are equal. Without
// texts the heads are all there is of them.
func arrange(items []item, texts *collated, falling bool, ties func(i, j int32) int) {
	if texts != nil {
		for i := range items {
			items[i].head = texts.head(int(items[i].at))
		}
	}
	slices.SortFunc(items, func(a, b item) int {
		c := compareNums(a.num, b.num)
		if c == 0 {
			c = cmp.Compare(a.head, b.head)
		}
		if c == 0 && texts != nil {
			c = texts.compare(int(a.at), int(b.at))
		}
		switch {
		case c == 0:
			return ties(a.at, b.at)
		case falling:
			return -c
		default:
			return c
		}
	})
}

func compareNums(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
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
