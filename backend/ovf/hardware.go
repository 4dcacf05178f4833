package ovf

import (
	"cmp"
	"strconv"
	"strings"
)

func (r *reader) system(n *node) {
	s := System{ID: n.attr("id"), Name: r.nameOf(n), Within: strings.Join(r.within, "/"),
		Description: r.words(n.child("Info")), Annotation: r.words(n.child("AnnotationSection").child("Annotation"))}
	r.identity(n, "virtual system", s.ID)
	r.operatingSystem(n.child("OperatingSystemSection"), &s)
	r.hardware(n, &s)
	for _, k := range n.kids {
		r.shared(k, s.ID)
	}
	r.d.Systems = append(r.d.Systems, s)
}

func (r *reader) operatingSystem(n *node, s *System) {
	id := n.attr("id")
	s.OSID = cmp.Or(n.vmw("osType"), id)
	s.OS = cmp.Or(r.words(n.child("Description")), s.OSID)
	if id == "" {
		return
	}
	if _, err := strconv.ParseUint(id, 10, 16); err != nil {
		r.warn(n, "the operating system of %s has the number %q, which is none", s.Name, id)
	}
}

// hardware reads the first section for a VMware machine, else the first: the sections are
// alternatives. Source: DSP0243 8.1.
func (r *reader) hardware(system *node, s *System) {
	sections := system.children("VirtualHardwareSection")
	if len(sections) == 0 {
		r.fail(system, "the virtual system %s has no hardware", s.ID)
		return
	}
	chosen := sections[0]
	for _, n := range sections {
		if strings.Contains(n.child("System").child("VirtualSystemType").text, "vmx-") {
			chosen = n
			break
		}
	}
	s.Hardware = chosen.child("System").child("VirtualSystemType").text
	s.Transports = strings.Fields(chosen.attr("transport"))
	ranges := r.ranges(chosen)
	for _, n := range r.items(chosen) {
		r.item(n, s, ranges)
	}
}

func isItem(n *node) bool {
	return n.name == "Item" || n.name == "StorageItem" || n.name == "EthernetPortItem"
}

func instance(n *node) string { return cmp.Or(n.child("InstanceID").text, n.child("InstanceId").text) }

// items are those of the deployment option. Where two have the same id, the one that
// names the option stands in place of the one for all. Source: DSP0243 9.8.
func (r *reader) items(section *node) []*node {
	var out []*node
	at := map[string]int{}
	for _, n := range section.kids {
		if b := n.attr("bound"); !isItem(n) || !r.applies(n) || (b != "" && b != "normal") {
			continue
		}
		id := instance(n)
		i, there := at[id]
		special := n.attr("configuration") != ""
		switch {
		case id == "":
			r.fail(n, "an item of the hardware has no instance id")
			out = append(out, n)
		case !there:
			at[id] = len(out)
			out = append(out, n)
		case special && out[i].attr("configuration") == "":
			out[i] = n
		case special == (out[i].attr("configuration") != ""):
			r.fail(n, "two items of the hardware have the instance id %s", id)
			out = append(out, n)
		}
	}
	return out
}

// span is what an item may range over.
type span struct{ least, most string }

func (r *reader) ranges(section *node) map[string]span {
	out := map[string]span{}
	for _, n := range section.kids {
		if !isItem(n) || !r.applies(n) {
			continue
		}
		s := out[instance(n)]
		switch n.attr("bound") {
		case "min":
			s.least = r.quantity(n)
		case "max":
			s.most = r.quantity(n)
		case "", "normal":
			continue
		default:
			r.fail(n, "an item of the hardware is bound by %q, which is not min, max or normal", n.attr("bound"))
		}
		out[instance(n)] = s
	}
	return out
}

// The resource types of CIM that matter here. Source: CIM_ResourceAllocationSettingData.
const (
	typeCPU, typeMemory, typeNIC, typeDisk = 3, 4, 10, 17
)

