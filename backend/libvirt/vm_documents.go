package libvirt

import (
	"context"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// docWaiting is the document of a VM that compares its two definitions.
const docWaiting = "Changes waiting for the next start"

// vmDocuments are both definitions of a VM, and what is between them (I8, P4).
func (c *client) vmDocuments() []document {
	return []document{
		{backend.DocumentNow, func(ctx context.Context, r backend.Ref) (*backend.Document, error) {
			return c.vmText(ctx, r, backend.DocumentNow, 0)
		}},
		{backend.DocumentNextStart, func(ctx context.Context, r backend.Ref) (*backend.Document, error) {
			return c.vmText(ctx, r, backend.DocumentNextStart, libvirt.DomainXMLInactive)
		}},
		{docWaiting, c.waitingChanges},
	}
}

// vmText is one of the two, without secrets. Source: virDomainGetXMLDesc.
func (c *client) vmText(ctx context.Context, r backend.Ref, name string, flags libvirt.DomainXMLFlags) (*backend.Document, error) {
	d, err := c.lookupVM(ctx, r)
	if err != nil {
		return nil, err
	}
	text, err := c.domainText(ctx, c.poll, d, flags)
	if err != nil {
		return nil, err
	}
	return &backend.Document{Ref: r, Name: name, At: time.Now(), Sections: domainSections(text), Raw: text}, nil
}

// waitingChanges is what a running VM's definition has and the VM has not.
func (c *client) waitingChanges(ctx context.Context, r backend.Ref) (*backend.Document, error) {
	d, err := c.lookupVM(ctx, r)
	if err != nil {
		return nil, err
	}
	doc := &backend.Document{Ref: r, Name: docWaiting}
	now, err := c.vmXML(ctx, d, 0)
	if err != nil {
		return nil, err
	}
	next, err := c.vmXML(ctx, d, libvirt.DomainXMLInactive)
	if err != nil {
		return nil, err
	}
	lasts, err := c.vmLasts(ctx, d)
	if err != nil {
		return nil, err
	}
	switch {
	case now.ID == nil:
		doc.Sections = note("It does not run: there is nothing to wait for")
	case !lasts:
		doc.Sections = note("It has no lasting definition: it will not start again")
	default:
		doc.Sections = differences(now, next)
		if len(doc.Sections) == 0 {
			doc.Sections = note("Nothing: it runs as it is defined")
		}
	}
	doc.At = time.Now()
	return doc, nil
}

// note is a page with one line.
func note(text string) []backend.DocumentSection { return []backend.DocumentSection{{Title: text}} }
