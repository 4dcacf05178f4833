package libvirt

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

const saslPassword = "open-sesame-7331"

// startSASL is a libvirtd that wants a password on its socket, by TLS and by TCP.
func startSASL(t *testing.T, mechanisms string) (*lab.Libvirtd, string) {
	t.Helper()
	lab.Programs(t, "saslpasswd2", "nc")
	ca := newAuthority(t, "lab CA")
	pki := ca.folder("operator", ca, nil)
	etc := "/etc/libvirt/sasl"
	l := lab.StartLibvirtdWith(t, lab.LibvirtdSetup{
		Conf: strings.ReplaceAll(tlsConf, `"none"`, `"sasl"`), Listen: true,
		Env: []string{"SASL_CONF_PATH=" + etc},
		Prepare: func(dir string) error {
			place := filepath.Join(dir, "etc/pki")
			ca.issue(filepath.Join(place, "servercert.pem"), filepath.Join(place, "serverkey.pem"), "127.0.0.1", loopback)
			writePEM(t, filepath.Join(place, "cacert.pem"), "CERTIFICATE", ca.cert.Raw)
			own := filepath.Join(dir, "etc/sasl")
			if err := os.Mkdir(own, 0o755); err != nil {
				return err
			}
			conf := "mech_list: " + mechanisms + "\npwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: " + etc + "/db\n"
			if err := os.WriteFile(filepath.Join(own, "libvirt.conf"), []byte(conf), 0o600); err != nil {
				return err
			}
			cmd := exec.Command("saslpasswd2", "-p", "-c", "-f", filepath.Join(own, "db"), "-a", "libvirt", "-u", "lab-"+filepath.Base(dir), "operator")
			cmd.Stdin = strings.NewReader(saslPassword)
			return cmd.Run()
		},
	})
	return l, pki
}

// dialAs dials and counts the questions.
func dialAs(t *testing.T, o Options, ask backend.Asker) (backend.Backend, error) {
	t.Helper()
	o.ID = "c"
	d, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Dial(t.Context(), ask)
	if err == nil {
		t.Cleanup(func() { _ = b.Close() })
	}
	return b, err
}

func TestSASL(t *testing.T) {
	for _, mechanisms := range []string{"scram-sha-256", "scram-sha-1", "plain", "digest-md5"} {
		t.Run(mechanisms, func(t *testing.T) {
			l, pki := startSASL(t, mechanisms)
			place := l.Forward(t, 16514)
			_, port, _ := net.SplitHostPort(place)
			uri := "qemu+tls://127.0.0.1:" + port + "/system?pkipath=" + pki
			if mechanisms == "digest-md5" {
				_, err := dialAs(t, Options{URI: uri}, &answers{give: []string{"operator", saslPassword}})
				if backend.ClassOf(err) != backend.ClassUnsupported || !strings.Contains(err.Error(), "the server offers DIGEST-MD5") {
					t.Errorf("%v", err)
				}
				return
			}
			saslLogins(t, l, uri)
		})
	}
}

func saslLogins(t *testing.T, l *lab.Libvirtd, uri string) {
	t.Helper()
	ask := &answers{give: []string{"operator", "wrong", "operator", saslPassword}}
	b, err := dialAs(t, Options{URI: uri}, ask)
	if err != nil {
		t.Fatalf("%v\n%s", err, l.Log())
	}
	if len(ask.asked) != 4 || ask.asked[0].Secret || !ask.asked[1].Secret || !strings.Contains(ask.asked[2].Text, "refused") {
		t.Errorf("asked %+v", ask.asked)
	}
	if got := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM}); len(got) != 0 {
		t.Errorf("VMs %q", names(got))
	}
	aside, err := b.(*client).aside(t.Context())
	if err != nil {
		t.Errorf("a further connection: %v", err)
	} else {
		aside.close()
	}
	_, err = dialAs(t, Options{URI: uri}, &answers{give: []string{"operator", "no1", "operator", "no2", "operator", "no3", "operator", "no4"}})
	if backend.ClassOf(err) != backend.ClassDenied || strings.Contains(err.Error(), "no3") {
		t.Errorf("%v: %v", backend.ClassOf(err), err)
	}
	given := func(word string) func(context.Context) (string, error) {
		return func(context.Context) (string, error) { return word, nil }
	}
	if _, err := dialAs(t, Options{URI: uri, Username: "operator", Password: given(saslPassword)}, nil); err != nil {
		t.Errorf("the configuration's password: %v", err)
	}
	if _, err := dialAs(t, Options{URI: strings.Replace(uri, "://", "://operator@", 1), Password: given("wrong")}, nil); backend.ClassOf(err) != backend.ClassDenied {
		t.Errorf("a wrong one: %v", err)
	}
	_, err = dialAs(t, Options{URI: uri}, nil)
	if backend.ClassOf(err) != backend.ClassDenied || !strings.Contains(err.Error(), "got none") {
		t.Errorf("%v: %v", backend.ClassOf(err), err)
	}
}

func TestSASLOverPlainTCP(t *testing.T) {
	l, _ := startSASL(t, "scram-sha-256 plain")
	_, err := dialAs(t, Options{URI: "qemu+tcp://" + l.Forward(t, 16509) + "/system"}, &answers{give: []string{"operator", saslPassword}})
	if backend.ClassOf(err) != backend.ClassUnsupported || !strings.Contains(err.Error(), "over plain TCP") {
		t.Errorf("%v: %v", backend.ClassOf(err), err)
	}
}
