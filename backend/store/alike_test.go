package store

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"hvdeck/backend"
)

// everyKind are empty objects of all kinds.
func everyKind() []backend.Object {
	return []backend.Object{
		&backend.Host{}, &backend.Cluster{}, &backend.ResourcePool{}, &backend.VM{}, &backend.Snapshot{}, &backend.Pool{}, &backend.Volume{},
		&backend.Network{}, &backend.Interface{}, &backend.Secret{}, &backend.NodeDevice{}, &backend.Folder{}, &backend.Alarm{},
	}
}

// vary calls f once for each value in v, set to something else; all else is as it was.
func vary(t *testing.T, path string, v reflect.Value, f func(path string)) {
	t.Helper()
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	again := func(w reflect.Value, path string) {
		v.Set(w)
		f(path)
		v.Set(was)
	}
	if v.Type() == reflect.TypeFor[time.Time]() {
		again(reflect.ValueOf(v.Interface().(time.Time).Add(time.Hour)), path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			vary(t, path+"."+v.Type().Field(i).Name, v.Field(i), f)
		}
	case reflect.Slice:
		one := reflect.MakeSlice(v.Type(), 1, 1)
		again(reflect.MakeSlice(v.Type(), 0, 0), path+" empty")
		again(one, path+" with one")
		v.Set(one)
		vary(t, path+"[0]", one.Index(0), f)
		v.Set(was)
	case reflect.Pointer:
		fresh := reflect.New(v.Type().Elem())
		again(fresh, path+" set")
		v.Set(fresh)
		vary(t, path, fresh.Elem(), f)
		v.Set(was)
	case reflect.String:
		again(reflect.ValueOf(v.String()+"x").Convert(v.Type()), path)
	case reflect.Bool:
		again(reflect.ValueOf(!v.Bool()).Convert(v.Type()), path)
	default:
		if !v.CanConvert(reflect.TypeFor[float64]()) {
			t.Fatalf("%s: no way to vary a %v; does alike compare it?", path, v.Type())
		}
		again(reflect.ValueOf(7).Convert(v.Type()), path)
	}
}

// TestAlikeSeesEveryField: what is alike by mistake is a change that never reaches the
// screen.
func TestAlikeSeesEveryField(t *testing.T) {
	var a alike
	for i, o := range everyKind() {
		other, seen := everyKind()[i], 0
		if !a.equal(o, other) {
			t.Errorf("%T: two new ones are not alike", o)
		}
		vary(t, fmt.Sprintf("%T", o), reflect.ValueOf(o).Elem(), func(path string) {
			seen++
			if reflect.DeepEqual(o, other) {
				t.Fatalf("%s was not varied", path)
			}
			if a.equal(o, other) || a.equal(other, o) {
				t.Errorf("%s: a change is not seen", path)
			}
		})
		if seen < 5 || !a.equal(o, other) {
			t.Errorf("%T: %d values varied; alike again: %v", o, seen, a.equal(o, other))
		}
	}
}

func TestAlikeByValueAndByType(t *testing.T) {
	var a alike
	at := time.Date(2026, 5, 4, 3, 2, 1, 0, time.FixedZone("X", 3600))
	full := func(zone *time.Location) *backend.VM {
		return &backend.VM{
			Meta: backend.Meta{Name: "a", Extra: []backend.Field{{Name: "n", Value: "v"}}}, Tags: []string{"t/u"},
			Booted: at.In(zone), Question: &backend.Question{ID: "1", Choices: []backend.Choice{{Key: "k"}}},
		}
	}
	if !a.equal(full(time.FixedZone("X", 3600)), full(time.FixedZone("X", 3600))) {
		t.Error("equal values at other addresses are not alike")
	}
	if a.equal(&backend.VM{}, &backend.Host{}) || a.equal(nil, &backend.VM{}) || !a.equal(nil, nil) {
		t.Error("what differs in type, or is nothing, is alike")
	}
}
