package libvirt

import (
	"fmt"
	"strings"
	"testing"

	"hvdeck/backend"
)

func TestXMLOfAnOperator(t *testing.T) {
	deep := strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)
	bomb := `<!DOCTYPE domain [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><domain><name>&b;</name></domain>`
	for name, tt := range map[string]struct {
		kind  backend.Kind
		text  string
		words string // "" where it is taken
	}{
		"plain":              {backend.KindVM, "<?xml version='1.0' encoding='UTF-8'?>\n<!-- hello -->\n<domain><name>a</name></domain>\n", ""},
		"namespaces":         {backend.KindVM, `<domain xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'><qemu:commandline/></domain>`, ""},
		"empty":              {backend.KindVM, " \n", "the XML is empty"},
		"no element":         {backend.KindVM, "<!-- nothing -->", "no element"},
		"bomb":               {backend.KindVM, bomb, "document type or entity is not allowed"},
		"external entity":    {backend.KindVM, `<!DOCTYPE domain SYSTEM "file:///etc/passwd"><domain/>`, "line 1 of the XML: a document type"},
		"unknown entity":     {backend.KindVM, "<domain>\n<name>&x;</name></domain>", "line 2 of the XML: an unknown entity"},
		"bare ampersand":     {backend.KindVM, "<domain><graphics passwd='se&cret'/></domain>", "written as &amp;"},
		"deep":               {backend.KindVM, deep, "nested more than 64 deep"},
		"long":               {backend.KindVM, "<domain>" + strings.Repeat(" ", maxXML) + "</domain>", "4194304 at most"},
		"not closed":         {backend.KindVM, "<domain>\n<devices>\n</domain>", "line 3 of the XML: element <devices> closed by </domain>"},
		"cut short":          {backend.KindVM, "<domain>\n\n<name>a", "line 3 of the XML: unexpected EOF"},
		"two roots":          {backend.KindVM, "<domain/><domain/>", "second root element"},
		"text behind":        {backend.KindVM, "<domain/>x", "text outside"},
		"control character":  {backend.KindVM, "<domain><name>a\x01</name></domain>", "illegal character code"},
		"not UTF-8":          {backend.KindVM, "<domain>\xff</domain>", "not UTF-8"},
		"another encoding":   {backend.KindVM, "<?xml version='1.0' encoding='UTF-16'?><domain/>", "UTF-8"},
		"another kind":       {backend.KindPool, "<network/>", "the XML of a pool begins with <pool>, not with <network>"},
		"a page of the web":  {backend.KindVM, "<html><body/></html>", "begins with <domain>"},
		"kind without XML":   {backend.KindHost, "<host/>", "begins with <>"},
		"root of a snapshot": {backend.KindSnapshot, "<domainsnapshot><name>s</name></domainsnapshot>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readHead("define VM", tt.kind, tt.text)
			if tt.words == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if backend.ClassOf(err) != backend.ClassInvalid || !strings.Contains(err.Error(), tt.words) || strings.Contains(err.Error(), "cret") {
				t.Errorf("%v, want %q", err, tt.words)
			}
		})
	}
}

func TestHeadOfXML(t *testing.T) {
	text := `<domain type='kvm'><metadata><name>no</name></metadata><name>web &amp; 1</name><!-- c --><uuid> C7A5FDBD-EDAF9455926AD65C16DB1809
</uuid><devices><interface><uuid>no</uuid></interface><graphics type='vnc' passwd='hunter2'/></devices></domain>`
	h, err := readHead("define", backend.KindVM, text)
	if err != nil || h.name != "web & 1" || !sameUUID(h.uuid, "c7a5fdbd-edaf-9455-926a-d65c16db1809") {
		t.Errorf("%+v %v", h, err)
	}
	refused := backend.Refuse(backend.ClassInvalid, "define", "", "bad value 'hunter2' for passwd")
	if got := h.withoutSecrets(refused).Error(); strings.Contains(got, "hunter2") || !strings.Contains(got, "bad value '…'") {
		t.Error(got)
	}
	h, err = readHead("define", backend.KindInterface, `<interface type='bridge' name='br0'><bridge><interface name='eth0'/></bridge></interface>`)
	if err != nil || h.name != "br0" {
		t.Errorf("%+v %v", h, err)
	}
}

func TestNamesOfFiles(t *testing.T) {
	for _, bad := range []string{"", "  ", "a/b", "/", ".", "..", "a\nb", "a\x00", "\x1b[31m", "a\xff", strings.Repeat("a", 201)} {
		if err := checkFileName("create VM", "VM", bad); backend.ClassOf(err) != backend.ClassInvalid || strings.ContainsAny(fmt.Sprint(err), "\n\x1b\x00") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"web-01", "it's \"quoted\" <&>", "仮想", ".hidden"} {
		if err := checkFileName("create VM", "VM", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func FuzzReadHead(f *testing.F) {
	f.Add("<domain><name>a</name><uuid>b</uuid></domain>")
	f.Add("<!DOCTYPE a><domain/>")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := readHead("define", backend.KindVM, text)
		if err == nil && h.root != "domain" {
			t.Errorf("%q was taken", text)
		}
	})
}
