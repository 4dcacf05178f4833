package vsphere

import (
	"net"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"hvdeck/backend"
)

// endpoint is where to connect, without what must not be shown.
type endpoint struct {
	scheme      string // http or https
	host        string // without port and brackets
	port        string
	path        string
	user        string
	password    string
	hasPassword bool
	insecure    bool // libvirt's no_verify=1
}

// addr is host:port.
func (e endpoint) addr() string { return net.JoinHostPort(e.host, e.port) }

// shown is the URL as it may be shown: with the user, never with a password.
func (e endpoint) shown() string {
	u := e.url()
	if e.user != "" {
		u.User = url.User(e.user)
	}
	return u.String()
}

// url has no user: the login carries it.
func (e endpoint) url() *url.URL {
	host := e.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if e.port != defaultPort(e.scheme) {
		host = e.addr()
	}
	return &url.URL{Scheme: e.scheme, Host: host, Path: e.path}
}

func defaultPort(scheme string) string {
	if scheme == "http" {
		return "80"
	}
	return "443"
}

// badURL never quotes the text, because it may hold a password.
func badURL(why string) error {
	return &backend.Error{
		Class: backend.ClassInvalid, Doing: "read the vSphere address", Message: why,
		Remedy: "write it as vc.example.net or https://user@vc.example.net/sdk",
	}
}

// parseEndpoint reads every spelling of an address; see Options.URL.
func parseEndpoint(s string) (endpoint, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return endpoint{}, badURL("it is empty")
	}
	if ip := net.ParseIP(s); ip != nil && strings.Contains(s, ":") {
		s = "[" + s + "]"
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil {
		return endpoint{}, badURL("it is not a URL; is a special character in it not written as %XX?")
	}
	e := endpoint{host: u.Hostname(), port: u.Port(), path: strings.TrimRight(u.Path, "/")}
	if err := e.setScheme(u); err != nil {
		return endpoint{}, err
	}
	if e.host == "" {
		return endpoint{}, badURL("it names no host")
	}
	if !plainHost(e.host) {
		return endpoint{}, badURL("its host has characters that no host has")
	}
	if e.port == "" {
		e.port = defaultPort(e.scheme)
	}
	if e.path == "" {
		e.path = "/sdk"
	}
	if u.User != nil {
		e.user = u.User.Username()
		e.password, e.hasPassword = u.User.Password()
		e.hasPassword = e.hasPassword && e.password != ""
	}
	return e, nil
}

// plainHost tells whether a host can be written down again: all of it can be seen, what
// has colons is an address, and its zone, after a %, is ASCII.
func plainHost(host string) bool {
	name, zone, _ := strings.Cut(host, "%")
	if strings.Contains(name, ":") && net.ParseIP(name) == nil {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool { return r == utf8.RuneError || r == ' ' || !unicode.IsPrint(r) }) &&
		!strings.ContainsFunc(zone, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("%[]/\\\"<>^`{|}@?#", r) })
}

// setScheme maps the scheme; libvirt's URIs carry an inventory path and options.
func (e *endpoint) setScheme(u *url.URL) error {
	switch strings.ToLower(u.Scheme) {
	case "http", "https":
		e.scheme = strings.ToLower(u.Scheme)
	case "vsphere":
		e.scheme = "https"
	case "esx", "vpx", "gsx":
		e.scheme, e.path = "https", ""
		if u.Query().Get("transport") == "http" {
			e.scheme = "http"
		}
	default:
		return badURL("the scheme " + u.Scheme + " is not one of http, https, vsphere, esx, vpx")
	}
	e.insecure = u.Query().Get("no_verify") == "1"
	return nil
}
