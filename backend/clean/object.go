package clean

import (
	"fmt"
	"reflect"
	"sync"

	"hvdeck/backend"
)

// Cleaner cleans every string of a value in place. It learns each type once; make
// one and share it: it is safe for concurrent use.
type Cleaner struct {
	plans sync.Map // reflect.Type -> *plan
}

// NewCleaner makes a Cleaner.
func NewCleaner() *Cleaner { return &Cleaner{} }

// plan is what to do with the values of one type; a nil do means nothing.
type plan struct {
	do func(c *Cleaner, v reflect.Value)
}

// Object cleans all exported string fields of what ptr points to, through nested
// structs, pointers, slices, arrays, map values and interfaces: as Line, or as the
// field's tag says: `clean:"text"` as Text, `clean:"raw"` as Raw, `clean:"keep"` not
// at all. Refs and ConnIDs stay as they are, since they are sent back to the server,
// as do map keys, byte slices and values of type error. The value must belong to the caller alone, and
// must not point to itself. Object panics when ptr is not a pointer: nothing could
// be cleaned in place.
func (c *Cleaner) Object(ptr any) {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer {
		panic(fmt.Sprintf("clean.Object needs a pointer, got %T", ptr))
	}
	if p := c.planOf(v.Type()); p.do != nil {
		p.do(c, v)
	}
}

func (c *Cleaner) planOf(t reflect.Type) *plan {
	if p, ok := c.plans.Load(t); ok {
		return p.(*plan)
	}
	p := build(t, Line, nil)
	c.plans.Store(t, p)
	return p
}

// kept reports the types whose strings are identities or not for display.
func kept(t reflect.Type) bool {
	switch t {
	case reflect.TypeFor[backend.Ref](), reflect.TypeFor[backend.ConnID](), reflect.TypeFor[error]():
		return true
	default:
		return false
	}
}

// build makes the plan of t; fn is for strings directly in it. open holds the
// structs being built, so that a type may contain itself.
func build(t reflect.Type, fn func(string) string, open map[reflect.Type]*plan) *plan {
	if kept(t) {
		return &plan{}
	}
	switch t.Kind() {
	case reflect.String:
		return &plan{do: func(_ *Cleaner, v reflect.Value) { cleanString(v, fn) }}
	case reflect.Struct:
		return buildStruct(t, open)
	case reflect.Pointer:
		return buildPointer(build(t.Elem(), fn, open))
	case reflect.Slice, reflect.Array:
		return buildList(build(t.Elem(), fn, open))
	case reflect.Map:
		return buildMap(t, build(t.Elem(), fn, open))
	case reflect.Interface:
		return &plan{do: cleanInterface}
	default:
		return &plan{}
	}
}

func cleanString(v reflect.Value, fn func(string) string) {
	old := v.String()
	if s := fn(old); s != old {
		v.SetString(s)
	}
}

type fieldPlan struct {
	index int
	plan  *plan
}

func buildStruct(t reflect.Type, open map[reflect.Type]*plan) *plan {
	if p := open[t]; p != nil {
		return p
	}
	p := &plan{}
	inner := map[reflect.Type]*plan{t: p}
	for k, v := range open {
		inner[k] = v
	}
	var fields []fieldPlan
	// Set before the fields are built, so that a type that contains itself finds
	// something to do.
	p.do = func(c *Cleaner, v reflect.Value) {
		for _, f := range fields {
			f.plan.do(c, v.Field(f.index))
		}
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Tag.Get("clean") == "keep" {
			continue
		}
		if fp := build(f.Type, tagged(f), inner); fp.do != nil {
			fields = append(fields, fieldPlan{i, fp})
		}
	}
	if len(fields) == 0 {
		p.do = nil
	}
	return p
}

func tagged(f reflect.StructField) func(string) string {
	switch f.Tag.Get("clean") {
	case "text":
		return Text
	case "raw":
		return Raw
	default:
		return Line
	}
}

func buildPointer(elem *plan) *plan {
	if elem.do == nil {
		return elem
	}
	return &plan{do: func(c *Cleaner, v reflect.Value) {
		if !v.IsNil() {
			elem.do(c, v.Elem())
		}
	}}
}

func buildList(elem *plan) *plan {
	if elem.do == nil {
		return elem
	}
	return &plan{do: func(c *Cleaner, v reflect.Value) {
		for i := range v.Len() {
			elem.do(c, v.Index(i))
		}
	}}
}

func buildMap(t reflect.Type, elem *plan) *plan {
	if elem.do == nil {
		return elem
	}
	return &plan{do: func(c *Cleaner, v reflect.Value) {
		for _, key := range v.MapKeys() {
			old := v.MapIndex(key)
			value := reflect.New(t.Elem()).Elem()
			value.Set(old)
			elem.do(c, value)
			// A map that is clean already may be read by others at this moment.
			if !unchanged(old, value) {
				v.SetMapIndex(key, value)
			}
		}
	}}
}

// unchanged reports whether cleaning a copy left it as it was. Types that can't be
// compared count as changed.
func unchanged(a, b reflect.Value) bool {
	return a.Comparable() && b.Comparable() && a.Equal(b)
}

// cleanInterface cleans what the interface holds: a pointer's target in place,
// anything else by way of a copy.
func cleanInterface(c *Cleaner, v reflect.Value) {
	if v.IsNil() {
		return
	}
	held := v.Elem()
	p := c.planOf(held.Type())
	if p.do == nil {
		return
	}
	if held.Kind() == reflect.Pointer {
		p.do(c, held)
		return
	}
	fresh := reflect.New(held.Type()).Elem()
	fresh.Set(held)
	p.do(c, fresh)
	v.Set(fresh)
}
