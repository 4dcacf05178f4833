package mem

import (
	"context"
	"fmt"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

var _ backend.Documenter = (*conn)(nil)

// Documents implements backend.Documenter.
func (c *conn) Documents(r backend.Ref) []string {
	switch r.Kind {
	case backend.KindHost:
		return []string{"Capabilities", "System information"}
	case backend.KindVM:
		return []string{backend.DocumentNow}
	case backend.KindSnapshot:
		return []string{backend.DocumentDifferences}
	default:
		return nil
	}
}

// Document implements backend.Documenter.
func (c *conn) Document(ctx context.Context, r backend.Ref, name string) (*backend.Document, error) {
	const doing = "read"
	_, release, err := c.call(ctx, CallDocument)
	if err != nil {
		return nil, c.failed(err, doing, name)
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	doc := &backend.Document{Ref: r, Name: name, At: h.now()}
	switch one, m := h.hostOf(r), h.byRef[r]; {
	case one != nil && name == "Capabilities":
		one.capabilities(doc)
	case one != nil && name == "System information":
		one.systemInformation(doc)
	case m != nil && name == backend.DocumentNow:
		doc.Raw = textOf(m.xml())
		doc.Sections = []backend.DocumentSection{{Title: "VM", Fields: []backend.Field{{Name: "Name", Value: m.Name}, {Name: "UUID", Value: m.UUID}}}}
	case name == backend.DocumentDifferences:
		return h.changesSince(doc)
	case one == nil && m == nil:
		return nil, backend.Refuse(backend.ClassNotFound, doing, name, "no such %s", r.Kind)
	default:
		return nil, backend.Refuse(backend.ClassUnsupported, doing, name, "there is no such document")
	}
	return doc, nil
}

func (h *host) capabilities(doc *backend.Document) {
	doc.Sections = []backend.DocumentSection{
		{Title: "Host", Fields: []backend.Field{{Name: "CPU", Value: h.CPUModel}, {Name: "Logical CPUs", Value: fmt.Sprint(h.CPUs)}}},
		{Title: "Guests", Fields: []backend.Field{{Name: "x86_64", Value: "hvm: pc-q35-9.2, pc-i440fx-9.2"}}},
		{Title: "Domain types", Depth: 1, Fields: []backend.Field{{Name: "kvm", Value: "/usr/bin/qemu-system-x86_64"}}},
	}
	doc.Raw = textOf(&libvirtxml.Caps{
		Host:   libvirtxml.CapsHost{UUID: h.ID.ID, CPU: &libvirtxml.CapsHostCPU{Arch: "x86_64", Model: h.CPUModel}},
		Guests: []libvirtxml.CapsGuest{{OSType: "hvm", Arch: libvirtxml.CapsGuestArch{Name: "x86_64", WordSize: "64"}}},
	})
}

func (h *host) systemInformation(doc *backend.Document) {
	doc.Sections = []backend.DocumentSection{
		{Title: "BIOS", Fields: []backend.Field{{Name: "Vendor", Value: "American Megatrends"}, {Name: "Version", Value: "3.4"}}},
		{Title: "System", Fields: []backend.Field{{Name: "Model", Value: h.Model}}},
	}
}

func (h *Hypervisor) changesSince(doc *backend.Document) (*backend.Document, error) {
	for _, m := range h.vms {
		s := m.snapOf(doc.Ref)
		if s == nil {
			continue
		}
		doc.Sections = []backend.DocumentSection{{Title: "Changes since " + s.Name, Fields: []backend.Field{
			{Name: "State", Value: s.State.String() + ", now " + m.State.String()},
		}}}
		doc.Raw = textOf(s.xml())
		return doc, nil
	}
	return nil, backend.Refuse(backend.ClassNotFound, "read", doc.Name, "no such snapshot")
}
