package libvirt

import (
	"fmt"
	"strings"
	"testing"

	"hvdeck/backend"
)

func TestXMLOfAnOperator(t *testing.T) {
	for text, words := range map[string]string{
		"<!DOCTYPE domain SYSTEM 'file:///etc/passwd'>\n<domain/>": "line 1: a document type",
		"<domain><graphics passwd='se&cret'/></domain>":            "line 1: an unknown entity",
		"<network/>": "it has to be <domain>",
		" ":          "the text is empty",
	} {
		_, err := readHead("define VM", backend.KindVM, text)
		if backend.ClassOf(err) != backend.ClassInvalid || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "cret") {
			t.Errorf("%v, want %q", err, words)
		}
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
