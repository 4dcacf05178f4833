package vsphere_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25/mo"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func TestNewReadsEverySpelling(t *testing.T) {
	for in, want := range map[string]string{
		"vc1":                                  "https://vc1/sdk",
		"10.0.0.1":                             "https://10.0.0.1/sdk",
		"::1":                                  "https://[::1]/sdk",
		"[::1]:8989":                           "https://[::1]:8989/sdk",
		"root@esx1:8443":                       "https://root@esx1:8443/sdk",
		"http://127.0.0.1:8989/sdk":            "http://127.0.0.1:8989/sdk",
		"https://user:secret@vc/other":         "https://user@vc/other",
		"vsphere://administrator@vc":           "https://administrator@vc/sdk",
		"esx://root@esx1/?no_verify=1":         "https://root@esx1/sdk",
		"vpx://user@vc/dc1/cluster1/esx1":      "https://user@vc/sdk",
		"esx://root@esx1/?transport=http":      "http://root@esx1/sdk",
		"https://vc.example.net:443/":          "https://vc.example.net/sdk",
		"https://a%40b:p@vc/sdk":               "https://a%40b@vc/sdk",
		" https://vc ":                         "https://vc/sdk",
		"HTTPS://VC":                           "https://VC/sdk",
		"https://DOM%5Cuser@vc/sdk?no_verify=": "https://DOM%5Cuser@vc/sdk",
	} {
		if got := vsphere.ShownURL(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestNewRefusesNonsenseInOneLine(t *testing.T) {
	for _, in := range []string{"", "ftp://vc", "https://", "https://user:s3cr%zz@vc", "qemu:///system", "http://[::1"} {
		_, err := vsphere.New(vsphere.Options{URL: in})
		var e *backend.Error
		if !errors.As(err, &e) || e.Class != backend.ClassInvalid || e.Remedy == "" {
			t.Errorf("%q: %v", in, err)
			continue
		}
		if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error()+e.Remedy, "s3cr") {
			t.Errorf("%q: %q", in, err)
		}
	}
}

// withoutPassword takes the password out of a URL.
func withoutPassword(t *testing.T, s string) string {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(u.User.Username())
	return u.String()
}

func TestPasswords(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, Username: "root", Password: "right"})
	bare := withoutPassword(t, s.URL())
	env := func(p string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return p, nil }
	}
	for name, c := range map[string]struct {
		opts  vsphere.Options
		ask   *operator
		class backend.Class
		asked int
		ok    bool
	}{
		"in the URL":              {vsphere.Options{URL: s.URL()}, &operator{}, 0, 0, true},
		"from a callback":         {vsphere.Options{URL: bare, Password: env("right")}, &operator{}, 0, 0, true},
		"wrong from a callback":   {vsphere.Options{URL: bare, Password: env("wrong")}, &operator{}, backend.ClassDenied, 0, false},
		"typed":                   {vsphere.Options{URL: bare}, &operator{password: []string{"right"}}, 0, 1, true},
		"typed at the third time": {vsphere.Options{URL: bare}, &operator{password: []string{"a", "b", "right"}}, 0, 3, true},
		"typed wrong three times": {vsphere.Options{URL: bare}, &operator{password: []string{"a", "b", "c", "right"}}, backend.ClassDenied, 3, false},
		"declined":                {vsphere.Options{URL: bare}, &operator{}, backend.ClassDenied, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := tryDial(t, c.opts, c.ask)
			if b != nil {
				defer b.Close()
			}
			if (err == nil) != c.ok || err != nil && backend.ClassOf(err) != c.class {
				t.Errorf("error %v (%v)", err, backend.ClassOf(err))
			}
			if len(c.ask.asked) != c.asked {
				t.Errorf("asked %d times: %s", len(c.ask.asked), c.ask.texts())
			}
			if err != nil && (strings.Contains(err.Error(), "wrong") || strings.Contains(err.Error(), "right")) {
				t.Errorf("the error shows a password: %v", err)
			}
		})
	}
}

func TestPasswordIsNotShown(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, Username: "root", Password: "t0psecret"})
	b := dial(t, vsphere.Options{URL: s.URL()})
	if about := fmt.Sprintf("%+v", b.About()); strings.Contains(about, "t0psecret") || !strings.Contains(about, "root@") {
		t.Errorf("About: %s", about)
	}
}

