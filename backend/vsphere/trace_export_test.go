package vsphere

import "net/http"

// IsTraced reports whether anything stands between the calls and the network; for the
// tests.
func IsTraced(o Options) bool {
	return o.traced(http.DefaultTransport, "soap") != http.DefaultTransport
}
