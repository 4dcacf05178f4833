package vsphere

import (
	"context"
	"time"

	"hvdeck/backend"
)

// BrowseWithin lists the top of a datastore that may take so long for it; for the tests.
func BrowseWithin(ctx context.Context, b backend.Backend, limit time.Duration, pool backend.Ref) error {
	c := b.(*Conn)
	s, err := c.store(ctx, "list files of", pool)
	if err != nil {
		return err
	}
	_, err = c.browseWithin(ctx, limit, s, "list files of", "", searchSpec())
	return err
}
