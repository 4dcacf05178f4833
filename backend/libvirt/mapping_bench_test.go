package libvirt

import (
	"encoding/binary"
	"fmt"
	"testing"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"

	"hvdeck/backend"
)

// plainDomain is the XML of a domain as a daemon writes it, in its usual parts.
const plainDomain = `<domain type='kvm' id='%d'><name>web-%05d</name><uuid>564d0000-0000-0000-0000-%012d</uuid>
<description>one of many</description><memory unit='KiB'>4194304</memory><currentMemory unit='KiB'>4194304</currentMemory>
<vcpu placement='static'>2</vcpu><os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type><boot dev='hd'/></os>
<features><acpi/><apic/></features><cpu mode='host-passthrough' check='none'/><clock offset='utc'/>
<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/var/lib/images/web.qcow2' index='1'/><target dev='vda' bus='virtio'/></disk>
<disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
<controller type='pci' index='0' model='pcie-root'/><controller type='usb' index='0' model='qemu-xhci'/>
<interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/></interface>
<serial type='pty'><target type='isa-serial' port='0'/></serial><console type='pty'><target type='serial' port='0'/></console>
<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='connected'/></channel>
<graphics type='vnc' port='5900' autoport='yes' listen='127.0.0.1'/><video><model type='virtio'/></video><memballoon model='virtio'/>
</devices></domain>`

// BenchmarkDomainXML is the definitions of many domains made into details.
func BenchmarkDomainXML(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			texts := make([]string, n)
			for i := range texts {
				texts[i] = fmt.Sprintf(plainDomain, i+1, i, i)
			}
			b.SetBytes(int64(n * len(texts[0])))
			b.ReportAllocs()
			for b.Loop() {
				for _, text := range texts {
					var x libvirtxml.Domain
					if err := x.Unmarshal(text); err != nil {
						b.Fatal(err)
					}
					d := &backend.Detail{VM: &backend.VMDetail{}}
					if describeVM(d, &x); d.VM.Machine != "pc-q35-7.2" {
						b.Fatalf("machine %q", d.VM.Machine)
					}
				}
			}
		})
	}
}

// BenchmarkDomainList is the answer to a list of many domains made into objects.
func BenchmarkDomainList(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			records := make([]libvirt.DomainStatsRecord, n)
			for i := range records {
				r := &records[i]
				r.Dom = libvirt.Domain{Name: fmt.Sprintf("web-%05d", i), ID: int32(i + 1)}
				binary.BigEndian.PutUint64(r.Dom.UUID[8:], uint64(i))
				r.Params = []libvirt.TypedParam{
					{Field: "state.state", Value: *libvirt.NewTypedParamValueInt(int32(libvirt.DomainRunning))},
					{Field: "state.reason", Value: *libvirt.NewTypedParamValueInt(1)},
				}
			}
			c := &client{id: "c"}
			b.ReportAllocs()
			for b.Loop() {
				told := 0
				c.emitVMs(records, domainSets{}, func(vms []backend.Object) { told += len(vms) })
				if told != n {
					b.Fatalf("%d of %d VMs were told", told, n)
				}
			}
		})
	}
}
