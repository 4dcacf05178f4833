// Package sasl proves a user name and password to a server by a SASL mechanism. It
// knows the client's side only, and nothing of the connection.
//
// It promises that a password goes out in clear only where the caller said that
// nobody can listen, and that with SCRAM the server has to prove that it knows the
// password too.
package sasl

import (
	"errors"
	"slices"
	"strings"
)

// Mechanism is one exchange, used once.
type Mechanism interface {
	// Name is the mechanism's, as the server lists it.
	Name() string
	// Start is what the client says first.
	Start() ([]byte, error)
	// Step answers the server. Done is set when the client has nothing more to ask:
	// the server is then known to be whom it should be, as far as the mechanism
	// tells.
	Step(challenge []byte) (response []byte, done bool, err error)
}

// ErrServer is returned when the server has not proved that it knows the password.
var ErrServer = errors.New("the server did not prove that it knows the password")

// Choose gives the best mechanism of those that the server offers; nil when there is
// none. secure says that nobody can listen on the connection.
func Choose(offered []string, user string, password []byte, secure bool) Mechanism {
	for _, name := range Known(secure) {
		if !slices.ContainsFunc(offered, func(o string) bool { return strings.EqualFold(o, name) }) {
			continue
		}
		if name == "PLAIN" {
			return &plain{user: user, password: password}
		}
		return newSCRAM(name, user, password)
	}
	return nil
}

// Known are the mechanisms in the order of preference.
func Known(secure bool) []string {
	all := []string{"SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"}
	if secure {
		all = append(all, "PLAIN")
	}
	return all
}

// plain is RFC 4616.
type plain struct {
	user     string
	password []byte
}

// Name implements Mechanism.
func (*plain) Name() string { return "PLAIN" }

// Start implements Mechanism.
func (p *plain) Start() ([]byte, error) {
	if strings.Contains(p.user, "\x00") || slices.Contains(p.password, 0) {
		return nil, errors.New("a user name or password can't hold a zero byte")
	}
	return append([]byte("\x00"+p.user+"\x00"), p.password...), nil
}

// Step implements Mechanism: there is nothing to say after the password.
func (*plain) Step([]byte) ([]byte, bool, error) { return nil, true, nil }
