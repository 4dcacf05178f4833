package libvirt

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/definition"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// within fails what an input of a fuzzer took too long for, and what took more memory
// than so many times its size. Limits are far from what is usual: a machine that is
// busy with other things must not make a finding.
func within(t *testing.T, size int) func() {
	t.Helper()
	began, before := time.Now(), allocated()
	return func() {
		t.Helper()
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%d bytes took %v", size, took)
		}
		if took := allocated() - before; took > 16<<20+2000*uint64(size) {
			t.Errorf("%d bytes took %d", size, took)
		}
	}
}

// sections are pages that an operator sees: titles and fields.
func sections(t *testing.T, all []backend.DocumentSection) {
	t.Helper()
	backendtest.Shown(t, &backend.Document{Sections: all})
}

// defined holds what the editor's limits say of a text: what is taken has a name
// without line breaks, and no secret is in an error.
func defined(t *testing.T, k backend.Kind, text string) {
	t.Helper()
	h, err := readHead("define", k, text)
	if err != nil {
		if backend.ClassOf(err) != backend.ClassInvalid {
			t.Errorf("class %v: %v", backend.ClassOf(err), err)
		}
		return
	}
	refused := h.withoutSecrets(&backend.Error{Message: "before " + strings.Join(h.secrets, " between ") + " after"})
	for _, s := range h.secrets {
		if s != "" && strings.Contains("before between after …", s) {
			continue
		}
		if strings.Contains(refused.Error(), s) {
			t.Errorf("%q stays in %q", s, refused)
		}
	}
	if _, err := definition.Read(text, k); err != nil {
		t.Errorf("taken first, then %v", err)
	}
}

// described replaces the description of a text: what was written is what is read.
func described(t *testing.T, text string) {
	t.Helper()
	const words = "a <new> one & \"more\""
	changed, err := withDescription(text, words)
	if err != nil {
		return
	}
	again, err := withDescription(changed, words)
	if err != nil || again != changed {
		t.Errorf("%v: %.200q, then %.200q", err, changed, again)
	}
}

const fuzzedDomain = `<domain type='kvm' id='7'><name>web01</name><uuid>12345678-1234-1234-1234-123456789012</uuid><title>t</title><description>d</description>
<memory unit='KiB'>1048576</memory><currentMemory unit='MiB'>512</currentMemory><vcpu placement='static' current='2'>4</vcpu>
<os firmware='efi'><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><loader secure='yes' type='pflash'>/x</loader><boot dev='hd'/></os>
<cpu mode='host-model'><model>x</model><topology sockets='1' cores='2' threads='2'/></cpu><on_crash>destroy</on_crash>
<devices><disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none'/><source file='/a.qcow2'/>
<backingStore type='file'><format type='qcow2'/><source file='/b.qcow2'/><backingStore/></backingStore><target dev='vda' bus='virtio'/><boot order='1'/></disk>
<disk type='volume' device='cdrom'><source pool='p' volume='v'/><target dev='sda' bus='sata'/><readonly/></disk>
<disk type='network'><source protocol='rbd' name='p/i'><host name='h' port='1'/></source><target dev='vdb'/></disk>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/><target dev='vnet0'/><link state='down'/></interface>
<interface type='bridge'><source bridge='br0'/></interface><controller type='usb' model='qemu-xhci'/>
<serial type='pty'><source path='/dev/pts/1'/><target port='0'/><alias name='serial0'/></serial><console type='pty'><target type='virtio' port='1'/></console>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
<graphics type='vnc' port='5900' listen='127.0.0.1' passwd='secret'/><video><model type='vga'/></video><tpm model='tpm-crb'/><rng model='virtio'/>
<watchdog model='i6300esb' action='reset'/><memballoon model='virtio'/><filesystem type='mount'><source dir='/s'/><target dir='t'/></filesystem></devices></domain>`

