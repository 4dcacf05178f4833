package redact

import (
	"html"
	"strings"
	"testing"
)

// marker is what must not be seen.
const marker = "s3same"

// secretTexts are places of a password, each in XML that a server gives.
func secretTexts() []string {
	return []string{
		`<graphics type='vnc' passwd='s3same' port='1'/>`,
		`<graphics type="vnc" passwd = "s3same"/>`,
		`<x keyPassword='s3same'/>`,
		"<graphics passwd='a\ns3same'/>",
		`<cookies><cookie name='x'>s3same</cookie></cookies>`,
		`<cookie>s3same</cookie>`,
		`<password>s3same</password>`,
		`<ns:password a='b'><![CDATA[s3same]]></ns:password>`,
		`<launchSecurity type='sev'><session>s3same</session></launchSecurity>`,
		`<source file='http://me:s3same@host/x'/>`,
		`<entry>io.systemd.credential:root.password=s3same</entry>`,
		`<qemu:arg value='secret,id=sec0,data=s3same'/>`,
		`<qemu:arg value='secret,id=sec0,format=raw,data=s3same,iv=1'/>`,
		`<qemu:arg value='{"qom-type":"secret","id":"a","data":"s3same"}'/>`,
		`<qemu:arg value="{&quot;qom-type&quot;:&quot;secret&quot;,&quot;data&quot;:&quot;s3same&quot;}"/>`,
		`<qemu:arg value='spice,port=1,password=s3same,tls=on'/>`,
	}
}

func TestDocument(t *testing.T) {
	for _, in := range secretTexts() {
		text := "<domain>\n " + in + "\n <name>a</name>\n</domain>"
		got := Document(text)
		if strings.Contains(got, marker) || !strings.Contains(got, Masked) {
			t.Errorf("%s is shown as %s", in, got)
		}
		if strings.Count(got, "\n") != strings.Count(text, "\n") || !strings.HasSuffix(got, "\n <name>a</name>\n</domain>") {
			t.Errorf("%s: the lines have moved: %s", in, got)
		}
	}
}

func TestDocumentKeepsTheRest(t *testing.T) {
	for _, in := range []string{
		`<graphics passwdValidTo='2026'/>`,
		`<name>passwd</name>`,
		"<secret ephemeral='no' private='yes'>\n  <uuid>1</uuid>\n</secret>",
		"<auth username='a'>\n  <secret type='ceph' uuid='1'/>\n</auth>",
		"<encryption format='luks'><secret type='passphrase' uuid='1'/></encryption>",
		`<qemu:arg value='-object'/>`,
		`<source protocol='http' name='http://host:8080/a'/>`,
		`<description>no secret here</description>`,
	} {
		if got := Document(in); got != in {
			t.Errorf("%q became %q", in, got)
		}
	}
}

func TestFragmentsOfEveryLength(t *testing.T) {
	f := NewFragments()
	for _, in := range secretTexts() {
		at := strings.Index(in, marker)
		for end := at + 1; end <= len(in); end++ {
			if got := f.Hide(in[:end]); strings.Contains(got, marker[:min(len(marker), end-at)]) && strings.Contains(got, "s3") {
				t.Errorf("%s is traced as %s", in[:end], got)
			}
		}
	}
}

// The names by which a parsed document is judged are those that the rules find.
func TestNamesAgree(t *testing.T) {
	for _, name := range []string{"passwd", "keyPassword", "passphrase", "secretValue", "passwdValidTo", "name"} {
		shown := Document("<x "+name+"='"+marker+"'/>") == "<x "+name+"='"+marker+"'/>"
		if Attribute(name) == shown {
			t.Errorf("attribute %s: %v, shown %v", name, Attribute(name), shown)
		}
	}
	for _, name := range []string{"password", "rootPasswd", "passphrase", "secret", "cookie", "dhCert", "session", "masterKey", "cookies", "name"} {
		shown := strings.Contains(Document("<"+name+">"+marker+"</"+name+">"), marker)
		if Element(name) == shown {
			t.Errorf("element %s: %v, shown %v", name, Element(name), shown)
		}
	}
}

func FuzzDocument(f *testing.F) {
	for _, in := range secretTexts() {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Document(text); strings.Count(got, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q: lines were lost or made: %q", text, got)
		}
		if strings.Contains(text, marker) {
			return
		}
		// Beside whatever texts a document has, its passwords are hidden.
		safe := html.EscapeString(text)
		secrets := secretTexts()
		secret := secrets[len(text)%len(secrets)]
		whole := "<domain><name a='" + safe + "'>" + safe + "</name>" + secret + "<description>" + safe + "</description></domain>"
		if got := Document(whole); strings.Contains(got, marker) {
			t.Errorf("%q is shown as %q", whole, got)
		}
	})
}
