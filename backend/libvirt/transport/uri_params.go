package transport

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// known are the parameters of a URI by name, and the transports that heed them; no
// transport means that all may carry them. No driver behind a daemon has parameters
// of its own, so all others are mistakes. Source: libvirt's remote driver, uri.html.
func known() map[string][]string {
	return map[string][]string{
		"name": nil, "mode": nil, "socket": {"unix", "ssh"},
		"command": {"ssh"}, "netcat": {"ssh"}, "proxy": {"ssh"}, "keyfile": {"ssh"}, "no_tty": {"ssh"},
		"known_hosts": {"ssh"}, "known_hosts_verify": {"ssh"}, "sshauth": {"ssh"},
		"pkipath": {"tls"}, "no_verify": {"ssh", "tls"}, "no_sanity": {"tls"}, "tls_priority": {"tls"},
		"auth": nil,
	}
}

// checkParams refuses what would be ignored or misunderstood.
func (t *Target) checkParams() error {
	words := known()
	for _, key := range slices.Sorted(maps.Keys(t.params)) {
		vias, ok := words[key]
		if !ok {
			return fmt.Errorf("%s: there is no parameter %q: the %s transport knows %s", t.Raw, key, t.Via, strings.Join(t.usable(), ", "))
		}
		if vias != nil && !slices.Contains(vias, t.Via) {
			return fmt.Errorf("%s: %s= means nothing to the %s transport: leave it out", t.Raw, key, t.Via)
		}
		if len(t.params[key]) > 1 {
			return fmt.Errorf("%s: %s= is given twice", t.Raw, key)
		}
	}
	for _, check := range []func() error{t.checkValues, t.checkPaths, t.checkChoices} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// usable are the parameters of the transport.
func (t *Target) usable() []string {
	var all []string
	for key, vias := range known() {
		if vias == nil || slices.Contains(vias, t.Via) {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}

func (t *Target) checkValues() error {
	for _, key := range []string{"socket", "keyfile", "command", "netcat", "pkipath", "known_hosts", "name"} {
		v, given := t.params[key]
		if given && (v[0] == "" || strings.ContainsAny(v[0], "\r\n\x00")) {
			return fmt.Errorf("%s: %s= has no usable value", t.Raw, key)
		}
	}
	if strings.Contains(t.param("known_hosts"), `"`) {
		return fmt.Errorf("%s: known_hosts= can't hold a quote", t.Raw)
	}
	if t.param("tls_priority") != "" {
		return fmt.Errorf("%s: tls_priority= is for GnuTLS, which is not used here: leave it out; TLS 1.2 and 1.3 are spoken", t.Raw)
	}
	if t.param("auth") != "" && t.param("auth") != "sasl" && t.param("auth") != "none" {
		return fmt.Errorf("%s: auth=%s: leave it out; the server says what it asks for", t.Raw, t.param("auth"))
	}
	return nil
}

func (t *Target) checkPaths() error {
	for _, key := range []string{"socket", "pkipath"} {
		if p := t.param(key); p != "" && !strings.HasPrefix(p, "/") {
			return fmt.Errorf("%s: %s=%s must be an absolute path", t.Raw, key, p)
		}
	}
	if t.param("proxy") == "native" && t.param("socket") != "" {
		return fmt.Errorf("%s: proxy=native can't be told a socket: leave one of them out", t.Raw)
	}
	return nil
}

func (t *Target) checkChoices() error {
	for _, c := range []struct {
		key string
		may []string
	}{
		{"proxy", []string{"auto", "native", "netcat"}},
		{"mode", []string{"auto", "legacy", "direct"}},
		{"known_hosts_verify", []string{"normal", "auto", "ignore"}},
	} {
		if v, given := t.params[c.key]; given && !slices.Contains(c.may, v[0]) {
			return fmt.Errorf("%s: %s=%s: use one of %s", t.Raw, c.key, v[0], strings.Join(c.may, ", "))
		}
	}
	return nil
}