func kindOf(resource int, sub string) string {
	names := map[int]string{1: "other", typeCPU: "cpu", typeMemory: "memory", 5: "IDE controller", 6: "SCSI controller",
		7: "FC adapter", 8: "iSCSI adapter", 9: "InfiniBand adapter", typeNIC: "network adapter", 11: "other network adapter",
		13: "other I/O", 14: "floppy", 15: "cdrom", 16: "dvd", typeDisk: "disk", 18: "tape", 19: "storage extent",
		20: "storage controller", 21: "serial port", 22: "parallel port", 23: "USB controller", 24: "graphics",
		25: "IEEE 1394", 26: "partition", 31: "logical disk", 32: "volume", 33: "Ethernet connection", 35: "sound"}
	if name := names[resource]; name != "" && resource != 1 {
		return name
	}
	return cmp.Or(strings.TrimPrefix(sub, "vmware."), "type "+strconv.Itoa(resource))
}

func (r *reader) item(n *node, s *System, ranges map[string]span) {
	resource, err := strconv.Atoi(n.child("ResourceType").text)
	if err != nil {
		r.fail(n, "an item of the hardware has the resource type %q, which is no number", n.child("ResourceType").text)
		return
	}
	sub := n.child("ResourceSubType").text
	limits := ranges[instance(n)]
	d := Device{ID: instance(n), Kind: kindOf(resource, sub), SubType: sub,
		Name:     cmp.Or(r.words(n.child("ElementName")), r.words(n.child("Caption"))),
		About:    r.words(n.child("Description")),
		Quantity: r.quantity(n), Required: n.attr("required") != "false",
		Least: limits.least, Most: limits.most}
	r.connect(n, &d, s, resource)
	s.Devices = append(s.Devices, d)
	switch resource {
	case typeCPU:
		s.CPUs += r.cpus(n)
	case typeMemory:
		s.Memory += r.memory(n)
	}
}

// connect says what a device uses: a network, or a disk or file by "ovf:/disk/ID".
func (r *reader) connect(n *node, d *Device, s *System, resource int) {
	if resource == typeNIC {
		d.Connection = n.child("Connection").text
		s.Networks = append(s.Networks, d.Connection)
		return
	}
	kind, id := hostResource(n.child("HostResource").text)
	d.Connection = id
	if kind == "disk" {
		s.Disks = append(s.Disks, id)
		r.seen["used disk\x00"+id] = true
	}
	d.file = kind == "file"
}

// hostResource reads "ovf:/disk/ID", and what older versions wrote: "ovf://disk/ID",
// "/disk/ID", "disk/ID".
func hostResource(s string) (kind, id string) {
	s = strings.TrimLeft(strings.TrimPrefix(s, "ovf:"), "/")
	kind, id, found := strings.Cut(s, "/")
	if !found || (kind != "disk" && kind != "file") {
		return "", s
	}
	return kind, id
}

func (r *reader) quantity(n *node) string {
	q := n.child("VirtualQuantity").text
	if q == "" || n.child("ResourceType").text != strconv.Itoa(typeMemory) {
		return q
	}
	if v, err := amount(q, n.child("AllocationUnits").text, 1<<20); err == nil {
		return Bytes(v)
	}
	return q
}

func (r *reader) cpus(n *node) int {
	q := n.child("VirtualQuantity").text
	if q == "" {
		r.warn(n, "the number of CPUs is not given")
		return 0
	}
	v, err := strconv.ParseUint(q, 10, 16)
	if err != nil {
		r.fail(n, "the number of CPUs is %q", q)
	}
	return int(v)
}

// memory without a unit is in MiB: that is how what writes none means it.
func (r *reader) memory(n *node) uint64 {
	q := n.child("VirtualQuantity").text
	if q == "" {
		r.warn(n, "the size of the memory is not given")
		return 0
	}
	v, err := amount(q, n.child("AllocationUnits").text, 1<<20)
	if err != nil {
		r.fail(n, "the size of the memory is wrong: %s", err)
	}
	return v
}
