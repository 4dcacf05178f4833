package transport

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Target is a libvirt URI taken apart.
type Target struct {
	Raw    string // as given, without a password
	Driver string // qemu, test, xen …
	Via    string // the transport: unix, ssh, tcp
	User   string
	Host   string
	Port   string
	Path   string // /system, /session, /default, a file
	Name   string // what the daemon is asked to open
	params url.Values
}

// ownParams are the parameters that a libvirt client keeps for itself; all others
// go to the daemon. Source: libvirt's remote driver.
func ownParams() []string {
	return []string{"name", "command", "socket", "auth", "sshauth", "netcat", "keyfile", "pkipath", "known_hosts",
		"known_hosts_verify", "no_sanity", "no_tty", "no_verify", "tls_priority", "mode", "proxy"}
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
	t.Name = t.remoteName()
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
	case "unix", "ssh", "tcp":
		return nil
	case "tls":
		return fmt.Errorf("%s: TLS is not supported yet: write %s+ssh://%s%s", t.Raw, t.Driver, t.Host, t.Path)
	case "libssh", "libssh2":
		return fmt.Errorf("%s: transport %q is not supported: write %s+ssh, which uses your own ssh", t.Raw, t.Via, t.Driver)
	}
	return fmt.Errorf("%s: unknown transport %q: use unix, ssh or tcp", t.Raw, t.Via)
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

func (t *Target) checkParams() error {
	for _, key := range []string{"socket", "keyfile", "command", "netcat"} {
		v, given := t.params[key]
		if given && (v[0] == "" || strings.ContainsAny(v[0], "\r\n\x00")) {
			return fmt.Errorf("%s: %s= has no usable value", t.Raw, key)
		}
	}
	if s := t.param("socket"); s != "" && !strings.HasPrefix(s, "/") {
		return fmt.Errorf("%s: socket=%s must be an absolute path", t.Raw, s)
	}
	if p := t.param("proxy"); p != "" && !slices.Contains([]string{"auto", "native", "netcat"}, p) {
		return fmt.Errorf("%s: proxy=%s: use auto, native or netcat", t.Raw, p)
	}
	if t.param("proxy") == "native" && t.param("socket") != "" {
		return fmt.Errorf("%s: proxy=native can't be told a socket: leave one of them out", t.Raw)
	}
	if m := t.param("mode"); m != "" && !slices.Contains([]string{"auto", "legacy", "direct"}, m) {
		return fmt.Errorf("%s: mode=%s: use auto, legacy or direct", t.Raw, m)
	}
	return nil
}

// param is a parameter's value; empty when it was not given.
func (t *Target) param(key string) string { return t.params.Get(key) }

// flag reports whether a parameter is switched on, as in no_verify=1.
func (t *Target) flag(key string) bool {
	v := t.param(key)
	return v != "" && v != "0"
}

// remoteName is what the daemon is asked to open: the URI without what only
// concerns the way there.
func (t *Target) remoteName() string {
	if n := t.param("name"); n != "" {
		return n
	}
	rest := url.Values{}
	for k, v := range t.params {
		if !slices.Contains(ownParams(), k) {
			rest[k] = v
		}
	}
	name := t.Driver + "://" + t.Path
	if len(rest) > 0 {
		name += "?" + rest.Encode()
	}
	return name
}

// session reports whether the URI means the user's own daemon.
func (t *Target) session() bool { return t.Path == "/session" }
