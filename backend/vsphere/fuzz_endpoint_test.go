package vsphere

import (
	"strings"
	"testing"

	"hvdeck/backend"
)

// FuzzEndpoint: whatever is written as the address of a server, nothing of a password is
// in what is shown or in an error, and what is shown means the same place.
func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{
		"vc.example.net", "https://administrator%40vsphere.local:pa%24s@vc/sdk", "user:pass@vc", "::1", "[fe80::1%25eth0]:8443", "esx://h/dc/c?no_verify=1&transport=http",
		"http://127.0.0.1:8989/sdk", "vpx://u@vc:443/DC", "https://u:p@/", "ftp://h", "https://h:99999/", " https://h/a//", "gsx://h",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		const planted = "wordOfPassage"
		if strings.Contains(s, planted) {
			return
		}
		for _, in := range []string{s, strings.Replace(s, "@", ":"+planted+"@", 1), strings.Replace(s, "://", "://u:"+planted+"@", 1)} {
			e, err := parseEndpoint(in)
			if err != nil {
				if backend.ClassOf(err) != backend.ClassInvalid {
					t.Errorf("%q: %v", in, err)
				}
				if strings.Contains(err.Error(), planted) {
					t.Errorf("%q: the error is %v", in, err)
				}
				continue
			}
			sameAgain(t, in, e)
			// Where it stands as the password it is nowhere else.
			if e.password == planted && strings.Contains(e.shown()+e.addr()+e.url().String(), planted) {
				t.Errorf("%q is shown as %q", in, e.shown())
			}
		}
	})
}

// sameAgain reads what is shown of an address.
func sameAgain(t *testing.T, in string, e endpoint) {
	t.Helper()
	if e.host == "" || e.port == "" || e.scheme != "http" && e.scheme != "https" {
		t.Errorf("%q is %+v", in, e)
	}
	again, err := parseEndpoint(e.shown())
	if err != nil {
		t.Errorf("%q is shown as %q: %v", in, e.shown(), err)
		return
	}
	if again.host != e.host || again.port != e.port || again.scheme != e.scheme || again.path != e.path || again.user != e.user || again.hasPassword {
		t.Errorf("%q is %+v, shown as %q it is %+v", in, e, e.shown(), again)
	}
}
