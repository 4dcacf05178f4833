package libvirt

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// target is a libvirt URI taken apart.
type target struct {
	raw       string // as given, without a password
	driver    string // qemu, test, xen …
	transport string // unix, ssh, tcp
	user      string
	host      string
	port      string
	path      string // /system, /session, /default, a file
	name      string // what the daemon is asked to open
	params    url.Values
}

// ownParams are the parameters that a libvirt client keeps for itself; all others
// go to the daemon. Source: libvirt's remote driver.
func ownParams() []string {
	return []string{"name", "command", "socket", "auth", "sshauth", "netcat", "keyfile", "pkipath", "known_hosts",
		"known_hosts_verify", "no_sanity", "no_tty", "no_verify", "tls_priority", "mode", "proxy"}
}

const writeOne = "write one like qemu:///system"

// parseURI takes a libvirt URI apart; nothing is dialled. Its errors say what is
// wrong and what to write instead. They never quote a text that could not be taken
// apart, nor the parser's words about it, because it may hold a password.
func parseURI(raw string) (*target, error) {
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
	t := &target{raw: u.Redacted(), host: u.Hostname(), port: u.Port(), path: u.Path, params: params}
	t.driver, t.transport, _ = strings.Cut(strings.ToLower(u.Scheme), "+")
	if u.User != nil {
		t.user = u.User.Username()
		if _, has := u.User.Password(); has {
			return nil, fmt.Errorf("%s: a password does not belong in a URI: leave it out, it is asked for", t.raw)
		}
	}
	if t.transport == "" && t.host != "" {
		t.transport = "tls"
	}
	if t.transport == "" {
		t.transport = "unix"
	}
	for _, check := range []func() error{t.checkDriver, t.checkTransport, t.checkPlace, t.checkParams} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	t.name = t.remoteName()
	return t, nil
}

func (t *target) checkDriver() error {
	switch t.driver {
	case "esx", "vpx", "gsx", "http", "https", "vsphere":
		return fmt.Errorf("%s: this is not served by a libvirt daemon: write it as https://user@host/sdk", t.raw)
	case "hyperv", "openvz", "vmware", "vmwareplayer", "vmwarews", "vmwarefusion", "parallels":
		return fmt.Errorf("%s: the %s driver runs inside virsh and has no daemon to connect to", t.raw, t.driver)
	case "qemu", "test", "xen", "lxc", "vz", "vbox", "bhyve", "ch", "network", "storage", "nodedev", "interface", "secret", "nwfilter":
		return nil
	}
	return fmt.Errorf("%s: unknown driver %q: write one like qemu:///system", t.raw, t.driver)
}

func (t *target) checkTransport() error {
	switch t.transport {
	case "unix", "ssh", "tcp":
		return nil
	case "tls":
		return fmt.Errorf("%s: TLS is not supported yet: write %s+ssh://%s%s", t.raw, t.driver, t.host, t.path)
	case "libssh", "libssh2":
		return fmt.Errorf("%s: transport %q is not supported: write %s+ssh, which uses your own ssh", t.raw, t.transport, t.driver)
	}
	return fmt.Errorf("%s: unknown transport %q: use unix, ssh or tcp", t.raw, t.transport)
}

// checkPlace checks host and path.
func (t *target) checkPlace() error {
	if t.transport == "unix" && t.host != "" {
		return fmt.Errorf("%s: a unix socket has no host: write %s+unix:///%s, or %s+ssh://%s/…",
			t.raw, t.driver, strings.TrimPrefix(t.path, "/"), t.driver, t.host)
	}
	if t.transport != "unix" && t.host == "" {
		return fmt.Errorf("%s: the host is missing: write %s+%s://HOST%s", t.raw, t.driver, t.transport, t.path)
	}
	if strings.HasPrefix(t.host, "-") || strings.HasPrefix(t.user, "-") {
		return fmt.Errorf("%s: a host or user can't begin with a dash", t.raw)
	}
	if strings.ContainsAny(t.host+t.user, " \t\r\n\x00") {
		return fmt.Errorf("%s: a host or user can't contain spaces", t.raw)
	}
	switch {
	case t.path == "" || t.path == "/":
		return fmt.Errorf("%s: the path is missing: write %s", t.raw, t.example())
	case t.driver == "qemu" && t.path != "/system" && t.path != "/session":
		return fmt.Errorf("%s: path %q is not one of QEMU's: write %s", t.raw, t.path, t.example())
	}
	return nil
}

// example is the same URI with a path that fits.
func (t *target) example() string {
	scheme, _, _ := strings.Cut(t.raw, "://")
	place := t.host
	if t.user != "" {
		place = t.user + "@" + place
	}
	if t.port != "" {
		place += ":" + t.port
	}
	path := "system"
	if t.driver == "test" {
		path = "default"
	}
	return scheme + "://" + place + "/" + path
}

func (t *target) checkParams() error {
	for _, key := range []string{"socket", "keyfile", "command", "netcat"} {
		v, given := t.params[key]
		if given && (v[0] == "" || strings.ContainsAny(v[0], "\r\n\x00")) {
			return fmt.Errorf("%s: %s= has no usable value", t.raw, key)
		}
	}
	if s := t.param("socket"); s != "" && !strings.HasPrefix(s, "/") {
		return fmt.Errorf("%s: socket=%s must be an absolute path", t.raw, s)
	}
	if p := t.param("proxy"); p != "" && !slices.Contains([]string{"auto", "native", "netcat"}, p) {
		return fmt.Errorf("%s: proxy=%s: use auto, native or netcat", t.raw, p)
	}
	if t.param("proxy") == "native" && t.param("socket") != "" {
		return fmt.Errorf("%s: proxy=native can't be told a socket: leave one of them out", t.raw)
	}
	if m := t.param("mode"); m != "" && !slices.Contains([]string{"auto", "legacy", "direct"}, m) {
		return fmt.Errorf("%s: mode=%s: use auto, legacy or direct", t.raw, m)
	}
	return nil
}

// param is a parameter's value; empty when it was not given.
func (t *target) param(key string) string { return t.params.Get(key) }

// flag reports whether a parameter is switched on, as in no_verify=1.
func (t *target) flag(key string) bool {
	v := t.param(key)
	return v != "" && v != "0"
}

// remoteName is what the daemon is asked to open: the URI without what only
// concerns the way there.
func (t *target) remoteName() string {
	if n := t.param("name"); n != "" {
		return n
	}
	rest := url.Values{}
	for k, v := range t.params {
		if !slices.Contains(ownParams(), k) {
			rest[k] = v
		}
	}
	name := t.driver + "://" + t.path
	if len(rest) > 0 {
		name += "?" + rest.Encode()
	}
	return name
}

// session reports whether the URI means the user's own daemon.
func (t *target) session() bool { return t.path == "/session" }
