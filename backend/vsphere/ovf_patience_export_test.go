package vsphere

import "time"

// Patient sets how long leases may stand still; for the tests.
func (o *Options) Patient(initializing, silence, answer time.Duration) {
	o.patience = patience{initializing, silence, answer, usualPatience().undo}
}

// Undo sets how long is tried to take back what an import made; for the tests.
func (o *Options) Undo(limit time.Duration) {
	o.patience = usualPatience()
	o.patience.undo = limit
}
