package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/config"
)

// none is an environment without variables that matter; more adds some.
func none(more ...string) func(string) string {
	return func(name string) string {
		for _, m := range more {
			if v, ok := strings.CutPrefix(m, name+"="); ok {
				return v
			}
		}
		if name == "LANG" {
			return "C.UTF-8"
		}
		return ""
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsBeforeAndAfterURIs(t *testing.T) {
	empty := file(t, "")
	for _, args := range [][]string{
		{"--read-only", "--ascii", "--theme", "mono", "--config", empty, "qemu:///system", "test:///default"},
		{"qemu:///system", "--read-only", "--ascii", "test:///default", "--theme=mono", "--config", empty},
		{"qemu:///system", "test:///default", "--config=" + empty, "-read-only", "-ascii", "-theme", "mono"},
	} {
		c, err := config.ParseArgs(args, none())
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if !c.ReadOnly || !c.ASCII || c.Theme != "mono" || len(c.Connections) != 2 || c.Connections[1].URI != "test:///default" || c.File != empty {
			t.Errorf("%q: %+v", args, c)
		}
	}
}

func TestMistakesAreOneLineWithTheRemedy(t *testing.T) {
	conn := "[[connection]]\nname = \"a\"\nuri = \"qemu:///system\"\n"
	for name, tt := range map[string]struct {
		text string
		args []string
		want []string
	}{
		"unknown flag":     {"", []string{"--nope"}, []string{"there is no flag --nope", "--help"}},
		"no value":         {"", []string{"--theme"}, []string{"a value is missing after --theme"}},
		"empty URI":        {"", []string{""}, []string{"empty URI", "qemu:///system"}},
		"demo and URI":     {"", []string{"--demo", "qemu:///system"}, []string{"--demo brings its own hosts"}},
		"not TOML":         {"theme = \"dark\"\nascii = maybe\n", nil, []string{"line 2"}},
		"wrong type":       {"\n\nascii = \"yes\"\n", nil, []string{"line 3"}},
		"unknown setting":  {"theme = \"dark\"\n[intervals]\nfoo = \"2s\"\n", nil, []string{"line 3", `"intervals.foo"`, "--print-config"}},
		"unknown in conn":  {conn + "passwort = \"x\"\n", nil, []string{"line 4", `"connection.passwort"`}},
		"twins":            {conn + conn, nil, []string{`two connections are named "a"`}},
		"no uri":           {"[[connection]]\nname = \"a\"\n", nil, []string{"connection 1 has no uri"}},
		"two passwords":    {conn + "password_env = \"X\"\npassword_command = [\"y\"]\n", nil, []string{"exclude each other"}},
		"background":       {"background = \"blue\"\n", nil, []string{`"blue"`}},
		"bad interval":     {"[intervals]\nstats = \"often\"\n", nil, []string{`"often"`}},
		"too often":        {"[intervals]\nstats = \"1ms\"\n", nil, []string{"too often", "200ms"}},
		"file not there":   {"", []string{"--config", "/nonexistent/x.toml"}, []string{"/nonexistent/x.toml", "--config"}},
		"file is a folder": {"", []string{"--config", "/"}, []string{"configuration"}},
	} {
		t.Run(name, func(t *testing.T) {
			args := tt.args
			if tt.text != "" {
				args = append(args, "--config", file(t, tt.text))
			}
			if len(tt.args) == 0 || tt.args[0] != "--config" {
				args = append([]string{"--config", file(t, tt.text)}, tt.args...)
			}
			_, err := config.ParseArgs(args, none())
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestNamesFromURIs(t *testing.T) {
	uris := map[string]string{
		"qemu:///system": "local-qemu", "test:///default": "test-default", "qemu:///session": "qemu-session",
		"qemu+ssh://root@kvm1.example.com/system": "kvm1", "https://user@vc.example.com/sdk": "vc", "vc2": "vc2", "user@vc3": "vc3",
		"vc4.example.net:8443": "vc4", "root:hunter2@vc5": "vc5", "https://root:hun%zzter2@vc6/sdk": "vc6", "::1": "::1", "https://[::1]:8989/sdk": "[::1]:8989",
		"https://a@b:hunt@er2@vc7": "vc7", "https://root:hunter2@vc8:99999999/sdk": "vc8", "10.0.0.2:8443": "10.0.0.2:8443",
		"qemu+ssh://root@10.0.0.1:2222/system": "10.0.0.1:2222", "qemu+unix:///system?socket=/tmp/one/run/libvirt-sock": "qemu-one",
	}
	for uri, want := range uris {
		conns := []config.Connection{{URI: uri}}
		if err := config.NameAll(conns); err != nil || conns[0].Name == "" || len(conns[0].Name) > 21 {
			t.Errorf("%s: %q, %v", uri, conns[0].Name, err)
		}
		if want != "" && conns[0].Name != want {
			t.Errorf("%s is called %q, want %q", uri, conns[0].Name, want)
		}
	}
	same := []config.Connection{{URI: "qemu+ssh://a@kvm1/system"}, {URI: "qemu+ssh://b@kvm1/system"}, {Name: "kvm1-2", URI: "test:///default"}}
	if err := config.NameAll(same); err != nil {
		t.Fatal(err)
	}
	got := []string{same[0].Name, same[1].Name, same[2].Name}
	slices.Sort(got)
	if len(slices.Compact(got)) != 3 {
		t.Errorf("two are named alike: %q", got)
	}
}

func TestWhereConnectionsComeFrom(t *testing.T) {
	named := file(t, "[[connection]]\nname = \"a\"\nuri = \"qemu:///system\"\nread_only = true\n")
	empty := file(t, "")
	env := none("LIBVIRT_DEFAULT_URI=test:///default", "GOVC_URL=https://vc/sdk")
	for name, tt := range map[string]struct {
		args []string
		want []string
	}{
		"the command line first": {[]string{"--config", named, "test:///default"}, []string{"test:///default"}},
		"by name from the file":  {[]string{"--config", named, "a"}, []string{"qemu:///system"}},
		"the file":               {[]string{"--config", named}, []string{"qemu:///system"}},
		"the environment":        {[]string{"--config", empty}, []string{"test:///default", "https://vc/sdk"}},
		"none for the demo":      {[]string{"--config", named, "--demo"}, nil},
	} {
		c, err := config.ParseArgs(tt.args, env)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []string
		for _, conn := range c.Connections {
			got = append(got, conn.URI)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if name == "by name from the file" && !c.Connections[0].ReadOnly {
			t.Error("the settings of the named connection are lost")
		}
	}
}

func TestKindOfConnection(t *testing.T) {
	for uri, want := range map[string]bool{
		"https://vc/sdk": true, "http://127.0.0.1:8989/sdk": true, "vsphere://user@vc": true, "esx://h": true, "vpx://vc": true, "HTTPS://vc": true, "vc": true, "user@vc": true,
		"qemu:///system": false, "test:///default": false, "qemu+ssh://h/system": false, "xen:///": false, "/path": false,
	} {
		if got := config.IsVSphere(uri); got != want {
			t.Errorf("%s: %v", uri, got)
		}
	}
}

func TestShownHasNoPassword(t *testing.T) {
	for _, uri := range []string{
		"https://user:hunter2@vc/sdk", "qemu+ssh://root:hunter2@h/system", "user:hunter2@vc", "https://u%zz:hunter2@vc", "user:hunter2@vc:99999999/sdk",
	} {
		if got := config.Shown(uri); strings.Contains(got, "hunter2") || !strings.Contains(got, "@") {
			t.Errorf("%s is shown as %q", uri, got)
		}
	}
	if got := config.Shown("qemu:///system"); got != "qemu:///system" {
		t.Errorf("%q", got)
	}
}

func TestASCIITerminals(t *testing.T) {
	empty := file(t, "")
	for env, want := range map[string]bool{"TERM=dumb": true, "LC_ALL=C": true, "LC_ALL=POSIX": true, "LC_ALL=de_DE.ISO-8859-1": true, "LC_ALL=de_DE.UTF-8": false, "LC_ALL=en_US.utf8": false, "X=": false} {
		c, err := config.ParseArgs([]string{"--config", empty, "--demo"}, none(env))
		if err != nil || c.ASCII != want {
			t.Errorf("%s: %v, %v", env, c.ASCII, err)
		}
	}
}

func TestTheExampleIsGood(t *testing.T) {
	if _, err := config.Parse([]byte(config.Example)); err != nil {
		t.Errorf("as printed: %v", err)
	}
	var lines []string
	for l := range strings.SplitSeq(config.Example, "\n") {
		if rest, ok := strings.CutPrefix(l, "# "); ok && (strings.Contains(rest, " = ") || strings.Contains(rest, "= \"") || strings.HasPrefix(rest, "[")) {
			if strings.HasPrefix(rest, "password_env") {
				continue // stands for password_command
			}
			lines = append(lines, rest)
		}
	}
	c, err := config.Parse([]byte(strings.Join(lines, "\n")))
	if err != nil {
		t.Fatalf("with every line on: %v\n%s", err, strings.Join(lines, "\n"))
	}
	if len(c.Connections) != 2 || time.Duration(c.Intervals.Stats) != 2*time.Second {
		t.Errorf("%+v", c)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(config.Example))
	f.Add([]byte("[[connection]]\nuri=1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := config.Parse(text); err != nil && strings.Count(err.Error(), "\n") > 3 {
			t.Errorf("%d lines: %q", strings.Count(err.Error(), "\n"), err)
		}
	})
}