// FuzzDomainXML: whatever a daemon calls the definition of a VM.
func FuzzDomainXML(f *testing.F) {
	f.Add(fuzzedDomain)
	f.Add("<domain/>")
	f.Add(`<domain type="test"><memory unit="TiB">18446744073709551615</memory><vcpu>4294967295</vcpu><devices/></domain>`)
	f.Add(`<domain><memory>18446744073709551615</memory><currentMemory unit='GiB'>17179869184</currentMemory><vcpu current='18446744073709551615'>9223372036854775808</vcpu></domain>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		macsOf(text)
		sections(t, domainSections(text))
		defined(t, backend.KindVM, text)
		described(t, text)
		var part domainDisks
		if xmlUnmarshal(text, &part) == nil {
			newDiskFiles().domain(&part)
		}
		var x libvirtxml.Domain
		if x.Unmarshal(text) != nil {
			return
		}
		detail := &backend.Detail{VM: &backend.VMDetail{}, Raw: text}
		describeVM(detail, &x)
		backendtest.Shown(t, detail)
		if m := x.Memory; m != nil && m.Value > 0 && detail.VM.MaxMemory < uint64(m.Value) {
			t.Errorf("%d %s are %d bytes", m.Value, m.Unit, detail.VM.MaxMemory)
		}
		if d := differences(&x, &x); len(d) > 0 && !twice(domainFacts(&x)) {
			t.Errorf("it differs from itself: %+v", d)
		}
		sections(t, differences(&x, &libvirtxml.Domain{}))
		sections(t, differences(&libvirtxml.Domain{}, &x))
		if name := freeTarget("virtio", &x); name == "" {
			t.Error("no name is free")
		}
	})
}

// twice reports whether two parts of a definition have one name, or two facts of a part:
// a text of no daemon.
func twice(groups []factGroup) bool {
	seen := make(map[string]bool)
	for _, g := range groups {
		for _, f := range g.fields {
			if seen[g.key+"\x00"+f.Name] {
				return true
			}
			seen[g.key+"\x00"+f.Name] = true
		}
		if seen[g.key] {
			return true
		}
		seen[g.key] = true
	}
	return false
}

// FuzzSnapshotXML: whatever a daemon calls a snapshot.
func FuzzSnapshotXML(f *testing.F) {
	f.Add(`<domainsnapshot><name>s</name><description>d</description><state>running</state><creationTime>1600000000</creationTime><parent><name>p</name></parent>
<memory snapshot='external' file='/m'/><disks><disk name='vda' snapshot='internal'/><disk name='vdb' snapshot='external' type='file'><source file='/o'/></disk></disks>` +
		fuzzedDomain + `<inactiveDomain><name>x</name></inactiveDomain></domainsnapshot>`)
	f.Add(`<domainsnapshot><creationTime>9223372036854775807</creationTime><state>disk-snapshot</state></domainsnapshot>`)
	f.Add(`<domainsnapshot><creationTime>-9223372036854775808</creationTime></domainsnapshot>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		defined(t, backend.KindSnapshot, text)
		described(t, text)
		var x libvirtxml.DomainSnapshot
		if x.Unmarshal(text) != nil {
			return
		}
		c := &client{id: "c"}
		sections(t, snapshotSections(&x))
		facts := snapshotFacts(&x)
		if facts.Storage == backend.StorageUnknown && len(facts.inside) > 0 {
			t.Errorf("%v is inside of nothing", facts.inside)
		}
		id := libvirt.UUID{1}
		for i, name := range []string{"s", x.Name, facts.parent, "/", "s[1]"} {
			// Parents that are no snapshots, and that go round.
			facts.parent = []string{x.Name, "s", facts.parent}[i%3]
			c.snapshots.put(id, name, facts, time.Unix(1, 0))
		}
		objects := c.snapshotObjects(id, []string{"s", x.Name, facts.parent, "/", "s[1]"}, x.Name)
		byRef := make(map[backend.Ref]*backend.Snapshot)
		for _, o := range objects {
			byRef[o.ID] = o
			o.NoDelete = c.noDelete(o, byRef[o.Up])
		}
		judgeTrees(objects, byRef)
		for _, o := range objects {
			backendtest.Shown(t, o)
		}
		overlaid(facts.inside, map[string]string{"vda": "/other"})
	})
}

