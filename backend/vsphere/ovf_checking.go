package vsphere

import (
	"time"

	"hvdeck/backend/ovf"
)

// checking tells the operator how far the check of a package has come, before its upload:
// both count, so a package is read twice as many bytes as it has.
type checking struct {
	done int64
	told time.Time
}

// teller is what ovf.Package.Verify reports to; nil where nobody listens.
func (c *checking) teller(bytes func(done, total int64), d *ovf.Descriptor) func(done, total int64) {
	if bytes == nil {
		return nil
	}
	upload, known := int64(0), true
	for _, f := range d.Files {
		known = known && f.Size >= 0 && f.Compression == ""
		upload += f.Size
	}
	return func(done, total int64) {
		c.done = done
		if time.Since(c.told) < tellEvery {
			return
		}
		c.told = time.Now()
		if !known {
			total = 0
		} else {
			total += upload
		}
		bytes(done, total)
	}
}
