package kind_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/ui/kind"
)

func TestNaturalCompare(t *testing.T) {
	sorted := []string{"", "a", "A1", "a2", "a10", "a10b", "b", "vm-1", "vm-2", "vm-10", "vm-100", "web 1", "web1", "日本"}
	mixed := slices.Clone(sorted)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	slices.SortFunc(mixed, kind.NaturalCompare)
	if !slices.Equal(mixed, sorted) {
		t.Errorf("%q", mixed)
	}
	for _, same := range [][2]string{{"web-01", "web-1"}, {"WEB", "web"}} {
		if c := kind.NaturalCompare(same[0], same[1]); c == 0 {
			t.Errorf("%q and %q compare equal but are not", same[0], same[1])
		}
	}
}

// FuzzNaturalCompare: a total order, or sorting a list would depend on where it came from.
func FuzzNaturalCompare(f *testing.F) {
	for _, s := range [][3]string{{"a1", "a01", "a001"}, {"1", "01", "1a"}, {"A", "a", "_"}, {"", "0", "00"}, {"9999999999999999999999", "1e9", "x"}, {"\xff", "é", "\x00"}} {
		f.Add(s[0], s[1], s[2])
	}
	sign := func(a, b string) int {
		switch c := kind.NaturalCompare(a, b); {
		case c < 0:
			return -1
		case c > 0:
			return 1
		default:
			return 0
		}
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if (sign(a, b) == 0) != (a == b) {
			t.Errorf("equal is not the same: %q %q", a, b)
		}
		if sign(a, b) != -sign(b, a) {
			t.Errorf("not antisymmetric: %q %q", a, b)
		}
		if sign(a, b) <= 0 && sign(b, c) <= 0 && sign(a, c) > 0 {
			t.Errorf("not transitive: %q %q %q", a, b, c)
		}
		names, all := []string{a, b, c}, []backend.Object{vm(a, "c"), vm(b, "c"), vm(c, "c")}
		slices.SortFunc(names, kind.NaturalCompare)
		kind.Order(all, nil, false)
		for i, o := range all {
			if o.Title() != names[i] {
				t.Fatalf("a list is in another order than its names: %q, want %q", titles(all), names)
			}
		}
	})
}

func vm(name string, conn backend.ConnID, more ...func(*backend.VM)) backend.Object {
	out := &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: conn, Kind: backend.KindVM, ID: name}, Name: name}, State: backend.PowerOn, DomainID: -1}
	for _, f := range more {
		f(out)
	}
	return out
}

func titles(objects []backend.Object) []string {
	var out []string
	for _, o := range objects {
		out = append(out, string(o.Ref().Conn)+"/"+o.Title())
	}
	return out
}

// Equal keys never flicker: name, then connection decide, whatever order they came in.
func TestOrderIsStable(t *testing.T) {
	want := []string{"a/vm-2", "b/vm-2", "a/vm-10", "b/vm-10"}
	all := []backend.Object{vm("vm-10", "b"), vm("vm-2", "b"), vm("vm-10", "a"), vm("vm-2", "a")}
	for range 20 {
		rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, falling := range []bool{false, true} {
			kind.Order(all, func(backend.Object) kind.Key { return kind.Key{Num: 1} }, falling)
			if got := titles(all); !slices.Equal(got, want) {
				t.Fatalf("falling %v: %q", falling, got)
			}
		}
	}
}

// TestOrderIsThatOfItsParts: number, text, name, connection, ID, one after the other; only
// the number and the text are turned round.
func TestOrderIsThatOfItsParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"", "a", "A", "web-", "0", "00", "7", "10", "007", "é", " ", strings.Repeat("9", 300), strings.Repeat("9", 301)}
	text := func() string {
		return pieces[rng.IntN(len(pieces))] + pieces[rng.IntN(len(pieces))] + pieces[rng.IntN(len(pieces))]
	}
	keys := map[backend.Ref]kind.Key{}
	all := make([]backend.Object, 400)
	for i := range all {
		o := vm(text(), backend.ConnID(pieces[1+rng.IntN(2)])).(*backend.VM)
		o.ID.ID = strconv.Itoa(i)
		all[i], keys[o.ID] = o, kind.Key{Num: float64(rng.IntN(3)), Text: text()}
		if i%2 == 0 {
			keys[o.ID] = kind.Key{Text: o.Name}
		}
	}
	for _, falling := range []bool{false, true} {
		key := func(o backend.Object) kind.Key { return keys[o.Ref()] }
		want := slices.Clone(all)
		slices.SortFunc(want, func(a, b backend.Object) int {
			x, y := key(a), key(b)
			c := cmp.Or(cmp.Compare(x.Num, y.Num), kind.NaturalCompare(x.Text, y.Text))
			if falling {
				c = -c
			}
			r, s := a.Ref(), b.Ref()
			return cmp.Or(c, kind.NaturalCompare(a.Title(), b.Title()), cmp.Compare(r.Conn, s.Conn), cmp.Compare(r.ID, s.ID))
		})
		kind.Order(all, key, falling)
		if !slices.Equal(all, want) {
			t.Errorf("falling %v: another order than that of number, text, name, connection and ID", falling)
		}
	}
}
