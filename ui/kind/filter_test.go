package kind_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"hvdeck/backend"
	"hvdeck/backend/store"
	"hvdeck/theme"
	"hvdeck/ui/kind"
)

func specs(t testing.TB) *kind.Registry {
	t.Helper()
	th, err := theme.Load("", true, theme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return kind.All(kind.NewEnv(store.New(time.Now), th))
}

func TestFilterGrammar(t *testing.T) {
	spec := specs(t).Of(backend.KindVM)
	all := []backend.Object{
		vm("web-1", "kvm1", func(v *backend.VM) { v.HostName, v.IP, v.UUID = "host-a", "10.0.0.1", "ABCD-1" }),
		vm("web-2", "kvm2", func(v *backend.VM) { v.HostName, v.State, v.Path = "host-b", backend.PowerOff, "[ds1] web-2/web-2.vmx" }),
		vm("db:1", "kvm2", func(v *backend.VM) { v.HostName, v.Guest, v.DomainID = "host-b", "Debian", 7 }),
		vm("ÄPFEL", "kvm2"),
	}
	for filter, want := range map[string][]string{
		"":                     {"web-1", "web-2", "db:1", "ÄPFEL"},
		"   ":                  {"web-1", "web-2", "db:1", "ÄPFEL"},
		"!":                    {"web-1", "web-2", "db:1", "ÄPFEL"},
		"name:":                {"web-1", "web-2", "db:1", "ÄPFEL"},
		"WEB":                  {"web-1", "web-2"},
		"!web":                 {"db:1", "ÄPFEL"},
		"web !2":               {"web-1"},
		"web kvm2":             {"web-2"}, // the connection is looked at too
		"conn:kvm2 web":        {"web-2"},
		"host:host-b":          {"web-2", "db:1"},
		"!host:host-b":         {"web-1", "ÄPFEL"},
		"host:!host-b":         {"web-1", "ÄPFEL"},
		"!host:!host-b":        {"web-2", "db:1"},
		"state:off":            {"web-2"},
		"ip:10.0":              {"web-1"},
		"uuid:abcd":            {"web-1"},
		"path:ds1":             {"web-2"},
		"guest:deb":            {"db:1"},
		"db:1":                 {"db:1"}, // "db" is no field
		"name:db:1":            {"db:1"},
		"äpfel":                {"ÄPFEL"},
		"nothing-of-the-sort":  nil,
		"name:web-1 name:db:1": nil,
	} {
		f := kind.ParseFilter(filter)
		got := []string(nil)
		for _, o := range all {
			if f.Match(spec, o) {
				got = append(got, o.Title())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q matches %q, want %q", filter, got, want)
		}
	}
}

// What is in a pool or folder is also in those above it; "=" wants whole names, and "/"
// a path from the top.
func TestFilterPlaces(t *testing.T) {
	spec := specs(t).Of(backend.KindVM)
	all := []backend.Object{
		vm("a", "vc", func(v *backend.VM) {
			v.Pool, v.PoolPath, v.Folder, v.Datacenter = "x", "production/web/x", "Shop/Front End", "fra1"
			v.Tags, v.Cluster = []string{"env/prod", "owner/web team"}, "C0"
		}),
		vm("b", "vc", func(v *backend.VM) {
			v.Pool, v.PoolPath, v.Folder, v.Datacenter = "web tier", "web tier", "Shop", "fra1"
			v.Tags, v.Cluster = []string{"env/test"}, "C01"
		}),
		vm("c", "vc", func(v *backend.VM) { v.Pool, v.PoolPath, v.Datacenter = "web", "test/web", "ams2" }),
		vm("d", "kvm", func(v *backend.VM) { v.HostName = "kvm" }),
	}
	for filter, want := range map[string][]string{
		"pool:web":                  {"a", "b", "c"},
		"pool:=web":                 {"a", "c"},
		"pool:=/web":                nil,
		"pool:=/test":               {"c"},
		"pool:=production/web":      {"a"},
		`pool:="web tier"`:          {"b"},
		`pool:"web tier" state:run`: {"b"},
		`!pool:"web tier" dc:fra1`:  {"a"},
		`pool:=/`:                   {"d"},
		"folder:=shop":              {"a", "b"},
		`folder:=/Shop/"Front End"`: {"a"},
		`folder:"front en`:          {"a"},
		"folder:=/":                 {"c", "d"},
		"cluster:=c0":               {"a"},
		"cluster:c0":                {"a", "b"},
		"dc:=fra1 !tag:=prod":       {"b"},
		"tag:prod":                  {"a"},
		"tag:=env":                  {"a", "b"},
		"tag:=env/test":             {"b"},
		`tag:="web team"`:           {"a"},
		"host:=kvm":                 {"d"},
		"name:=a":                   {"a"},
		"=b":                        {"b"},
		`"a`:                        {"a"},
	} {
		f := kind.ParseFilter(filter)
		got := []string(nil)
		for _, o := range all {
			if f.Match(spec, o) {
				got = append(got, o.Title())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q matches %q, want %q", filter, got, want)
		}
	}
}

func TestFilterTermMatchesItsValue(t *testing.T) {
	spec := specs(t).Of(backend.KindVM)
	for _, name := range []string{"web", "web tier", "a:b", "=x", "!x", `say "hi" now`, `"`, "a=b c"} {
		o := vm(name, "vc")
		term := kind.FilterTerm("name", name)
		if f := kind.ParseFilter(term); !f.Match(spec, o) {
			t.Errorf("%s does not match %q", term, name)
		}
	}
}

func FuzzFilter(f *testing.F) {
	for _, s := range []string{"", "!", "!!", "name:", ":", "!name:!", "a b !c host:x", "\xff", "state:!", "pool:=/", "pool:=", `tag:="a b`} {
		f.Add(s)
	}
	spec := specs(f).Of(backend.KindVM)
	o := vm("web-1", "kvm1")
	f.Fuzz(func(t *testing.T, s string) {
		finds := kind.ParseFilter(s).Match(spec, o)
		if again := kind.ParseFilter(s).Match(spec, o); again != finds {
			t.Errorf("%q finds it only sometimes", s)
		}
		half := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "=") // still being typed: it matches all
		word := !strings.ContainsFunc(s, unicode.IsSpace) && !strings.ContainsAny(s, `"!`) && s != "" && !half
		if inverted := kind.ParseFilter("!"+s).Match(spec, o); word && inverted == finds {
			t.Errorf("%q and its inverse are both %t", s, finds)
		}
		if both := kind.ParseFilter(s+" web").Match(spec, o); word && both != finds {
			t.Errorf("%q is %t, with a word that matches %t", s, finds, both)
		}
	})
}

func TestSelect(t *testing.T) {
	spec := specs(t).Of(backend.KindVM)
	all := []backend.Object{vm("b", "k"), vm("a", "k"), vm("web-10", "k"), vm("web-9", "k")}
	byName := func(o backend.Object) kind.Key { return kind.Key{Text: o.Title()} }
	if got := titles(kind.Select(spec, slices.Clone(all), kind.ParseFilter(""), byName, false)); !slices.Equal(got, []string{"k/a", "k/b", "k/web-9", "k/web-10"}) {
		t.Errorf("%q", got)
	}
	if got := titles(kind.Select(spec, slices.Clone(all), kind.ParseFilter("web"), byName, true)); !slices.Equal(got, []string{"k/web-10", "k/web-9"}) {
		t.Errorf("%q", got)
	}
}

// Every kind has a spec whose columns and details can be drawn from an empty object.
func TestEverySpecStandsEmptyObjects(t *testing.T) {
	r := specs(t)
	ref := func(k backend.Kind) backend.Meta { return backend.Meta{ID: backend.Ref{Conn: "c", Kind: k, ID: "1"}} }
	for k, o := range map[backend.Kind]backend.Object{
		backend.KindHost: &backend.Host{Meta: ref(backend.KindHost)}, backend.KindCluster: &backend.Cluster{Meta: ref(backend.KindCluster)},
		backend.KindResourcePool: &backend.ResourcePool{Meta: ref(backend.KindResourcePool)}, backend.KindVM: &backend.VM{Meta: ref(backend.KindVM)},
		backend.KindSnapshot: &backend.Snapshot{Meta: ref(backend.KindSnapshot)}, backend.KindPool: &backend.Pool{Meta: ref(backend.KindPool)},
		backend.KindVolume: &backend.Volume{Meta: ref(backend.KindVolume)}, backend.KindNetwork: &backend.Network{Meta: ref(backend.KindNetwork)},
	} {
		spec := r.Of(k)
		if spec == nil {
			t.Errorf("no spec for a %s", k)
			continue
		}
		for _, c := range spec.Columns {
			if c.Cell != nil {
				c.Cell(o)
			}
			if c.SortKey != nil {
				c.SortKey(o)
			}
		}
		spec.Sections(o)
		for _, tab := range spec.Tabs {
			tab.Sections(o)
		}
		spec.Haystack(o)
		for _, f := range kind.FilterFields() {
			spec.Field(o, f)
		}
	}
	if len(r.Each()) != len(backend.Kinds()) {
		t.Errorf("%d specs for %d kinds", len(r.Each()), len(backend.Kinds()))
	}
}