func TestNoSessionIsLeft(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	other, err := govmomi.NewClient(t.Context(), u, true)
	if err != nil {
		t.Fatal(err)
	}
	sessions := func() int {
		var m mo.SessionManager
		if err := other.RetrieveOne(t.Context(), *other.ServiceContent.SessionManager, []string{"sessionList"}, &m); err != nil {
			t.Fatal(err)
		}
		return len(m.SessionList)
	}
	before := sessions()
	b := dial(t, vsphere.Options{URL: s.URL()})
	if got := sessions(); got != before+1 {
		t.Errorf("%d sessions while connected, want %d", got, before+1)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if got := sessions(); got != before {
		t.Errorf("%d sessions after Close, want %d", got, before)
	}
}

func TestCertificates(t *testing.T) {
	cert, err := vcsim.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	s := sim(t, vcsim.Options{VMs: 1, Certificate: cert})
	file := filepath.Join(t.TempDir(), "state", "known_hosts")
	o := vsphere.Options{URL: s.URL(), KnownHosts: file}

	if _, err := tryDial(t, o, &operator{trust: "cancel"}); backend.ClassOf(err) != backend.ClassUntrusted {
		t.Fatalf("cancelled: %v", err)
	}
	if _, err := tryDial(t, o, nil); backend.ClassOf(err) != backend.ClassUntrusted {
		t.Fatalf("nobody to ask: %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Fatal("something was remembered")
	}
	ask := &operator{trust: "trust"}
	b, err := tryDial(t, o, ask)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	p := ask.asked[0]
	if p.Choices[0].Key != "cancel" || p.Choices[1].Key != "trust" {
		t.Errorf("choices: %v", p.Choices)
	}
	for _, want := range []string{"CN=vcsim", "SHA-256", "Valid"} {
		if !strings.Contains(p.Text, want) {
			t.Errorf("the prompt lacks %q:\n%s", want, p.Text)
		}
	}
	st, err := os.Stat(file)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("known hosts: %v %v", st, err)
	}
	ask = &operator{}
	b, err = tryDial(t, o, ask)
	if err != nil || len(ask.asked) != 0 {
		t.Fatalf("remembered: %v, asked %d times", err, len(ask.asked))
	}
	_ = b.Close()

	line, _ := os.ReadFile(file)
	addr, _, _ := strings.Cut(string(line), " ")
	changed := addr + " " + strings.Repeat("AA:", 31) + "AA\n"
	if err := os.WriteFile(file, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	ask = &operator{trust: "trust"}
	_, err = tryDial(t, o, ask)
	if backend.ClassOf(err) != backend.ClassUntrusted || len(ask.asked) != 0 || !strings.Contains(err.Error(), "AA:AA") {
		t.Errorf("changed: %v, asked %d times", err, len(ask.asked))
	}
	o.Insecure = true
	if b, err = tryDial(t, o, nil); err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
}

// talker accepts connections and says one thing.
func talker(t *testing.T, say string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.WriteString(c, say)
				_, _ = c.Read(make([]byte, 1)) // until it is answered: a reset would hide the words
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func TestOtherServersAreNamed(t *testing.T) {
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<html><body>It works!</body></html>")
	}))
	t.Cleanup(page.Close)
	missing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(missing.Close)
	ssh := talker(t, "SSH-2.0-OpenSSH_9.2\r\n")
	secure := sim(t, vcsim.Options{VMs: 1, Certificate: selfSigned(t)})
	plain := strings.Replace(strings.Replace(secure.URL(), "https:", "http:", 1), "user:pass@", "", 1)
	closed := talkerClosed(t)
	for name, c := range map[string]struct{ url, want string }{
		"a web page":              {page.URL, "does not speak the vSphere API"},
		"a web server without it": {missing.URL, "does not speak the vSphere API"},
		"ssh":                     {"https://" + ssh, "SSH server"},
		"ssh at http":             {"http://" + ssh, "does not speak HTTP"},
		// Its words are lost when it closes while the request is being written.
		"TLS where http was meant": {plain, "does not speak the vSphere API|broke off the connection at the first request"},
		"http where TLS was meant": {strings.Replace(page.URL, "http:", "https:", 1), "no TLS"},
		"nobody":                   {"https://" + closed, "refuses the connection"},
		"an unknown name":          {"https://no-such-host.invalid", "not known"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tryDial(t, vsphere.Options{URL: c.url, Username: "u", Insecure: false}, &operator{password: []string{"p"}})
			if backend.ClassOf(err) != backend.ClassUnreachable || !regexp.MustCompile(c.want).MatchString(err.Error()) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v (%v)", err, backend.ClassOf(err))
			}
			t.Log(err)
		})
	}
}

func talkerClosed(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func selfSigned(t *testing.T) *tls.Certificate {
	t.Helper()
	c, err := vcsim.SelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
