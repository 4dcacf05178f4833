package libvirt

import (
	"context"

	"hvdeck/backend"
)

var _ backend.Documenter = (*client)(nil)

// document is one that can be asked for.
type document struct {
	name  string
	fetch func(ctx context.Context, r backend.Ref) (*backend.Document, error)
}

func (c *client) documentsOf(k backend.Kind) []document {
	switch k {
	case backend.KindHost:
		return c.hostDocuments()
	case backend.KindVM:
		return c.vmDocuments()
	case backend.KindSnapshot:
		return c.snapshotDocuments()
	default:
		return nil
	}
}

// Documents implements backend.Documenter.
func (c *client) Documents(r backend.Ref) []string {
	var names []string
	for _, d := range c.documentsOf(r.Kind) {
		names = append(names, d.name)
	}
	return names
}

// Document implements backend.Documenter.
func (c *client) Document(ctx context.Context, r backend.Ref, name string) (*backend.Document, error) {
	for _, d := range c.documentsOf(r.Kind) {
		if d.name == name {
			return d.fetch(ctx, r)
		}
	}
	return nil, backend.Refuse(backend.ClassUnsupported, "read", name, "a libvirt connection has no such document")
}
