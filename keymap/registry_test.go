package keymap_test

import (
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func action(id string, scope keymap.Scope, keys ...string) keymap.Action {
	return keymap.Action{ID: id, Title: id, Scope: scope, Keys: keys}
}

func chains() [][]keymap.Scope {
	return [][]keymap.Scope{{keymap.Rows(backend.KindVM), keymap.List, keymap.Global}, {keymap.Pager, keymap.Global}}
}

func TestClashesNameBoth(t *testing.T) {
	vm := keymap.Rows(backend.KindVM)
	for name, tt := range map[string]struct {
		actions   []keymap.Action
		overrides map[string][]string
		want      []string // all in the error; none: no error
	}{
		"same scope":       {[]keymap.Action{action("a.one", keymap.List, "j"), action("a.two", keymap.List, "j")}, nil, []string{`"a.one"`, `"a.two"`, `"j"`}},
		"along a chain":    {[]keymap.Action{action("a.one", vm, "j"), action("a.two", keymap.Global, "j")}, nil, []string{`"a.one"`, `"a.two"`}},
		"other chains":     {[]keymap.Action{action("a.one", vm, "j"), action("a.two", keymap.Pager, "j")}, nil, nil},
		"by override":      {[]keymap.Action{action("a.one", vm, "j"), action("a.two", keymap.Global, "k")}, map[string][]string{"a.two": {"j"}}, []string{`"a.one"`, `"a.two"`}},
		"solved":           {[]keymap.Action{action("a.one", vm, "j"), action("a.two", keymap.Global, "j")}, map[string][]string{"a.two": {"x"}}, nil},
		"key taken away":   {[]keymap.Action{action("a.one", vm, "j"), action("a.two", keymap.Global, "j")}, map[string][]string{"a.two": {}}, nil},
		"unknown":          {[]keymap.Action{action("a.one", vm, "j")}, map[string][]string{"b.one": {"x"}}, []string{`"b.one"`, `did you mean "a.one"`}},
		"unknown, no idea": {[]keymap.Action{action("a.one", vm, "j")}, map[string][]string{"quux": {"x"}}, []string{`"quux"`}},
		"declared twice":   {[]keymap.Action{action("a.one", vm, "j"), action("a.one", vm, "k")}, nil, []string{`"a.one"`, "twice"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keymap.New(tt.actions, chains(), tt.overrides)
			if (err == nil) != (tt.want == nil) {
				t.Fatalf("error %v", err)
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not name %s", err, w)
				}
			}
		})
	}
}

func TestMenuKeysClashOnlyWhereBothStand(t *testing.T) {
	entry := func(id string, k backend.Kind) keymap.Action {
		return keymap.Action{ID: id, Menu: keymap.MenuPower, Key: "o", Kinds: []backend.Kind{k}}
	}
	if _, err := keymap.New([]keymap.Action{entry("a", backend.KindVM), entry("b", backend.KindVM)}, nil, nil); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("two entries of one key: %v", err)
	}
	if _, err := keymap.New([]keymap.Action{entry("a", backend.KindVM), entry("b", backend.KindPool)}, nil, nil); err != nil {
		t.Errorf("entries that never stand together: %v", err)
	}
}

func TestLookupIsInnermostFirst(t *testing.T) {
	r, err := keymap.New([]keymap.Action{action("list", keymap.List, "j"), action("pager", keymap.Pager, "j"), action("all", keymap.Global, "q", "esc")}, chains(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		chain     []keymap.Scope
		key, want string
	}{{chains()[0], "j", "list"}, {chains()[1], "j", "pager"}, {chains()[0], "q", "all"}, {chains()[0], "esc", "all"}, {chains()[0], "z", ""}} {
		if a, _ := r.Lookup(tt.chain, tt.key); a.ID != tt.want {
			t.Errorf("%s in %v is %q, want %q", tt.key, tt.chain, a.ID, tt.want)
		}
	}
	if a, _ := r.ByID("all"); r.KeyText(a) != "q, esc" {
		t.Errorf("key text %q", r.KeyText(a))
	}
}

func TestWhyNone(t *testing.T) {
	vm := func(id string, s backend.PowerState) *backend.VM {
		return &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: id}}, State: s}
	}
	a := keymap.Action{
		ID: "x", Kinds: []backend.Kind{backend.KindVM}, Needs: backend.VerbPowerOff, Arity: keymap.Many,
		Op: func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
			return backend.PowerOffOp{VM: o.Ref()}
		},
		When: func(_ keymap.Selection, o backend.Object) string {
			if o.(*backend.VM).State == backend.PowerOff {
				return "it is off"
			}
			return ""
		},
	}
	works := func(backend.ConnID) backend.Caps {
		return backend.Caps{Can: map[backend.Verb]string{backend.VerbPowerOff: ""}}
	}
	one := a
	one.Arity = keymap.One
	for name, tt := range map[string]struct {
		a    keymap.Action
		s    keymap.Selection
		want string
	}{
		"fits":         {a, keymap.Selection{Caps: works, Objects: []backend.Object{vm("1", backend.PowerOn)}}, ""},
		"one of two":   {a, keymap.Selection{Caps: works, Objects: []backend.Object{vm("1", backend.PowerOff), vm("2", backend.PowerOn)}}, ""},
		"none":         {a, keymap.Selection{Caps: works, Objects: []backend.Object{vm("1", backend.PowerOff)}}, "it is off"},
		"nothing":      {a, keymap.Selection{Caps: works}, "nothing is selected"},
		"too many":     {one, keymap.Selection{Caps: works, Objects: []backend.Object{vm("1", backend.PowerOn), vm("2", backend.PowerOn)}}, "works on one object at a time"},
		"other kind":   {a, keymap.Selection{Caps: works, Objects: []backend.Object{&backend.Pool{Meta: backend.Meta{ID: backend.Ref{Kind: backend.KindPool}}}}}, "not for a pool"},
		"unsupported":  {a, keymap.Selection{Caps: func(backend.ConnID) backend.Caps { return backend.Caps{} }, Objects: []backend.Object{vm("1", backend.PowerOn)}}, "not supported by this connection"},
		"read-only":    {a, keymap.Selection{Caps: func(backend.ConnID) backend.Caps { return backend.Caps{ReadOnly: true} }, Objects: []backend.Object{vm("1", backend.PowerOn)}}, "read-only connection"},
		"changes none": {action("move", keymap.List, "j"), keymap.Selection{}, ""},
	} {
		if got := tt.a.WhyNone(tt.s); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
