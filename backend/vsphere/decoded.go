package vsphere

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	"github.com/vmware/govmomi/vim25/soap"
)

// decoded stands between the calls and the library that reads their answers. What the
// library makes of an answer that is not as the API says is made good or refused here, so
// that no caller meets it: it panics on a value of another type, gives no result at all for
// an empty body, and leaves a hole in a list for what is of a type that it does not know,
// which newer servers send.
type decoded struct {
	next  soap.RoundTripper
	holes holes
}

// RoundTrip implements soap.RoundTripper.
func (d *decoded) RoundTrip(ctx context.Context, req, res soap.HasFault) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the server's answer can't be read: %v", v)
		}
	}()
	if err := d.next.RoundTrip(ctx, req, res); err != nil {
		return err
	}
	body := reflect.ValueOf(res)
	if body.Kind() != reflect.Pointer || body.Elem().Kind() != reflect.Struct {
		return nil
	}
	result := body.Elem().FieldByName("Res")
	if !result.IsValid() || result.Kind() != reflect.Pointer {
		return nil
	}
	if result.IsNil() {
		return fmt.Errorf("the server's answer is empty, or to another call than %T", req)
	}
	d.holes.fill(result)
	return nil
}

// mend takes the holes out of a value.
type mend func(v reflect.Value)

// holes knows what to do with values of the types met so far. Safe for concurrent use.
type holes struct{ known sync.Map } // reflect.Type -> mend; nil where there can be no hole

// fill takes the elements that are nil out of all lists of things of several types in v.
func (h *holes) fill(v reflect.Value) {
	if m := h.of(v.Type()); m != nil {
		m(v)
	}
}

func (h *holes) of(t reflect.Type) mend {
	if m, ok := h.known.Load(t); ok {
		return m.(mend)
	}
	m := h.newMend(t, nil)
	h.known.Store(t, m)
	return m
}

// newMend makes the mend of a type; open are the structs being worked on, since a type may
// contain itself.
func (h *holes) newMend(t reflect.Type, open map[reflect.Type]*mend) mend {
	switch t.Kind() {
	case reflect.Interface:
		return h.any
	case reflect.Pointer:
		if inner := h.newMend(t.Elem(), open); inner != nil {
			return func(v reflect.Value) {
				if !v.IsNil() {
					inner(v.Elem())
				}
			}
		}
	case reflect.Slice:
		return h.list(t, open)
	case reflect.Struct:
		return h.structure(t, open)
	default:
	}
	return nil
}

// any goes into what an interface holds; a struct in it is put back as a copy.
func (h *holes) any(v reflect.Value) {
	if v.IsNil() {
		return
	}
	held := v.Elem()
	m := h.of(held.Type())
	if m == nil {
		return
	}
	if held.Kind() == reflect.Pointer {
		m(held)
		return
	}
	fresh := reflect.New(held.Type()).Elem()
	fresh.Set(held)
	m(fresh)
	v.Set(fresh)
}

func (h *holes) list(t reflect.Type, open map[reflect.Type]*mend) mend {
	inner := h.newMend(t.Elem(), open)
	if inner == nil {
		return nil
	}
	gaps := t.Elem().Kind() == reflect.Interface
	return func(v reflect.Value) {
		kept := 0
		for i := range v.Len() {
			if gaps && v.Index(i).IsNil() {
				continue
			}
			inner(v.Index(i))
			if kept != i {
				v.Index(kept).Set(v.Index(i))
			}
			kept++
		}
		v.SetLen(kept)
	}
}

func (h *holes) structure(t reflect.Type, open map[reflect.Type]*mend) mend {
	if m := open[t]; m != nil {
		return func(v reflect.Value) { (*m)(v) }
	}
	type part struct {
		index int
		do    mend
	}
	self := new(mend)
	inner := map[reflect.Type]*mend{t: self}
	for k, m := range open {
		inner[k] = m
	}
	var parts []part
	*self = func(v reflect.Value) {
		for _, p := range parts {
			p.do(v.Field(p.index))
		}
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			if m := h.newMend(f.Type, inner); m != nil {
				parts = append(parts, part{i, m})
			}
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return *self
}
