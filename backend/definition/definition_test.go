package definition

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"hvdeck/backend"
)

func TestProblems(t *testing.T) {
	deep := strings.Repeat("<a>", 300)
	bomb := "<?xml version='1.0'?>\n<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]>\n<domain>&lol2;</domain>"
	for name, c := range map[string]struct {
		kind backend.Kind
		text string
		line int
		want string // "" for good
	}{
		"good":              {backend.KindVM, "<?xml version='1.0' encoding='utf-8'?>\n<!-- x -->\n<domain type='kvm' xmlns:qemu='http://x'>\n<qemu:a/>&lt;</domain>\n", 0, ""},
		"snapshot":          {backend.KindSnapshot, "<domainsnapshot><name>s</name></domainsnapshot>", 0, ""},
		"long chain":        {backend.KindVM, "<domain>" + strings.Repeat("<backingStore>", 200) + strings.Repeat("</backingStore>", 200) + "</domain>", 0, ""},
		"not closed":        {backend.KindVM, "<domain>\n<devices>\n</domain>", 3, "element <devices> closed by </domain>"},
		"cut off":           {backend.KindVM, "<domain>\n<a>\n", 3, "unexpected EOF"},
		"wrong root":        {backend.KindVM, "<!-- c -->\n<pool/>", 2, "the outermost element is <pool>; it has to be <domain>"},
		"another kind":      {backend.KindPool, "<network/>", 1, "it has to be <pool>"},
		"two roots":         {backend.KindVM, "<domain/>\n<domain/>", 2, "second outermost"},
		"text outside":      {backend.KindVM, "<domain/>\nx", 2, "text outside"},
		"empty":             {backend.KindVM, " \n", 0, "empty"},
		"only a comment":    {backend.KindVM, "<!-- x -->", 0, "no element"},
		"bomb":              {backend.KindVM, bomb, 2, "document type"},
		"external entity":   {backend.KindVM, "<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/shadow'>]><domain>&x;</domain>", 1, "document type"},
		"unknown entity":    {backend.KindVM, "<domain>\n&x;</domain>", 2, "an unknown entity"},
		"bare ampersand":    {backend.KindVM, "<domain><graphics passwd='se&cret'/></domain>", 1, "written as &amp;"},
		"too deep":          {backend.KindVM, "<domain>\n" + deep, 2, "nested more than 256 deep"},
		"too long":          {backend.KindVM, "<domain>" + strings.Repeat(" ", MaxLength), 0, "4 MiB"},
		"NUL":               {backend.KindVM, "<domain>\n\x00</domain>", 2, "NUL"},
		"control character": {backend.KindVM, "<domain><name>a\x01</name></domain>", 1, "illegal character code"},
		"not UTF-8":         {backend.KindVM, "<domain>\n\xff</domain>", 2, "not UTF-8"},
		"another encoding":  {backend.KindVM, "<?xml version='1.0' encoding='UTF-16'?><domain/>", 1, "UTF-8"},
		"attribute twice":   {backend.KindVM, "<domain>\n<a b='1' b='2'/></domain>", 2, "twice"},
		"no quotes":         {backend.KindVM, "<domain type=kvm/>", 1, "attribute"},
		"kind without":      {backend.KindHost, "<host/>", 0, "a host has no definition"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(c.text, c.kind)
			var p *Problem
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (!errors.As(err, &p) || p.Line != c.line || !strings.Contains(p.Why, c.want) || strings.Contains(p.Why, "cret")):
				t.Errorf("%v, want line %d and %q", err, c.line, c.want)
			}
		})
	}
}

func TestEveryRootIsTaken(t *testing.T) {
	for _, k := range []backend.Kind{backend.KindVM, backend.KindPool, backend.KindVolume, backend.KindNetwork, backend.KindInterface, backend.KindSecret, backend.KindSnapshot} {
		if _, err := Read("<"+Root(k)+"/>", k); err != nil {
			t.Errorf("%s: %v", k, err)
		}
	}
}

func TestHead(t *testing.T) {
	h, err := Read(`<domain type='kvm'><metadata><name>no</name></metadata><name>web &amp; 1</name><!-- c --><uuid> C7A5
</uuid><devices><interface><uuid>no</uuid></interface><graphics type='vnc' passwd='hunter2'/>
<cookies><cookie name='a'> token </cookie></cookies><secret type='ceph'> </secret></devices></domain>`, backend.KindVM)
	if err != nil || h.Name != "web & 1" || h.UUID != " C7A5\n" || !slices.Equal(h.Secrets, []string{"hunter2", "token"}) {
		t.Errorf("%+v %v", h, err)
	}
	h, err = Read(`<interface type='bridge' name='br0'><bridge><interface name='eth0'/></bridge></interface>`, backend.KindInterface)
	if err != nil || h.Name != "br0" {
		t.Errorf("%+v %v", h, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("<domain><name>a</name><uuid>b</uuid></domain>")
	f.Add("<!DOCTYPE a><domain/>")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Read(text, backend.KindVM); err == nil && !strings.Contains(text, "<domain") {
			t.Errorf("%q was taken", text)
		}
	})
}
