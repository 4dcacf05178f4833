package backendtest

import (
	"reflect"
	"testing"

	"hvdeck/backend"
)

func TestEveryOperationHasACase(t *testing.T) {
	covered := map[reflect.Type]int{}
	names := map[string]bool{}
	for _, c := range cases() {
		if names[c.name] {
			t.Errorf("two cases are called %q", c.name)
		}
		names[c.name] = true
		if len(c.ops) > 1 {
			continue // all operations in one: not a case of its own
		}
		for _, op := range c.ops {
			covered[reflect.TypeOf(op)]++
		}
	}
	for _, op := range backend.Ops() {
		if covered[reflect.TypeOf(op)] == 0 {
			t.Errorf("%T has no case of its own", op)
		}
	}
	given := map[reflect.Type]bool{}
	for _, op := range (&run{t: t}).on(backend.Ref{}) {
		given[reflect.TypeOf(op)] = true
	}
	for _, op := range backend.Ops() {
		if !given[reflect.TypeOf(op)] {
			t.Errorf("on() does not give %T", op)
		}
	}
}
