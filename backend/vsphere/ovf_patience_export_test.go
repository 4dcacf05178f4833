package vsphere

import "time"

// Patient sets how long leases may stand still; for the tests.
func (o *Options) Patient(initializing, silence, answer time.Duration) {
	o.patience = patience{initializing, silence, answer}
}
