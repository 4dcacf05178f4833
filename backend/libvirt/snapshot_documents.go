package libvirt

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// docConfiguration is the document of a snapshot with all that it holds.
const docConfiguration = "Configuration"

// snapshotDocuments are S6.
func (c *client) snapshotDocuments() []document {
	return []document{{docConfiguration, c.snapshotConfiguration}, {backend.DocumentDifferences, c.snapshotDifferences}}
}

// readSnapshotXML reads a snapshot, without secrets.
func (c *client) readSnapshotXML(ctx context.Context, r backend.Ref) (*libvirtxml.DomainSnapshot, string, error) {
	d, name, err := snapshotKey(r)
	if err != nil {
		return nil, "", err
	}
	text, err := c.snapshotXML(ctx, d, name)
	if err != nil {
		return nil, "", err
	}
	x := &libvirtxml.DomainSnapshot{}
	return x, text, parsed("snapshot", name, x.Unmarshal(text))
}

// snapshotConfiguration is the snapshot, and the VM as it was. Source:
// virDomainSnapshotGetXMLDesc.
func (c *client) snapshotConfiguration(ctx context.Context, r backend.Ref) (*backend.Document, error) {
	x, text, err := c.readSnapshotXML(ctx, r)
	if err != nil {
		return nil, err
	}
	return &backend.Document{Ref: r, Name: docConfiguration, At: time.Now(), Raw: text, Sections: snapshotSections(x)}, nil
}

// snapshotSections lays a snapshot out for reading.
func snapshotSections(x *libvirtxml.DomainSnapshot) []backend.DocumentSection {
	facts := snapshotFacts(x)
	first := backend.DocumentSection{Title: "Snapshot", Fields: filled(
		backend.Field{Name: "Name", Value: x.Name}, backend.Field{Name: "Description", Value: x.Description},
		backend.Field{Name: "State", Value: x.State}, backend.Field{Name: "Storage", Value: facts.Storage.String()},
		backend.Field{Name: "Parent", Value: facts.parent})}
	if !facts.Created.IsZero() {
		first.Fields = append(first.Fields, backend.Field{Name: "Created", Value: facts.Created.Format(time.DateTime)})
	}
	first.Fields = append(first.Fields, snapshotStores(x)...)
	sections := []backend.DocumentSection{first}
	if was := domainThen(x); was != nil {
		sections = append(sections, backend.DocumentSection{Title: "The VM then"})
		for _, g := range domainFacts(was) {
			sections = append(sections, backend.DocumentSection{Title: g.title, Depth: 1, Fields: g.fields})
		}
	}
	return sections
}

// snapshotStores says where memory and disks were kept.
func snapshotStores(x *libvirtxml.DomainSnapshot) []backend.Field {
	var fields []backend.Field
	if x.Memory != nil && x.Memory.Snapshot != "" && x.Memory.Snapshot != "no" {
		fields = append(fields, backend.Field{Name: "Memory", Value: strings.TrimSpace(x.Memory.Snapshot + " " + x.Memory.File)})
	}
	if x.Disks != nil {
		for _, d := range x.Disks.Disks {
			fields = append(fields, backend.Field{Name: "Disk " + d.Name, Value: strings.TrimSpace(d.Snapshot + " " + diskPath(d.Source))})
		}
	}
	return fields
}

// domainThen is the VM's lasting definition when the snapshot was taken: what a start
// would have given, else what ran.
func domainThen(x *libvirtxml.DomainSnapshot) *libvirtxml.Domain {
	if x.InactiveDomain != nil {
		return &x.InactiveDomain.Domain
	}
	return x.Domain
}

// snapshotDifferences compares the VM then with the VM now. A running one is compared
// with what ran, so that neither changes that wait nor what only running VMs have
// stand in the way.
func (c *client) snapshotDifferences(ctx context.Context, r backend.Ref) (*backend.Document, error) {
	x, _, err := c.readSnapshotXML(ctx, r)
	if err != nil {
		return nil, err
	}
	d, _, err := snapshotKey(r)
	if err != nil {
		return nil, err
	}
	d, err = c.lookupVM(ctx, c.vmRef(d.UUID))
	if err != nil {
		return nil, err
	}
	now, err := c.vmXML(ctx, d, 0)
	if err != nil {
		return nil, err
	}
	doc := &backend.Document{Ref: r, Name: backend.DocumentDifferences, At: time.Now()}
	was := x.Domain
	if now.ID == nil || was == nil {
		was = domainThen(x)
	}
	if was == nil {
		doc.Sections = note("The snapshot does not keep what the VM was like")
		return doc, nil
	}
	if doc.Sections = differences(was, now); len(doc.Sections) == 0 {
		doc.Sections = note(fmt.Sprintf("None: %s is as it was", d.Name))
	}
	return doc, nil
}
