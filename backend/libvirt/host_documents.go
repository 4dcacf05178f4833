package libvirt

// hostDocuments are N5: what the host is made of and what it offers.
func (c *client) hostDocuments() []document { return nil }
