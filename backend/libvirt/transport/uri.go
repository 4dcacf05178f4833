package transport

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Target is a libvirt URI taken apart.
type Target struct {
	Raw    string // as given, without a password
	Driver string // qemu, test, xen …
	Via    string // the transport: unix, ssh, tls, tcp
	User   string
	Host   string
	Port   string
	Path   string // /system, /session, /default, a file
	Name   string // what the daemon is asked to open
	params url.Values
}

const writeOne = "write one like qemu:///system"

// Parse takes a libvirt URI apart; nothing is dialled. Its errors say what is
// wrong and what to write instead. They never quote a text that could not be taken
// apart, nor the parser's words about it, because it may hold a password.
func Parse(raw string) (*Target, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, errors.New("the URI is empty: " + writeOne)
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("it is not a URI: is a special character in it not written as %XX? " + writeOne)
	}
	if u.Scheme == "" || u.Opaque != "" {
		return nil, errors.New("it is not a libvirt URI: " + writeOne)
	}
	params, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("its parameters can't be read: %w", err)
	}
	t := &Target{Raw: u.Redacted(), Host: u.Hostname(), Port: u.Port(), Path: u.Path, params: params}
	t.Driver, t.Via, _ = strings.Cut(strings.ToLower(u.Scheme), "+")
	if u.User != nil {
		t.User = u.User.Username()
		if _, has := u.User.Password(); has {
			return nil, fmt.Errorf("%s: a password does not belong in a URI: leave it out, it is asked for", t.Raw)
		}
	}
	if t.Via == "" && t.Host != "" {
		t.Via = "tls"
	}
	if t.Via == "" {
		t.Via = "unix"
	}
	for _, check := range []func() error{t.checkDriver, t.checkTransport, t.checkPlace, t.checkParams} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	t.Name = t.Driver + "://" + t.Path
	if n := t.param("name"); n != "" {
		t.Name = n
	}
	return t, nil
}

func (t *Target) checkDriver() error {
	switch t.Driver {
	case "esx", "vpx", "gsx", "http", "https", "vsphere":
		return fmt.Errorf("%s: this is not served by a libvirt daemon: write it as https://user@host/sdk", t.Raw)
	case "hyperv", "openvz", "vmware", "vmwareplayer", "vmwarews", "vmwarefusion", "parallels":
		return fmt.Errorf("%s: the %s driver runs inside virsh and has no daemon to connect to", t.Raw, t.Driver)
	case "qemu", "test", "xen", "lxc", "vz", "vbox", "bhyve", "ch", "network", "storage", "nodedev", "interface", "secret", "nwfilter":
		return nil
	}
	return fmt.Errorf("%s: unknown driver %q: write one like qemu:///system", t.Raw, t.Driver)
}

func (t *Target) checkTransport() error {
	switch t.Via {
	case "unix", "ssh", "tcp", "tls":
		return nil
	case "libssh", "libssh2":
		return fmt.Errorf("%s: transport %q is not supported: write %s+ssh, which uses your own ssh", t.Raw, t.Via, t.Driver)
	}
	return fmt.Errorf("%s: unknown transport %q: use unix, ssh, tls or tcp", t.Raw, t.Via)
}

// checkPlace checks host and path.
func (t *Target) checkPlace() error {
	if t.Via == "unix" && t.Host != "" {
		return fmt.Errorf("%s: a unix socket has no host: write %s+unix:///%s, or %s+ssh://%s/…",
			t.Raw, t.Driver, strings.TrimPrefix(t.Path, "/"), t.Driver, t.Host)
	}
	if t.Via != "unix" && t.Host == "" {
		return fmt.Errorf("%s: the host is missing: write %s+%s://HOST%s", t.Raw, t.Driver, t.Via, t.Path)
	}
	if strings.HasPrefix(t.Host, "-") || strings.HasPrefix(t.User, "-") {
		return fmt.Errorf("%s: a host or user can't begin with a dash", t.Raw)
	}
	if strings.ContainsAny(t.Host+t.User, " \t\r\n\x00") {
		return fmt.Errorf("%s: a host or user can't contain spaces", t.Raw)
	}
	if n, err := strconv.Atoi(t.Port); t.Port != "" && (err != nil || n < 1 || n > 65535) {
		return fmt.Errorf("%s: port %s is not one of 1 to 65535", t.Raw, t.Port)
	}
	switch {
	case t.Path == "" || t.Path == "/":
		return fmt.Errorf("%s: the path is missing: write %s", t.Raw, t.example())
	case t.Driver == "qemu" && t.Path != "/system" && t.Path != "/session":
		return fmt.Errorf("%s: path %q is not one of QEMU's: write %s", t.Raw, t.Path, t.example())
	}
	return nil
}

// example is the same URI with a path that fits.
func (t *Target) example() string {
	scheme, _, _ := strings.Cut(t.Raw, "://")
	place := t.Host
	if t.User != "" {
		place = t.User + "@" + place
	}
	if t.Port != "" {
		place += ":" + t.Port
	}
	path := "system"
	if t.Driver == "test" {
		path = "default"
	}
	return scheme + "://" + place + "/" + path
}

// param is a parameter's value; empty when it was not given.
func (t *Target) param(key string) string { return t.params.Get(key) }

// flag reports whether a parameter is switched on, as in no_verify=1.
func (t *Target) flag(key string) bool {
	v := t.param(key)
	return v != "" && v != "0"
}

// session reports whether the URI means the user's own daemon.
func (t *Target) session() bool { return t.Path == "/session" }
