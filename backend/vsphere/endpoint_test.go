package vsphere_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/soap"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// TestAddressesAreReadAsByGovc compares with govmomi's own reading of GOVC_URL.
func TestAddressesAreReadAsByGovc(t *testing.T) {
	for _, in := range []string{
		"vc", "vc:8443", "vc/sdk", "vc/", "10.0.0.1", "10.0.0.1:8989", "[::1]", "[fe80::1]:8443", "http://vc", "https://vc/sdk/", "https://vc:8443",
		"root@vc", "root:pw@vc", "user@domain@vc", "user@domain:pw@vc:8443", "https://user@domain:p@ss@vc/sdk", "https://DOM%5cuser:p%25w%40%3a%2f@vc/other",
		"https://root:p%20w@vc", "https://administrator@vsphere.local:Passw0rd!@vc.example.net/sdk", "https://root:@vc", "https://root:a+b&c=d;$,@vc",
	} {
		want, err := soap.ParseURL(in)
		if err != nil {
			t.Fatalf("%s: %v", in, err)
		}
		user := want.User.Username()
		password, _ := want.User.Password()
		want.User = nil
		want.Path = strings.TrimRight(want.Path, "/")
		got, gotUser, gotPassword, err := vsphere.EndpointOf(in)
		if err != nil || got != want.String() || gotUser != user || gotPassword != password {
			t.Errorf("%s: %q %q %q %v; govc: %q %q %q", in, got, gotUser, gotPassword, err, want, user, password)
		}
	}
}

func TestGivenCredentialsComeBeforeTheURLs(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, Username: "right", Password: "right%41"})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("wrong", "wrong")
	give := func(p string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return p, nil }
	}
	for name, tt := range map[string]struct {
		opts vsphere.Options
		ok   bool
	}{
		"both":      {vsphere.Options{Username: "right", Password: give("right%41"), Before: true}, true},
		"only user": {vsphere.Options{Username: "right", Password: give(""), Before: true}, false},
		"not asked": {vsphere.Options{Username: "right", Password: give("right%41")}, false},
	} {
		tt.opts.URL = u.String()
		b, err := tryDial(t, tt.opts, nil)
		if b != nil {
			_ = b.Close()
		}
		if (err == nil) != tt.ok || err != nil && (backend.ClassOf(err) != backend.ClassDenied || strings.Contains(err.Error(), "right%41")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKnownHostsAreGovcs: what govc prints is trusted without a question, in both forms.
func TestKnownHostsAreGovcs(t *testing.T) {
	v := lab.StartVcsim(t, "-tls", "-vm", "1")
	line := strings.TrimSpace(v.Govc("about.cert", "-k", "-thumbprint"))
	addr, sha256, ok := strings.Cut(line, " ")
	if !ok || addr != v.Addr() {
		t.Fatalf("govc prints %q", line)
	}
	var cert struct{ ThumbprintSHA1 string }
	if err := json.Unmarshal([]byte(v.Govc("about.cert", "-k", "-json")), &cert); err != nil || len(cert.ThumbprintSHA1) != 59 {
		t.Fatalf("%v %q", err, cert.ThumbprintSHA1)
	}
	dir := t.TempDir()
	other := filepath.Join(dir, "other")
	if err := os.WriteFile(other, []byte("vc9:443 AA:BB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"SHA-256": line + "\n", "SHA-1": addr + " " + cert.ThumbprintSHA1, "lower case": strings.ToLower(line), "the last counts": addr + " AA:BB\n" + line,
		"with others": "# comment\n\nvc9:443 AA:BB\n" + addr + "\t" + sha256 + "\r\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		list := strings.Join([]string{other, filepath.Join(dir, "none"), file}, string(filepath.ListSeparator))
		b, err := tryDial(t, vsphere.Options{URL: v.URL(), KnownHosts: list}, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_ = b.Close()
	}
}

// TestTrustKeepsTheFile: what others wrote stays, and govc takes what was added.
func TestTrustKeepsTheFile(t *testing.T) {
	v := lab.StartVcsim(t, "-tls", "-vm", "1")
	dir := t.TempDir()
	real, file := filepath.Join(dir, "real"), filepath.Join(dir, "known_hosts")
	before := "# mine\nvc9:443 AA:BB\nsomething else entirely" // without an end of line
	if err := os.WriteFile(real, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, file); err != nil {
		t.Fatal(err)
	}
	b, err := tryDial(t, vsphere.Options{URL: v.URL(), KnownHosts: file}, &operator{trust: "trust"})
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	got, err := os.ReadFile(real)
	want := before + "\n" + strings.TrimSpace(v.Govc("about.cert", "-k", "-thumbprint")) + "\n"
	if err != nil || string(got) != want {
		t.Errorf("%q, want %q (%v)", got, want, err)
	}
	st, err := os.Stat(real)
	if link, lerr := os.Lstat(file); err != nil || lerr != nil || st.Mode().Perm() != 0o600 || link.Mode()&os.ModeSymlink == 0 {
		t.Errorf("%v %v", st, link)
	}
	t.Setenv("GOVC_TLS_KNOWN_HOSTS", file)
	if out, err := v.TryGovc("about", "-k=false"); err != nil {
		t.Errorf("govc does not take it: %v %s", err, out)
	}
}

// TestTrustedAtOnce: connections that are made at the same time lose no line.
func TestTrustedAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "known_hosts")
	var servers []*vcsim.Server
	for range 6 {
		servers = append(servers, sim(t, vcsim.Options{VMs: -1, Certificate: selfSigned(t)}))
	}
	var group sync.WaitGroup
	for _, s := range append(servers, servers...) { // each twice
		group.Go(func() {
			b, err := tryDial(t, vsphere.Options{URL: s.URL(), KnownHosts: file}, &operator{trust: "trust"})
			if err != nil {
				t.Error(err)
				return
			}
			_ = b.Close()
		})
	}
	group.Wait()
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != len(servers) {
		t.Errorf("%d lines of %d servers: %v\n%s", strings.Count(string(text), "\n"), len(servers), err, text)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".known*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestExpiredCertificate: it is shown why; trusted, it works.
func TestExpiredCertificate(t *testing.T) {
	s := sim(t, vcsim.Options{VMs: 1, Certificate: expired(t)})
	ask := &operator{trust: "trust"}
	b, err := tryDial(t, vsphere.Options{URL: s.URL(), KnownHosts: filepath.Join(t.TempDir(), "known_hosts")}, ask)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if len(ask.asked) != 1 || !strings.Contains(ask.asked[0].Text, "expired") {
		t.Errorf("%s", ask.texts())
	}
}

func expired(t *testing.T) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "old"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func TestIPv6(t *testing.T) {
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		lab.Missing(t, "IPv6 not found: %v", err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	s := sim(t, vcsim.Options{VMs: 1, Addr: addr, Certificate: selfSigned(t)})
	file := filepath.Join(t.TempDir(), "known_hosts")
	o := vsphere.Options{URL: fmt.Sprintf("user:pass@%s", addr), KnownHosts: file}
	for _, ask := range []*operator{{trust: "trust"}, {}} {
		b, err := tryDial(t, o, ask)
		if err != nil {
			t.Fatal(err)
		}
		_ = b.Close()
	}
	if text, _ := os.ReadFile(file); !strings.HasPrefix(string(text), addr+" ") {
		t.Errorf("%s", text)
	}
	_ = s
}
