package redact

import "strings"

// Names that say that a value is secret, as parts of regular expressions.
const (
	// attributes are names of attributes, or what such a name ends in: passwd,
	// keyPassword.
	attributes = `passw(?:or)?d|passphrase|secretvalue`
	// elements are those whose text is secret: besides passwords the cookies of an HTTP
	// disk and the keys of a protected launch.
	elements = `[\w-]*passw(?:or)?d|passphrase|secret|cookie|dhCert|session|masterKey`
	// arguments are options of programs; data is that of QEMU's secret objects.
	arguments = `passw(?:or)?d|passphrase|secret|pwd|token`
)

// Attribute reports whether the value of an attribute is secret; prefixes don't count.
func Attribute(local string) bool {
	local = strings.ToLower(local)
	for _, end := range []string{"passwd", "password", "passphrase", "secretvalue"} {
		if strings.HasSuffix(local, end) {
			return true
		}
	}
	return false
}

// Element reports whether the text of an element is secret.
func Element(local string) bool {
	switch local = strings.ToLower(local); local {
	case "passphrase", "secret", "cookie", "dhcert", "session", "masterkey":
		return true
	default:
		return strings.HasSuffix(local, "passwd") || strings.HasSuffix(local, "password")
	}
}
