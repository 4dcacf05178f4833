package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsVSphere says which kind of connection a URI means: http and https, vsphere, esx,
// vpx, and bare host names are vSphere; every other scheme is libvirt's.
func IsVSphere(uri string) bool {
	scheme, _, ok := strings.Cut(uri, "://")
	if !ok {
		return !strings.HasPrefix(uri, "/")
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "vsphere", "esx", "vpx":
		return true
	default:
		return false
	}
}

// NameAll gives every connection without a name a short one from its URI.
func NameAll(conns []Connection) error {
	taken := map[string]bool{}
	for _, c := range conns {
		if c.Name != "" && taken[c.Name] {
			return fmt.Errorf("two connections are named %q; give one another name", c.Name)
		}
		taken[c.Name] = true
	}
	for i := range conns {
		if conns[i].Name != "" {
			continue
		}
		base := plain(shortName(conns[i].URI))
		name := base
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		taken[name] = true
		conns[i].Name = name
	}
	return nil
}

// plain is a word without what is no character to be seen: a host may be written as %XX.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, s)
}

// shortName is the host without its domain; for a local URI the driver and, for a
// socket of its own, the folder of the socket.
func shortName(uri string) string {
	if IsVSphere(uri) {
		return vsphereName(uri)
	}
	u, err := url.Parse(uri)
	if err != nil || (u.Scheme == "" && u.Host == "") {
		// No address: what stands before an @ may be a password.
		return cutName(strings.TrimPrefix(uri[strings.LastIndexByte(uri, '@')+1:], "//"))
	}
	if host := u.Hostname(); host != "" {
		name := hostName(host)
		if p := u.Port(); p != "" && net.ParseIP(host) != nil {
			name += ":" + p
		}
		return name
	}
	driver, _, _ := strings.Cut(u.Scheme, "+")
	if sock := u.Query().Get("socket"); sock != "" {
		return cutName(driver + "-" + socketName(sock))
	}
	if driver == "test" || strings.Contains(u.Path, "session") {
		return cutName(driver + "-" + strings.TrimSuffix(filepath.Base(u.Path), filepath.Ext(u.Path)))
	}
	return "local-" + cutName(driver)
}

// vsphereName is the name of the host in an address of a vSphere, also where that can't be
// read: its password may hold anything, and must not become part of a name.
func vsphereName(uri string) string {
	rest := uri
	if _, after, ok := strings.Cut(uri, "://"); ok {
		rest = after
	}
	rest = rest[strings.LastIndexByte(rest, '@')+1:]
	if ip := net.ParseIP(rest); ip != nil {
		return rest
	}
	u, err := url.Parse("https://" + rest)
	if err != nil || u.Hostname() == "" {
		return "vsphere"
	}
	name := hostName(u.Hostname())
	if p := u.Port(); p != "" && net.ParseIP(u.Hostname()) != nil {
		name = net.JoinHostPort(name, p)
	}
	return name
}

func hostName(host string) string {
	if net.ParseIP(host) != nil {
		return host
	}
	short, _, _ := strings.Cut(host, ".")
	return cutName(short)
}

// socketName is the folder that tells one private daemon from another.
func socketName(sock string) string {
	dir := filepath.Dir(sock)
	if base := filepath.Base(dir); base == "run" || base == "libvirt" {
		dir = filepath.Dir(dir)
	}
	return filepath.Base(dir)
}

func cutName(s string) string {
	longest := 20 // bytes
	if len(s) > longest {
		for longest > 0 && !utf8.RuneStart(s[longest]) {
			longest--
		}
		s = s[:longest]
	}
	if s == "" {
		return "host"
	}
	return s
}

// Shown is a URI as it may be seen: without a password, also where it is no URI.
func Shown(uri string) string {
	u, err := url.Parse(uri)
	if err == nil && u.Opaque == "" { // user:password@host parses as a scheme and the rest
		return u.Redacted()
	}
	if at := strings.LastIndexByte(uri, '@'); at >= 0 {
		return "…" + uri[at:]
	}
	return uri
}

// HostOf is the host and port that a vSphere URI means; a bare word is a host.
func HostOf(uri string) string {
	if net.ParseIP(uri) != nil && strings.Contains(uri, ":") {
		uri = "[" + uri + "]"
	}
	if !strings.Contains(uri, "://") {
		uri = "https://" + uri
	}
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

// hasPassword reports whether a URI carries one; a bare user:password@host does too.
func hasPassword(uri string) bool {
	if !strings.Contains(uri, "://") {
		uri = "https://" + uri
	}
	u, err := url.Parse(uri)
	if err != nil || u.User == nil {
		return false
	}
	word, set := u.User.Password()
	return set && word != ""
}
