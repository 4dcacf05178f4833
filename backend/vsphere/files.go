package vsphere

import (
	"context"

	"hvdeck/backend"
)

func (c *Conn) listFiles(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	return nil
}

// Get implements backend.Backend.
func (c *Conn) Get(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	return nil, backend.Refuse(backend.ClassUnsupported, "describe", "", "x")
}