// FuzzPoolXML: whatever a daemon calls a pool.
func FuzzPoolXML(f *testing.F) {
	f.Add(`<pool type='netfs'><name>p</name><source><host name='nas' port='2049'/><dir path='/e'/><format type='nfs'/></source><target><path>/t</path></target></pool>`)
	f.Add(`<pool type='rbd'><name>p</name><source><name>rbd</name><host name='::1' port='6789'/><host name='b'/><auth type='ceph' username='u'><secret uuid='x'/></auth></source></pool>`)
	f.Add(`<pool type='scsi'><source><adapter type='fc_host' name='h'/><device path='/dev/sda'/></source></pool>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		o := &backend.Pool{Hosts: -1, VMs: -1}
		describePool(o, text)
		backendtest.Shown(t, o)
		defined(t, backend.KindPool, text)
	})
}

// FuzzVolumeXML: whatever a daemon calls a volume.
func FuzzVolumeXML(f *testing.F) {
	f.Add(`<volume type='file'><name>v</name><key>/k</key><capacity unit='bytes'>1073741824</capacity><allocation unit='bytes'>4096</allocation><target><path>/k</path><format type='qcow2'/></target><backingStore><path>/b</path><format type='raw'/></backingStore></volume>`)
	f.Add(`<volume><capacity>18446744073709551615</capacity><allocation>-1</allocation></volume>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		o := &backend.Volume{}
		describeVolume(o, text)
		backendtest.Shown(t, o)
		defined(t, backend.KindVolume, text)
		var x libvirtxml.StorageVolume
		if x.Unmarshal(text) != nil {
			return
		}
		d := diskOn(libvirt.StorageVol{Pool: "p", Name: o.Name}, &x, "vda", "virtio")
		if _, err := d.Marshal(); err != nil {
			t.Error(err)
		}
	})
}

// FuzzNetworkXML: whatever a daemon calls a network.
func FuzzNetworkXML(f *testing.F) {
	f.Add(`<network><name>n</name><uuid>12345678-1234-1234-1234-123456789012</uuid><forward mode='nat'/><bridge name='virbr0'/><vlan><tag id='42'/></vlan><domain name='lan'/>
<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp><range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip><ip family='ipv6' address='fd00::1' prefix='64'/></network>`)
	f.Add(`<network><forward/><ip netmask='255.0.255.0' address='x'/><ip prefix='4294967295'/></network>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		defined(t, backend.KindNetwork, text)
		var x libvirtxml.Network
		if x.Unmarshal(text) != nil {
			return
		}
		o := &backend.Network{LeaseCount: -1, Hosts: -1, VMs: -1}
		describeNetwork(o, &x)
		backendtest.Shown(t, o)
	})
}

// FuzzHostObjectXML: whatever a daemon calls an interface, a device or a secret of its
// host.
func FuzzHostObjectXML(f *testing.F) {
	f.Add(`<interface type='bridge' name='br0'><start mode='onboot'/><mtu size='1500'/><mac address='0'/><protocol family='ipv4'><ip address='10.0.0.1' prefix='24'/><dhcp/></protocol><bridge><interface type='ethernet' name='eth0'/></bridge></interface>`)
	f.Add(`<interface name='eth0'><mtu size='18446744073709551615'/><link speed='1000' state='up'/></interface>`)
	f.Add(`<device><name>pci_0</name><path>/sys</path><parent>computer</parent><driver><name>d</name></driver><capability type='pci'><vendor id='0x8086'>Intel</vendor><product id='0x1'/><capability type='virt_functions'/></capability></device>`)
	f.Add(`<device><capability type='usb'><number>1</number><class>9</class></capability></device>`)
	f.Add(`<secret ephemeral='yes' private='no'><uuid>1</uuid><description>a
b</description><usage type='ceph'><name>n</name></usage></secret>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		var x libvirtxml.Interface
		if x.Unmarshal(text) == nil {
			o := &backend.Interface{}
			describeInterface(o, &x)
			backendtest.Shown(t, o)
		}
		d := &backend.NodeDevice{}
		describeNodeDevice(d, text)
		backendtest.Shown(t, d)
		s := &backend.Secret{UUID: "u"}
		describeSecret(s, text)
		if s.Name == "" {
			t.Error("a secret without a name")
		}
		backendtest.Shown(t, s)
		for _, k := range []backend.Kind{backend.KindInterface, backend.KindSecret} {
			defined(t, k, text)
		}
	})
}

