package transport

import (
	"slices"
	"strings"
	"testing"
)

func TestParseURI(t *testing.T) {
	cases := []struct{ uri, transport, host, port, name string }{
		{"qemu:///system", "unix", "", "", "qemu:///system"},
		{"qemu:///session", "unix", "", "", "qemu:///session"},
		{"qemu+unix:///system?socket=/run/x", "unix", "", "", "qemu:///system"},
		{"test:///default", "unix", "", "", "test:///default"},
		{"test:///var/lib/node.xml", "unix", "", "", "test:///var/lib/node.xml"},
		{"qemu+ssh://root@kvm1/system", "ssh", "kvm1", "", "qemu:///system"},
		{"qemu+ssh://root@[fe80::1]:2222/system?socket=/s&keyfile=/k&proxy=netcat", "ssh", "fe80::1", "2222", "qemu:///system"},
		{"xen+tcp://h/system", "tcp", "h", "", "xen:///system"},
		{"qemu+tls://h:1/system?pkipath=/p&no_verify=1", "tls", "h", "1", "qemu:///system"},
		{"qemu://h/system", "tls", "h", "", "qemu:///system"},
		{"lxc:///system", "unix", "", "", "lxc:///system"},
		{"qemu+ssh://h/system?name=qemu:///session", "ssh", "h", "", "qemu:///session"},
	}
	for _, c := range cases {
		got, err := Parse(c.uri)
		if err != nil {
			t.Errorf("%s: %v", c.uri, err)
			continue
		}
		if got.Via != c.transport || got.Host != c.host || got.Port != c.port || got.Name != c.name {
			t.Errorf("%s: %+v", c.uri, got)
		}
	}
}

func TestParseURIRefusals(t *testing.T) {
	cases := []struct{ uri, words string }{
		{"", "empty"},
		{"qemu", "not a libvirt URI"},
		{"qemu:system", "not a libvirt URI"},
		{"://x", "not a URI"},
		{"qemu+ssh://h:port/system", "not a URI"},
		{"kvm:///system", "unknown driver"},
		{"esx://h/", "https://user@host/sdk"},
		{"qemu+carrier://h/system", "unknown transport"},
		{"qemu+libssh2://h/system", "qemu+ssh"},
		{"qemu+unix://h/system", "has no host"},
		{"qemu+ssh:///system", "host is missing"},
		{"qemu+ssh://kvm1", "qemu+ssh://kvm1/system"},
		{"qemu+ssh://root@kvm1:22/", "qemu+ssh://root@kvm1:22/system"},
		{"qemu:///sytem", "qemu:///system"},
		{"qemu+ssh://-oProxyCommand=x/system", "dash"},
		{"qemu+ssh://-lroot@h/system", "dash"},
		{"qemu+ssh://u:secret@h/system", "password"},
		{"qemu+unix:///system?socket=relative", "absolute"},
		{"qemu+ssh://h/system?proxy=magic", "proxy"},
		{"qemu+ssh://h/system?keyfile=", "no usable value"},
		{"qemu+ssh://h/system?a=b;c", "parameters"},
		{"qemu+tcp://h:65536/system", "1 to 65535"},
		{"qemu+ssh://h:0/system", "1 to 65535"},
		{"qemu+tcp://h/system?keep=1", "no parameter \"keep\""},
		{"qemu+tcp://h/system?keyfile=/k", "means nothing to the tcp"},
		{"qemu+ssh://h/system?netcat=a&netcat=b", "twice"},
		{"qemu+tls://h/system?tls_priority=NORMAL", "GnuTLS"},
		{"qemu+tls://h/system?pkipath=pki", "absolute"},
		{"qemu+ssh://h/system?known_hosts_verify=maybe", "normal, auto, ignore"},
	}
	for _, c := range cases {
		_, err := Parse(c.uri)
		if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %q", c.uri, err, c.words)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows a password: %v", err)
		}
	}
}

func TestParseURINeverShowsAPassword(t *testing.T) {
	for _, uri := range []string{
		"qemu+ssh://root:s3cr%et@h/system", "root:s3cr%et@h", "qemu:root:s3cret@h/system",
		"qemu+ssh://root:s3cr/et@h/system", "qemu+ssh://root:s3cret@h/system?a=%zz", "qemu+ssh://root:s3cr et@h/system",
		"qemu+ssh://root:s3cret@h:port/system", "//root:s3cret@h", "kvm://root:s3cret@h/system",
	} {
		_, err := Parse(uri)
		if err == nil {
			t.Errorf("%s was accepted", uri)
			continue
		}
		if msg := err.Error(); strings.Contains(msg, "s3c") || strings.Contains(msg, "%et") {
			t.Errorf("%s: the error shows a password: %v", uri, err)
		}
	}
}

func FuzzParseURI(f *testing.F) {
	for _, s := range []string{"qemu:///system", "qemu+ssh://a@b:1/system?socket=/x", "test:///f?x=%zz"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := Parse(s)
		if err == nil && (strings.HasPrefix(got.Host, "-") || strings.HasPrefix(got.User, "-")) {
			t.Errorf("%q let an option through", s)
		}
	})
}

func TestSockets(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/run/user/7")
	for _, c := range []struct {
		uri      string
		readOnly bool
		uid      int
		want     []string
	}{
		{"qemu:///session", true, 7, []string{"/run/user/7/libvirt/virtqemud-sock", "/run/user/7/libvirt/libvirt-sock"}},
		{"qemu:///session", false, 0, []string{"/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock"}},
		{"qemu:///system", true, 7, []string{"/run/libvirt/virtqemud-sock-ro", "/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock-ro", "/run/libvirt/libvirt-sock"}},
		{"lxc:///system?mode=direct", false, 0, []string{"/run/libvirt/virtlxcd-sock"}},
		{"qemu:///system?mode=legacy", false, 0, []string{"/run/libvirt/libvirt-sock"}},
		{"qemu:///session?socket=/s", false, 7, []string{"/s"}},
	} {
		u, err := Parse(c.uri)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := u.sockets(c.readOnly, c.uid); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s as %d: %q %v", c.uri, c.uid, got, err)
		}
	}
}

func TestNoSocketIsExplained(t *testing.T) {
	_, err := dialFirst(t.Context(), []string{"/nowhere/a", "/nowhere/b"})
	err = explainSocket([]string{"/nowhere/a", "/nowhere/b"}, err)
	if err == nil || !strings.Contains(err.Error(), "no libvirt daemon here") {
		t.Errorf("%v", err)
	}
}

func TestRemoteCommandQuotes(t *testing.T) {
	u, err := Parse("qemu+ssh://h/system?socket=/a'b")
	if err != nil {
		t.Fatal(err)
	}
	if got := remoteCommand(u, true); !strings.HasPrefix(got, "sh -c '") || !strings.HasSuffix(got, "'") {
		t.Error(got)
	}
}
