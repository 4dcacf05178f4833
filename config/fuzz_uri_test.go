package config

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzURI: whatever is written as the address of a connection, it gets a short name that
// can be shown, and what is shown of it has no password.
func FuzzURI(f *testing.F) {
	for _, s := range []string{
		"qemu:///system", "qemu+ssh://root@node1.lan:2222/system?socket=/run/x/libvirt-sock", "test:///default", "vc.example.net", "https://user@vc/sdk",
		"esx://h/?no_verify=1", "::1", "[::1]:443", "user:x@host", "//", "qemu+unix:///session?socket=/a/b/run/libvirt/s", "üüüüüüüüüüüüüüüüüüü", "http://%zz", "xen:",
	} {
		f.Add(s, "wordofpassage")
	}
	f.Fuzz(func(t *testing.T, uri, secret string) {
		conns := []Connection{{URI: uri}, {URI: uri}, {URI: "a"}}
		if err := NameAll(conns); err != nil {
			t.Fatal(err)
		}
		for _, c := range conns {
			if c.Name == "" || len(c.Name) > 120 || !utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%q is named %q", uri, c.Name)
			}
		}
		if conns[0].Name == conns[1].Name {
			t.Errorf("two are named %q", conns[0].Name)
		}
		HostOf(uri)
		hasPassword(uri)
		// A password between a name and a host, where people write one.
		if len(secret) < 8 || strings.ContainsAny(secret, "/?#@:[]") || strings.Contains(uri, secret) {
			return
		}
		scheme, rest, ok := strings.Cut(uri, "://")
		if !ok || strings.ContainsAny(scheme, "/?#@:") || strings.ContainsAny(rest, "@") {
			return
		}
		planted := scheme + "://someone:" + secret + "@" + rest
		if got := Shown(planted); strings.Contains(got, secret) {
			t.Errorf("%q is shown as %q", planted, got)
		}
		if got := shortName(planted); strings.Contains(got, secret[:8]) {
			t.Errorf("%q is named %q", planted, got)
		}
	})
}
