package libvirt

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	next int64
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, next: 2}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour)}
	a.key = newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, template, template, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writePEM(t *testing.T, path, kind string, der []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// issue writes a certificate and its key; it gives the serial number.
func (a *authority) issue(certPath, keyPath, name string, change func(*x509.Certificate)) *big.Int {
	a.t.Helper()
	a.next++
	template := &x509.Certificate{SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	if change != nil {
		change(template)
	}
	key := newKey(a.t)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	writePEM(a.t, certPath, "CERTIFICATE", der)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	writePEM(a.t, keyPath, "PRIVATE KEY", secret)
	return template.SerialNumber
}

// revoke writes a revocation list for these certificates.
func (a *authority) revoke(path string, serials ...*big.Int) {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, s := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: s, RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	writePEM(a.t, path, "X509 CRL", der)
}

// folder is a pkipath with the CA and, unless name is empty, a client certificate.
func (a *authority) folder(name string, signer *authority, change func(*x509.Certificate)) string {
	a.t.Helper()
	dir := a.t.TempDir()
	writePEM(a.t, filepath.Join(dir, "cacert.pem"), "CERTIFICATE", a.cert.Raw)
	if name != "" {
		signer.issue(filepath.Join(dir, "clientcert.pem"), filepath.Join(dir, "clientkey.pem"), name, change)
	}
	return dir
}

// loopback makes a certificate good for what Forward gives.
func loopback(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }

func expired(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }

// tlsConf makes libvirtd listen with the certificates below etc/pki.
const tlsConf = `listen_tls = 1
listen_tcp = 1
auth_tcp = "none"
auth_tls = "none"
tls_no_sanity_certificate = 1
key_file = "/etc/libvirt/pki/serverkey.pem"
cert_file = "/etc/libvirt/pki/servercert.pem"
ca_file = "/etc/libvirt/pki/cacert.pem"
`

// startTLS is a libvirtd that listens by TLS with a certificate by ca.
func startTLS(t *testing.T, ca *authority, serial **big.Int) *lab.Libvirtd {
	t.Helper()
	return lab.StartLibvirtdWith(t, lab.LibvirtdSetup{Conf: tlsConf, Listen: true, Prepare: func(dir string) error {
		pki := filepath.Join(dir, "etc/pki")
		*serial = ca.issue(filepath.Join(pki, "servercert.pem"), filepath.Join(pki, "serverkey.pem"), "kvm1.example", loopback)
		writePEM(t, filepath.Join(pki, "cacert.pem"), "CERTIFICATE", ca.cert.Raw)
		return nil
	}})
}

func TestTLSAndTCP(t *testing.T) {
	ca, other := newAuthority(t, "lab CA"), newAuthority(t, "other CA")
	var serial *big.Int
	l := startTLS(t, ca, &serial)
	l.DefineMany(2)
	place := l.Forward(t, 16514)
	_, port, _ := net.SplitHostPort(place)
	good := ca.folder("operator", ca, nil)
	t.Run("tcp", func(t *testing.T) {
		b := dial(t, "qemu+tcp://"+l.Forward(t, 16509)+"/system", false)
		if got := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM}); len(got) != 2 {
			t.Errorf("VMs %q", names(got))
		}
	})
	t.Run("tls", func(t *testing.T) {
		b := dial(t, "qemu+tls://"+place+"/system?pkipath="+good, false)
		if got := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM}); len(got) != 2 {
			t.Errorf("VMs %q", names(got))
		}
	})
	t.Run("files of the user", func(t *testing.T) { userFiles(t, place, good) })
	revoking := ca.folder("operator", ca, nil)
	ca.revoke(filepath.Join(revoking, "cacrl.pem"), serial)
	cases := []struct {
		name, uri, words string
		class            backend.Class
	}{
		{"no CA", "qemu+tls://" + place + "/system?pkipath=" + t.TempDir(), "no CA certificate", backend.ClassUntrusted},
		{"foreign server", "qemu+tls://" + place + "/system?pkipath=" + other.folder("operator", ca, nil), "not signed by the CA in", backend.ClassUntrusted},
		{"other name", "qemu+tls://localhost:" + port + "/system?pkipath=" + good, "is for 127.0.0.1, not for localhost", backend.ClassUntrusted},
		{"revoked", "qemu+tls://" + place + "/system?pkipath=" + revoking, "has been revoked", backend.ClassUntrusted},
		{"no certificate of ours", "qemu+tls://" + place + "/system?pkipath=" + ca.folder("", nil, nil), "wants a client certificate", backend.ClassDenied},
		{"foreign certificate of ours", "qemu+tls://" + place + "/system?pkipath=" + ca.folder("stranger", other, nil), "did not accept our certificate", backend.ClassDenied},
		{"expired certificate of ours", "qemu+tls://" + place + "/system?pkipath=" + ca.folder("operator", ca, expired), "expired on", backend.ClassDenied},
		{"not TLS", "qemu+tls://" + l.Forward(t, 16509) + "/system?pkipath=" + good, "", backend.ClassUnreachable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, err := tryDial(t, c.uri, false)
			if err == nil {
				_ = b.Close()
				t.Fatal("connected")
			}
			if backend.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v: %v", backend.ClassOf(err), err)
			}
		})
	}
	dial(t, "qemu+tls://localhost:"+port+"/system?no_verify=1&pkipath="+good, false)
}

// userFiles: what an unprivileged user has at home counts; root's does not.
func userFiles(t *testing.T, place, good string) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	if err := os.MkdirAll(filepath.Join(home, ".pki"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(good, filepath.Join(home, ".pki/libvirt")); err != nil {
		t.Fatal(err)
	}
	_, err := tryDial(t, "qemu+tls://"+place+"/system", false)
	if err == nil || !strings.Contains(err.Error(), "/etc/pki/CA/cacert.pem does not exist") {
		t.Errorf("root was not sent to the system's files: %v", err)
	}
}

func TestExpiredServerCertificate(t *testing.T) {
	ca := newAuthority(t, "lab CA")
	l := lab.StartLibvirtdWith(t, lab.LibvirtdSetup{Conf: tlsConf, Listen: true, Prepare: func(dir string) error {
		pki := filepath.Join(dir, "etc/pki")
		ca.issue(filepath.Join(pki, "servercert.pem"), filepath.Join(pki, "serverkey.pem"), "127.0.0.1", expired)
		writePEM(t, filepath.Join(pki, "cacert.pem"), "CERTIFICATE", ca.cert.Raw)
		return nil
	}})
	_, err := tryDial(t, "qemu+tls://"+l.Forward(t, 16514)+"/system?pkipath="+ca.folder("operator", ca, nil), false)
	if backend.ClassOf(err) != backend.ClassUntrusted || !strings.Contains(err.Error(), "expired on") {
		t.Errorf("%v", err)
	}
}
