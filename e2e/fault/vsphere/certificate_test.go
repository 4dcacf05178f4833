package vsphere

import (
	"crypto/sha256"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"hvdeck/e2e/desk"
)

// print is the fingerprint of the certificate that is shown now.
func (f *front) print() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	sum := sha256.Sum256(f.cert.Certificate[0])
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}

// TestCertificateThatChanges: nothing is sent to a server that shows another certificate,
// not by connections that were up and not at the next login, and both fingerprints are
// shown. With the old one back, the operator has it dialled again.
func TestCertificateThatChanges(t *testing.T) {
	v := desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "3")
	t.Parallel()
	f := startFront(t, v.Addr(), true)
	b := open(t, v, f.URI("user"), vmName(0))
	b.Calm("Trust this certificate").Press("down", "enter")
	b.ready()
	b.press()
	trusted, old := f.print(), f.cert
	f.NewCertificate(t)
	seen := len(f.Seen())
	f.server.CloseClientConnections()
	b.names(regexp.MustCompile("vc (reconnecting|refused)"))
	b.WaitFor("vc refused", desk.LiveWithin(soon))
	b.prompt()
	if more := f.Seen()[seen:]; len(more) > 0 {
		t.Errorf("sent to a server with another certificate: %q", more)
	}
	b.Press("i").WaitFor("Connections").WaitFor("URI: ")
	text := regexp.MustCompile(`[^0-9A-Za-z:,]+`).ReplaceAllString(b.Text(), "")
	for _, print := range []string{trusted, f.print()} {
		if !strings.Contains(text, print) && !strings.Contains(strings.ReplaceAll(text, "\n", ""), print) {
			t.Errorf("%s is not shown:\n%s", print, b.Text())
		}
	}
	b.Press("esc").WaitGone("Connections")
	f.mu.Lock()
	f.cert = old
	f.mu.Unlock()
	b.Press("ctrl+r")
	b.back()
	b.nothingLeft()
}
