package libvirt

func (c *client) vmDocuments() []document { return nil }

// snapshotDocuments are S6.
func (c *client) snapshotDocuments() []document { return nil }
