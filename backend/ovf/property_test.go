package ovf

import (
	"slices"
	"strings"
	"testing"
)

// with is a descriptor with these sections in its system.
func with(t testing.TB, sections string, options ...string) *Descriptor {
	t.Helper()
	text := strings.Replace(descriptorOf(), "<VirtualHardwareSection>", sections+"<VirtualHardwareSection>", 1)
	text = strings.Replace(text, "<Envelope ", `<Envelope xmlns:vmw="http://www.vmware.com/schema/ovf" `, 1)
	for _, o := range options {
		text = strings.Replace(text, "<NetworkSection>", "<DeploymentOptionSection><Info/>"+o+"</DeploymentOptionSection><NetworkSection>", 1)
	}
	d, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPropertiesAreCheckedByTheirType(t *testing.T) {
	for attrs, c := range map[string]struct {
		good, bad []string
		limits    string
		kind      string
	}{
		`ovf:type="string"`: {[]string{"", "x"}, []string{"\xff"}, "", "string"},
		`ovf:type="string" ovf:qualifiers="MinLen(3),MaxLen(8)"`:           {[]string{"abc", "ÄÖÜßÄÖÜß"}, []string{"", "ab", "123456789"}, "3 to 8 characters", "string"},
		`ovf:type="string" ovf:qualifiers="MinLen(1)"`:                     {[]string{"a"}, []string{""}, "at least 1 character", "string"},
		`ovf:type="string" ovf:qualifiers="MaxLen(2)"`:                     {[]string{"", "ab"}, []string{"abc"}, "at most 2 characters", "string"},
		`ovf:type="boolean"`:                                               {[]string{"true", "False"}, []string{"", "yes", "1"}, "", "boolean"},
		`ovf:type="Boolean"`:                                               {[]string{"true"}, []string{"maybe"}, "", "boolean"},
		`ovf:type="uint8"`:                                                 {[]string{"0", "255"}, []string{"-1", "256", "", "1.5", "1e2", " 1", "0x1"}, "0 to 255", "uint8"},
		`ovf:type="sint16"`:                                                {[]string{"-32768", "32767"}, []string{"32768", "-32769"}, "-32768 to 32767", "sint16"},
		`ovf:type="uint64"`:                                                {[]string{"18446744073709551615"}, []string{"18446744073709551616"}, "", "uint64"},
		`ovf:type="int" ovf:qualifiers="MinValue(10) MaxValue(20)"`:        {[]string{"10", "20"}, []string{"9", "21", strings.Repeat("9", 99)}, "10 to 20", "int"},
		`ovf:type="real64" ovf:qualifiers="MinValue(0.5)"`:                 {[]string{"0.5", "1e3"}, []string{"0.4", "1e9999", "NaN", "Inf", "x"}, "at least 0.5", "real64"},
		`ovf:type="string" ovf:qualifiers='ValueMap{"a b","c,d", "e""f"}'`: {[]string{"a b", "c,d", `e"f`}, []string{"", "a", "c"}, "", "string"},
		`ovf:type="string" vmw:qualifiers='Ip("Net 1")'`:                   {[]string{"", "10.0.0.1", "fe80::1"}, []string{"10.0.0", "10.0.0.256", "host"}, "", "ip"},
		`ovf:type="string" vmw:qualifiers='Dns("Net 1")'`:                  {[]string{"", "10.0.0.1, 10.0.0.2"}, []string{"10.0.0.1,x"}, "", "string"},
		`ovf:type="ip"`:                                                    {[]string{"10.0.0.1"}, []string{"x"}, "", "ip"},
	} {
		d := with(t, `<ProductSection ovf:class="c" ovf:instance="i"><Info/><Property ovf:key="k" `+attrs+`/></ProductSection>`)
		if len(d.Properties) != 1 {
			t.Fatalf("%s: %+v", attrs, d)
		}
		p := d.Properties[0]
		if p.Key != "c.k.i" || p.System != "vm" || p.Limits != c.limits || p.Type != c.kind {
			t.Errorf("%s: %+v", attrs, p)
		}
		for _, v := range c.good {
			if reason := p.Check(v); reason != "" {
				t.Errorf("%s: %q %s", attrs, v, reason)
			}
		}
		for _, v := range c.bad {
			if p.Check(v) == "" {
				t.Errorf("%s takes %q", attrs, v)
			}
		}
		if strings.Contains(attrs, "Net 1") && p.Network != "Net 1" {
			t.Errorf("%s: the network is %q", attrs, p.Network)
		}
	}
}

func TestFindings(t *testing.T) {
	for text, words := range map[string]string{
		`<ProductSection><Info/><Property ovf:key="k" ovf:type="nosuch"/></ProductSection>`:                                                                                 "nosuch",
		`<ProductSection><Info/><Property ovf:key="k"/></ProductSection>`:                                                                                                   "no type",
		`<ProductSection><Info/><Property ovf:type="int"/></ProductSection>`:                                                                                                "no key",
		`<ProductSection><Info/><Property ovf:key="k" ovf:type="int"/><Property ovf:key="k" ovf:type="int"/></ProductSection>`:                                              "twice",
		`<ProductSection><Info/><Property ovf:key="k" ovf:type="int" ovf:value="x"/></ProductSection>`:                                                                      "default of the property",
		`<ProductSection><Info/><Property ovf:key="k" ovf:type="int" ovf:qualifiers="MinValue(2),MaxValue(1)"/></ProductSection>`:                                           "no value",
		`<ProductSection><Info/><Property ovf:key="k" ovf:type="string" ovf:qualifiers="MinLen(x)"/></ProductSection>`:                                                      "MinLen",
		`<ProductSection><Info/><Property ovf:key="k" ovf:type="string" ovf:qualifiers="Frob(1)"/></ProductSection>`:                                                        "Frob",
		`<XSection xmlns="http://x"><Info/></XSection>`:                                                                                                                     "XSection is required",
		`<XSection xmlns="http://x" ovf:required="false"><Info/></XSection>`:                                                                                                "is left out",
		`<DiskSection><Info/><Disk ovf:diskId="x" ovf:capacity="1" ovf:capacityAllocationUnits="fathom"/></DiskSection>`:                                                    "fathom",
		`<DiskSection><Info/><Disk ovf:diskId="x" ovf:capacity="9223372036854775807" ovf:capacityAllocationUnits="byte * 2^30"/></DiskSection>`:                             "more than any machine",
		`<DiskSection><Info/><Disk ovf:diskId="x" ovf:capacity="-1"/></DiskSection>`:                                                                                        "no whole number",
		`<DiskSection><Info/><Disk ovf:diskId="d0" ovf:capacity="1"/></DiskSection>`:                                                                                        "twice",
		`<DiskSection><Info/><Disk ovf:diskId="x" ovf:capacity="${nothing}"/></DiskSection>`:                                                                                "nothing",
		`<DiskSection><Info/><Disk ovf:diskId="x" ovf:capacity="1" ovf:parentRef="y"/></DiskSection>`:                                                                       `parent "y"`,
		`<VirtualHardwareSection><Item/></VirtualHardwareSection>`:                                                                                                          "no instance id",
		`<VirtualHardwareSection><Item><InstanceID>1</InstanceID><ResourceType>x</ResourceType></Item></VirtualHardwareSection>`:                                            "resource type",
		`<VirtualHardwareSection><Item><InstanceID>1</InstanceID><ResourceType>10</ResourceType><Connection>lan</Connection></Item></VirtualHardwareSection>`:               `network "lan"`,
		`<VirtualHardwareSection><Item><InstanceID>1</InstanceID><ResourceType>15</ResourceType><HostResource>ovf:/file/iso</HostResource></Item></VirtualHardwareSection>`: `file "iso"`,
		`<VirtualHardwareSection><Item><InstanceID>1</InstanceID><ResourceType>17</ResourceType><HostResource>ovf:/disk/dx</HostResource></Item></VirtualHardwareSection>`:  `disk "dx"`,
	} {
		d := with(t, text)
		if !slices.ContainsFunc(texts(d), func(s string) bool { return strings.Contains(s, words) }) {
			t.Errorf("%s: %q do not say %q", text, texts(d), words)
		}
	}
}

func texts(d *Descriptor) []string {
	var out []string
	for _, f := range d.Findings {
		out = append(out, f.Text)
	}
	return out
}

func TestDeploymentOptions(t *testing.T) {
	item := func(attrs, id, kind, n string) string {
		return `<Item ` + attrs + `><InstanceID>` + id + `</InstanceID><ResourceType>` + kind + `</ResourceType><VirtualQuantity>` + n + `</VirtualQuantity></Item>`
	}
	d := with(t, `<ProductSection><Info/><Property ovf:key="k" ovf:type="int" ovf:value="1"><Value ovf:value="7" ovf:configuration="big"/></Property>
		<Property ovf:key="only" ovf:type="int" ovf:configuration="big"/></ProductSection>
		<VirtualHardwareSection>`+item("", "1", "3", "2")+item(`ovf:configuration="big huge"`, "1", "3", "8")+item(`ovf:bound="min"`, "1", "3", "1")+
		item(`ovf:bound="max"`, "1", "3", "16")+item("", "2", "4", "512")+item(`ovf:configuration="big"`, "3", "4", "1")+`</VirtualHardwareSection>`,
		`<Configuration ovf:id="small"><Label>Small</Label></Configuration><Configuration ovf:id="big"/><Configuration ovf:id="huge" ovf:default="true"/>`)
	for option, want := range map[string]struct {
		cpus       int
		memory     uint64
		value      string
		properties int
	}{"": {8, 512 << 20, "1", 1}, "small": {2, 512 << 20, "1", 1}, "big": {8, 513 << 20, "7", 2}, "huge": {8, 512 << 20, "1", 1}} {
		u, err := d.Under(option)
		if err != nil {
			t.Fatal(err)
		}
		s := u.Systems[0]
		if s.CPUs != want.cpus || s.Memory != want.memory || u.Properties[0].Default != want.value || len(u.Properties) != want.properties {
			t.Errorf("%q: %+v %+v", option, s, u.Properties)
		}
		if s.Devices[0].Least != "1" || s.Devices[0].Most != "16" || len(s.Devices) > 3 {
			t.Errorf("%q: %+v", option, s.Devices)
		}
		if back, err := u.Under(""); err != nil || back.Option != "huge" {
			t.Errorf("%q and back: %v", option, err)
		}
	}
	if _, err := d.Under("none"); err == nil {
		t.Error("an option that is not there was taken")
	}
}

func TestUnits(t *testing.T) {
	for unit, want := range map[string]uint64{"": 7, "byte": 1, "byte * 2^30": 1 << 30, "byte*1024*1024": 1 << 20, "GigaBytes": 1 << 30, "MB": 1 << 20,
		"byte * 2 ^ 20": 1 << 20, "1048576": 1 << 20, "TeraByte": 1 << 40, "byte * 10^3": 1000} {
		if n, err := unitOf(unit, 7); err != nil || n != want {
			t.Errorf("%q: %d, %v", unit, n, err)
		}
	}
	for _, unit := range []string{"fathom", "byte * x", "byte * 2^64", "byte * 2^", "*", "byte * 4294967296 * 4294967296", "byte * 2^200"} {
		if n, err := unitOf(unit, 7); err == nil {
			t.Errorf("%q: %d", unit, n)
		}
	}
	for n, want := range map[uint64]string{0: "0 bytes", 512: "512 bytes", 1536: "1.5 KiB", 4 << 30: "4 GiB", 1<<63 - 1: "8192 PiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %q, not %q", n, got, want)
		}
	}
}
