package transport

import (
	"fmt"
	"path"
	"strings"
)

// sshReady is what the far end writes before it speaks libvirt RPC, so that the
// noise of a login shell is told apart.
const sshReady = "hvdeck: connected"

// sshNoWay is what the far end writes when it has no means to reach the daemon.
const sshNoWay = "hvdeck: neither virt-ssh-helper nor nc was found"

// remoteCommand is what ssh runs at the far end: libvirt's own helper where it is
// installed, else netcat on the daemon's socket. A login shell may be anything, so it
// gets one quoted argument for sh.
func remoteCommand(t *Target, readOnly bool) string {
	var script strings.Builder
	proxy := t.param("proxy")
	if proxy != "netcat" && t.param("socket") == "" {
		flag := ""
		if readOnly {
			flag = "-r "
		}
		fmt.Fprintf(&script, "if command -v virt-ssh-helper >/dev/null 2>&1; then echo %s; exec virt-ssh-helper %s%s; fi; ",
			shellQuote(sshReady), flag, shellQuote(t.Name))
	}
	if proxy != "native" {
		script.WriteString(netcatScript(t, readOnly))
	}
	fmt.Fprintf(&script, "echo %s >&2; exit 127", shellQuote(sshNoWay))
	return "sh -c " + shellQuote(script.String())
}

// netcatScript tries the sockets in turn; the last one is used even if it does not
// exist, so that netcat names it in its error. Netcats that have -q need it to end
// when we do.
func netcatScript(t *Target, readOnly bool) string {
	nc := "nc"
	if n := t.param("netcat"); n != "" {
		nc = n
	}
	var s strings.Builder
	fmt.Fprintf(&s, "N=%s; if command -v \"$N\" >/dev/null 2>&1; then ", shellQuote(nc))
	s.WriteString(`Q=; "$N" -q 2>&1 | grep "requires an argument" >/dev/null 2>&1 && Q=-q0; `)
	for _, p := range remoteSockets(t, readOnly) {
		fmt.Fprintf(&s, "S=%s; test -S \"$S\" && { echo %s; exec \"$N\" $Q -U \"$S\"; }; ", p, shellQuote(sshReady))
	}
	fmt.Fprintf(&s, "echo \"hvdeck: no libvirt socket at $S\" >&2; exit 126; fi; ")
	return s.String()
}

// remoteSockets are shell words for the paths of the daemon's sockets.
func remoteSockets(t *Target, readOnly bool) []string {
	if p := t.param("socket"); p != "" {
		return []string{shellQuote(p)}
	}
	if t.session() && t.User != "root" {
		var words []string
		for _, dir := range []string{"${XDG_RUNTIME_DIR:-/run/user/$(id -u)}", "$HOME/.cache"} {
			for _, d := range t.daemons() {
				words = append(words, `"`+dir+"/libvirt/"+d+`-sock"`)
			}
		}
		return words
	}
	var words []string
	for _, dir := range []string{"/run/libvirt", "/var/run/libvirt"} {
		for _, p := range socketsIn(dir, t.daemons(), readOnly) {
			words = append(words, shellQuote(path.Clean(p)))
		}
	}
	return words
}

// shellQuote makes one word for sh of any text.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
