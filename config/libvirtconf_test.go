package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseLibvirtConf(t *testing.T) {
	for _, c := range []struct {
		text, def string
		aliases   map[string]string
	}{
		{"", "", nil},
		{"# nothing\n\n  # here\n", "", nil},
		{"uri_default = \"qemu:///session\"", "qemu:///session", nil},
		{"uri_default='qemu:///session' # why\n", "qemu:///session", nil},
		{"uri_aliases = [\n  \"hail=qemu+ssh://root@hail.example/system\", # first\n  \"sleet=test:///default\",\n]\n", "",
			map[string]string{"hail": "qemu+ssh://root@hail.example/system", "sleet": "test:///default"}},
		{"uri_aliases = [ 'a=b://c?d=e' ]", "", map[string]string{"a": "b://c?d=e"}},
		{"uri_aliases = [\"a=x\", \"a=y\"]", "", map[string]string{"a": "x"}},
		{"uri_aliases = []\nremote_mode = \"auto\"\nn = -12\nlong = \"\"\"two\nlines\"\"\"\nuri_default = \"x\"", "x", nil},
		{"uri_default = \"x\"\r\n", "x", nil},
	} {
		got, err := parseLibvirtConf(c.text)
		if err != nil || got.defaultURI != c.def || !maps.Equal(got.aliases, c.aliases) {
			t.Errorf("%q: %+v %v", c.text, got, err)
		}
	}
}

func TestParseLibvirtConfRefusals(t *testing.T) {
	for _, c := range []struct{ text, words string }{
		{"uri_default", "line 1: after uri_default there is no ="},
		{"\n\nuri_default = qemu", "line 3: uri_default: the value is neither"},
		{"uri_default = \"x", "a quote is not closed"},
		{"uri_default = \"x\ny\"", "a quote is not closed"},
		{"uri_default = [\"x\"]", "not a string"},
		{"uri_default = \"x\" y", "something follows"},
		{"uri_aliases = \"a=b\"", "not a list"},
		{"uri_aliases = [\"a\"]", "not written NAME=URI"},
		{"uri_aliases = [\"a b=c\"]", "other characters"},
		{"uri_aliases = [\"a=b\" \"c=d\"]", "neither , nor ]"},
		{"uri_aliases = [\"a=b\"", "neither , nor ]"},
		{"uri_aliases = [\"a=b\",", "neither a number"},
		{"= 1", "NAME = VALUE"},
		{"a = 1\nb = \"\"\"x\ny\"\"\"\nc", "line 4"},
	} {
		_, err := parseLibvirtConf(c.text)
		if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %q", c.text, err, c.words)
		}
	}
}

func FuzzParseLibvirtConf(f *testing.F) {
	f.Add("uri_aliases = [ \"a=b\", ] # c\nuri_default = 'd'")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseLibvirtConf(text)
		if err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: the error has several lines: %v", text, err)
		}
		for name := range c.aliases {
			if strings.ContainsAny(name, " =/:") {
				t.Errorf("%q: alias %q", text, name)
			}
		}
	})
}

func TestLibvirtConfFile(t *testing.T) {
	env := func(vars map[string]string) func(string) string { return func(n string) string { return vars[n] } }
	for _, c := range []struct {
		vars map[string]string
		uid  int
		want string
	}{
		{map[string]string{"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, 0, "/etc/libvirt/libvirt.conf"},
		{map[string]string{"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, 7, "/x/libvirt/libvirt.conf"},
		{map[string]string{"HOME": "/h"}, 7, "/h/.config/libvirt/libvirt.conf"},
		{nil, 7, ""},
	} {
		if got := libvirtConfFile(env(c.vars), c.uid); got != c.want {
			t.Errorf("%v as %d: %q", c.vars, c.uid, got)
		}
	}
	if c, err := loadLibvirtConf(filepath.Join(t.TempDir(), "none")); err != nil || c.defaultURI != "" {
		t.Errorf("a missing file: %v", err)
	}
	bad := filepath.Join(t.TempDir(), "libvirt.conf")
	if err := os.WriteFile(bad, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := loadLibvirtConf(bad); err == nil || !strings.HasPrefix(err.Error(), bad+": line 1") {
		t.Errorf("%v", err)
	}
}

func TestAliasesAreResolved(t *testing.T) {
	conf := libvirtConf{aliases: map[string]string{"kvm1": "qemu+ssh://root@kvm1/system", "t": "test:///default"}, defaultURI: "t"}
	load := func() (libvirtConf, error) { return conf, nil }
	none := func(string) string { return "" }
	for _, c := range []struct {
		name string
		cmd  Command
		env  map[string]string
		want string
	}{
		{"command line", Command{URIs: []string{"kvm1"}}, nil, "kvm1=qemu+ssh://root@kvm1/system"},
		{"the file's name comes first", Command{URIs: []string{"kvm1"}, Config: Config{Connections: []Connection{{Name: "kvm1", URI: "test:///x"}}}}, nil, "kvm1=test:///x"},
		{"configuration", Command{Config: Config{Connections: []Connection{{URI: "kvm1"}}}}, nil, "kvm1=qemu+ssh://root@kvm1/system"},
		{"environment", Command{}, map[string]string{"LIBVIRT_DEFAULT_URI": "kvm1"}, "kvm1=qemu+ssh://root@kvm1/system"},
		{"default", Command{}, nil, "t=test:///default"},
		{"not a word", Command{URIs: []string{"vc1"}}, nil, "vc1=vc1"},
	} {
		env := none
		if c.env != nil {
			env = func(n string) string { return c.env[n] }
		}
		if err := c.cmd.connections(env, load); err != nil || len(c.cmd.Connections) != 1 {
			t.Errorf("%s: %+v %v", c.name, c.cmd.Connections, err)
			continue
		}
		if got := c.cmd.Connections[0]; got.Name+"="+got.URI != c.want {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}