// FuzzHostXML: whatever a daemon says of itself: capabilities and the like.
func FuzzHostXML(f *testing.F) {
	f.Add(`<capabilities><host><uuid>u</uuid><cpu><arch>x86_64</arch><model>m</model></cpu><power_management><suspend_mem/></power_management></host>
<guest><os_type>hvm</os_type><arch name='x86_64'><wordsize>64</wordsize><emulator>/e</emulator><machine maxCpus='255'>pc</machine><domain type='kvm'><machine>q35</machine></domain></arch></guest></capabilities>`)
	f.Add(`<sysinfo type='smbios'><bios><entry name='vendor'>v</entry></bios><system><entry name='manufacturer'>m</entry><entry name='product'>p</entry></system></sysinfo>`)
	f.Add(`<domainCapabilities><os supported='yes'><enum name='firmware'><value>efi</value></enum></os><devices><video supported='yes'><enum name='modelType'><value>vga</value></enum></video></devices></domainCapabilities>`)
	f.Fuzz(func(t *testing.T, text string) {
		defer within(t, len(text))()
		if all, err := documentSections(text); err == nil {
			sections(t, all)
		}
		c := &client{id: "c"}
		c.describeNode("qemu:///system", text)
		c.node.capabilities = text
		c.canSleepAnyhow()
		var caps libvirtxml.Caps
		if caps.Unmarshal(text) == nil && len(caps.Guests) > 0 {
			p := platformOf(&caps)
			_ = p.offers.Unmarshal(text)
			p.offersUEFI()
			p.offersVNC()
			p.videoModel()
			p.hostModel()
		}
		var sys libvirtxml.DomainSysInfoSMBIOS
		if xmlUnmarshal(text, &sys) == nil && sys.System != nil {
			smbiosModel(sys.System.Entry)
		}
		backendtest.Shown(t, &backend.Host{Model: c.node.model, CPUModel: c.node.cpuModel, Meta: backend.Meta{Name: c.node.name}})
	})
}

// TestLongTextsTakeNoLonger: what a page costs grows with its text and not with the
// square of it: a text of ten times the size takes less than forty times as long.
func TestLongTextsTakeNoLonger(t *testing.T) {
	read := func(text string) {
		_, _ = documentSections(text)
		domainSections(text)
		var x libvirtxml.Domain
		if x.Unmarshal(text) == nil {
			describeVM(&backend.Detail{VM: &backend.VMDetail{}}, &x)
		}
	}
	cases := []struct{ name, head, one, tail string }{
		{"facts of one name", "<a>", "<b>cccccccccccccccccccccccccccccccc</b>", "</a>"},
		{"text in pieces", "<a>", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb<!---->", "</a>"},
		{"a list of values", "<a><enum name='e'>", "<value>v</value>", "</enum></a>"},
		{"serial ports", "<domain><devices>", "<serial type='pty'><target port='%d'/></serial>", "</devices></domain>"},
		{"disks", "<domain><devices>", "<disk type='file'><source file='%d'/><target dev='%d'/></disk>", "</devices></domain>"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			took := func(n int) time.Duration {
				var s strings.Builder
				s.WriteString(c.head)
				for i := range n {
					s.WriteString(strings.ReplaceAll(c.one, "%d", strconv.Itoa(i)))
				}
				text := s.String() + c.tail
				best := time.Hour
				for range 2 {
					began := time.Now()
					read(text)
					best = min(best, time.Since(began))
				}
				return best
			}
			few, many := took(500), took(5000)
			if many > 40*few && many > 300*time.Millisecond {
				t.Errorf("%v, and ten times as much %v", few, many)
			}
			t.Log(few, many)
		})
	}
}
