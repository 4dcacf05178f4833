package backendtest

import (
	"math"
	"reflect"
	"testing"
	"unicode"
	"unicode/utf8"

	"hvdeck/backend"
	"hvdeck/backend/clean"
)

// mostShown is more than any one text that is shown may have, bytes: the longest are
// XML documents.
const mostShown = 40 << 20

// Shown holds what a driver made of an answer to what everything in the store has to be,
// whatever the answer was. It cleans it as the store does, and then looks by itself: no
// text has a control, escape, bidirectional or invisible character, cleaning once more
// changes nothing, and no figure is negative, or infinite, but for the -1 that says
// unknown. v is a pointer, and is changed.
func Shown(t *testing.T, v any) {
	t.Helper()
	clean.NewCleaner().Object(v)
	hostile{t}.look(reflect.ValueOf(v), "line", reflect.TypeOf(v).String())
}

// hostile goes through a value.
type hostile struct{ t *testing.T }

func (h hostile) look(v reflect.Value, tag, where string) {
	h.t.Helper()
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			h.look(v.Elem(), tag, where)
		}
	case reflect.Struct:
		h.fields(v, where)
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			h.look(v.Index(i), tag, where)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			h.look(v.MapIndex(k), tag, where)
		}
	case reflect.String:
		h.text(v.String(), tag, where)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if v.Int() < -1 {
			h.t.Errorf("%s is %d", where, v.Int())
		}
	case reflect.Float32, reflect.Float64:
		if f := v.Float(); f < 0 || math.IsInf(f, 0) {
			h.t.Errorf("%s is %v", where, f)
		}
	default:
	}
}

func (h hostile) fields(v reflect.Value, where string) {
	h.t.Helper()
	if v.Type() == reflect.TypeFor[backend.Ref]() {
		return
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		tag := f.Tag.Get("clean")
		kept := tag == "keep" || f.Type == reflect.TypeFor[backend.ConnID]() || f.Type == reflect.TypeFor[error]()
		if f.IsExported() && !kept {
			h.look(v.Field(i), tag, where+"."+f.Name)
		}
	}
}

func (h hostile) text(s, tag, where string) {
	h.t.Helper()
	if !utf8.ValidString(s) || len(s) > mostShown {
		h.t.Errorf("%s is no text: %d bytes", where, len(s))
	}
	for _, r := range s {
		if unshown(r) && (r != '\n' && r != '\t' || tag != "text" && tag != "raw") {
			h.t.Errorf("%s has %U: %.80q", where, r, s)
			return
		}
	}
	again := clean.Line(s)
	switch tag {
	case "text":
		again = clean.Text(s)
	case "raw":
		again = clean.Raw(s)
	}
	if again != s {
		h.t.Errorf("%s is %.80q, and cleaned once more %.80q", where, s, again)
	}
}

// unshown are characters that draw nothing, or move what is drawn.
func unshown(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == 0x200b || r == 0x2028 || r == 0x2029 || r == 0xfeff
}
