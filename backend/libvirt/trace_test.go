package libvirt

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/trace"

	libvirt "github.com/digitalocean/go-libvirt"
)

func TestTextsIn(t *testing.T) {
	w := &xdrWriter{}
	w.uint(7)
	w.string("web-01")
	w.buf = append(w.buf, make([]byte, 16)...) // a UUID
	w.string("<domain/>")
	w.uint(3)
	w.string("bin\x01")
	w.string("ä")
	got := textsIn(w.buf, len(w.buf))
	if strings.Join(got, "|") != "web-01|<domain/>|ä" {
		t.Errorf("%q", got)
	}
	long := &xdrWriter{}
	long.string(strings.Repeat("ä", tracedMax))
	if got := textsIn(long.buf[:tracedMax+1], len(long.buf)); len(got) != 1 || len(got[0]) != tracedMax-3 {
		t.Errorf("cut off: %d texts", len(got))
	}
}

func FuzzFrameTap(f *testing.F) {
	f.Add(append(openFrame(1), openFrame(2)...), 5)
	// What is noted of a stream is the same in whatever pieces it comes.
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		noted := func(size int) (all []string) {
			tap := &frameTap{whole: func(h frameHead, status uint32, payload []byte) {
				if len(payload) > tracedMax || len(payload) > int(h.length)-frameHeadLen {
					t.Errorf("%d bytes of a message of %d", len(payload), h.length)
				}
				code, words := refusalWords(payload)
				all = append(all, fmt.Sprint(h, status, code, words != nil, textsIn(payload, int(h.length)-frameHeadLen)))
			}}
			for rest := data; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				tap.follow(rest[:min(size, len(rest))])
			}
			return all
		}
		if whole, pieces := noted(len(data)), noted(max(size, 1)); !slices.Equal(whole, pieces) {
			t.Errorf("in one piece %q, in pieces of %d %q", whole, size, pieces)
		}
	})
}

// traceOf runs work on a traced connection and gives what the file holds.
func traceOf(t *testing.T, o Options, ask backend.Asker, work func(b backend.Backend)) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace")
	log, err := trace.Open(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	o.Trace = log
	b, err := dialAs(t, o, ask)
	if err != nil {
		t.Fatal(err)
	}
	work(b)
	_ = b.Close()
	if err := log.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const marker = "marker-4711-abc"

const markedDomain = `<domain type='qemu'><name>marked</name><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64'>hvm</type></os><devices><graphics type='vnc' port='-1' autoport='yes' passwd='` + "%s" + `'/></devices></domain>`

// TestNoSecretIsTraced: names, texts and errors are written; secrets are not, whatever
// way they go.
func TestNoSecretIsTraced(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineMany(1)
	xml := strings.Replace(markedDomain, "%s", marker[:8], 1) // VNC takes eight characters
	got := traceOf(t, Options{URI: l.URI("qemu")}, nil, func(b backend.Backend) {
		c := b.(*client)
		list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM})
		d := deed{doing: "test", limit: time.Minute, change: true}
		try := func(fn func(lv *libvirt.Libvirt) error) error {
			_, err := call(t.Context(), c.act, d, func(lv *libvirt.Libvirt) (struct{}, error) { return struct{}{}, fn(lv) })
			return err
		}
		var dom libvirt.Domain
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(try(func(lv *libvirt.Libvirt) (err error) { dom, err = lv.DomainDefineXML(xml); return err }))
		must(try(func(lv *libvirt.Libvirt) error {
			text, err := lv.DomainGetXMLDesc(dom, libvirt.DomainXMLSecure)
			if !strings.Contains(text, marker[:8]) {
				t.Error("the marker was not there to be hidden")
			}
			return err
		}))
		_ = try(func(lv *libvirt.Libvirt) error {
			_, err := lv.DomainDefineXML(strings.Replace(xml, "</devices>", "</devices", 1))
			return err
		})
		_ = try(func(lv *libvirt.Libvirt) error {
			return lv.DomainSetUserPassword(dom, libvirt.OptString{"root"}, libvirt.OptString{marker}, 0)
		})
		must(try(func(lv *libvirt.Libvirt) error {
			s, err := lv.SecretDefineXML("<secret><description>of a test</description><usage type='ceph'><name>ceph one</name></usage></secret>", 0)
			if err != nil {
				return err
			}
			if err := lv.SecretSetValue(s, []byte(marker), 0); err != nil {
				return err
			}
			_, err = lv.SecretGetValue(s, 0)
			return err
		}))
	})
	if strings.Contains(got, marker[:8]) {
		t.Errorf("a secret is in the trace:\n%s", got)
	}
	for _, want := range []string{
		"c/1 > CONNECT_OPEN id=", `"qemu:///system"`, "c/2 > DOMAIN_DEFINE_XML id=", "DOMAIN_SET_USER_PASSWORD id=", " error bytes=",
		"SECRET_SET_VALUE", "SECRET_GET_VALUE", "ceph one", "passwd='•••'", "code=35", " ms=",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if t.Failed() {
		t.Logf("%.6000s", got)
	}
}

func TestNoLoginIsTraced(t *testing.T) {
	l, pki := startSASL(t, "plain")
	uri := "qemu+tls://" + l.Forward(t, 16514) + "/system?pkipath=" + pki
	got := traceOf(t, Options{URI: uri}, &answers{give: []string{"operator", saslPassword}}, func(backend.Backend) {})
	if strings.Contains(got, saslPassword) || strings.Contains(got, "operator") || !strings.Contains(got, "AUTH_SASL_START") {
		t.Errorf("%.3000s", got)
	}
	if !strings.Contains(got, "AUTH_LIST") || !strings.Contains(got, "CONNECT_OPEN") {
		t.Errorf("%.3000s", got)
	}
}
