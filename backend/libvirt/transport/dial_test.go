package transport

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
)

// TestStaleSocketIsPassedOver: a socket file outlives a daemon that was killed.
func TestStaleSocketIsPassedOver(t *testing.T) {
	dir, err := os.MkdirTemp("", "hvt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	stale, live := filepath.Join(dir, "virtqemud-sock"), filepath.Join(dir, "libvirt-sock")
	for _, path := range []string{stale, live} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(path == live)
		if path == stale {
			_ = l.Close()
			continue
		}
		t.Cleanup(func() { _ = l.Close() })
	}
	c, err := dialFirst(t.Context(), []string{filepath.Join(dir, "none"), stale, live})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	_, err = dialFirst(t.Context(), []string{stale, filepath.Join(dir, "none")})
	if err = explainSocket([]string{stale}, err); backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "nothing listens on "+stale) {
		t.Errorf("%v", err)
	}
	_, err = dialFirst(t.Context(), []string{strings.Repeat("/x", 60)})
	if err == nil || !strings.Contains(err.Error(), "107 bytes") {
		t.Errorf("%v", err)
	}
}

func TestPKIPlaces(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	user, system := pkiIn(dir), pkiSystem()
	if got := pkiOfUser(user, system); got != system {
		t.Errorf("an empty folder: %+v", got)
	}
	write("cacert.pem")
	write("clientcert.pem")
	want := system
	want.ca = user.ca
	if got := pkiOfUser(user, system); got != want {
		t.Errorf("a certificate without its key: %+v", got)
	}
	write("clientkey.pem")
	write("cacrl.pem")
	if got := pkiOfUser(user, system); got != user {
		t.Errorf("all of it: %+v", got)
	}
}

func TestHostKeyArgs(t *testing.T) {
	for uri, want := range map[string]string{
		"qemu+ssh://h/system":                                             "",
		"qemu+ssh://h/system?no_verify=1":                                 "-o StrictHostKeyChecking=no",
		"qemu+ssh://h/system?known_hosts_verify=auto":                     "-o StrictHostKeyChecking=accept-new",
		"qemu+ssh://h/system?known_hosts_verify=ignore":                   `-o StrictHostKeyChecking=no -o UserKnownHostsFile="/dev/null"`,
		"qemu+ssh://h/system?known_hosts=/a%20b%25c":                      `-o UserKnownHostsFile="/a b%%c"`,
		"qemu+ssh://h/system?known_hosts=/a&known_hosts_verify=normal":    `-o UserKnownHostsFile="/a"`,
		"qemu+ssh://h/system?known_hosts=/a&known_hosts_verify=ignore":    `-o StrictHostKeyChecking=no -o UserKnownHostsFile="/a"`,
		"qemu+ssh://root@h:22/system?keyfile=/k&proxy=native&no_verify=0": "",
	} {
		u, err := Parse(uri)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(u.hostKeyArgs(), " "); got != want {
			t.Errorf("%s: %q, want %q", uri, got, want)
		}
	}
}
