package transport

import (
	"strings"

	"hvdeck/backend"
)

// failure words what ssh or the far end wrote before ssh ended; nil when they wrote
// nothing.
func (s *sshTransport) failure(p *sshProcess) *backend.Error {
	text := p.stderr.String()
	if text == "" {
		return nil
	}
	for _, f := range sshFailures() {
		if strings.Contains(text, f.words) {
			return &backend.Error{Class: f.class,
				Message: strings.ReplaceAll(f.message, "HOST", s.who()) + ": " + text,
				Remedy:  strings.ReplaceAll(f.remedy, "HOST", s.who())}
		}
	}
	return &backend.Error{Class: backend.ClassUnreachable, Message: "ssh: " + text}
}

type sshFailure struct {
	words           string // of ssh
	class           backend.Class
	message, remedy string
}

// sshFailures are the usual ones, the most telling first.
func sshFailures() []sshFailure {
	return []sshFailure{
		{"REMOTE HOST IDENTIFICATION HAS CHANGED", backend.ClassUntrusted, "the host key of HOST has changed",
			"ask whoever runs the host why; only then remove the old key with ssh-keygen -R"},
		{"Host key verification failed", backend.ClassUntrusted, "the host key of HOST is not trusted",
			"compare the fingerprint and accept it with: ssh HOST"},
		{"Permission denied", backend.ClassDenied, "ssh was refused by HOST",
			"check user name, key and agent with: ssh -v HOST"},
		{"Too many authentication failures", backend.ClassDenied, "ssh was refused by HOST",
			"name the key: …?keyfile=PATH"},
		{sshNoWay, backend.ClassUnsupported, "nothing on HOST connects to the daemon",
			"install virt-ssh-helper (part of libvirt) or netcat there, or name it: …?netcat=PATH"},
		{"hvdeck: no libvirt socket", backend.ClassUnreachable, "no libvirt daemon on HOST",
			"start libvirtd there, or name its socket: …?socket=PATH"},
		{"command not found", backend.ClassUnsupported, "a program is missing on HOST", "install it there"},
		{"Could not resolve hostname", backend.ClassUnreachable, "the name of HOST is unknown", "check the spelling"},
		{"Connection refused", backend.ClassUnreachable, "HOST refuses the connection", "check that it runs and sshd or the daemon listens"},
		{"timed out", backend.ClassUnreachable, "HOST does not answer", "check address, port and firewall"},
	}
}
