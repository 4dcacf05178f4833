package vsphere

import (
	"net/http"
	"testing"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// TestHTTPFaults: whatever an HTTP server can do wrong, begun while an operation is under
// way whose answer goes wrong first.
func TestHTTPFaults(t *testing.T) { //nolint:tparallel // a simulator has to be started before
	// A simulator goes on looking through what the sessions of before waited for.
	var servers []*lab.Vcsim
	for range 3 {
		servers = append(servers, desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "6"))
	}
	nowhere, visits := elsewhere(t)
	for i, c := range []struct {
		name  string
		fault fault
		why   string // on the screen of the connection
	}{
		{"500", status(http.StatusInternalServerError), "500 Internal Server Error"},
		{"503", status(http.StatusServiceUnavailable), "503 Service Unavailable"},
		{"half", half, "can't be read|does not speak"},
		{"html", html, "can't be read|does not speak"},
		{"flood", flood, "longer|in time|within"},
		{"drip", drip, "in time|within"},
		{"longer", longer, "closed the connection|broke off|does not speak"},
		{"redirect", away(nowhere), "redirects to http://" + nowhere},
		{"deaf", deaf, "did not answer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v, own, others := servers[i%3], vmName(i/3), vmName(3+i/3)
			f := startFront(t, v.Addr(), false)
			b := open(t, v, f.URI("user-"+c.name), own).ready()
			f.SetAfter("PowerOffVM_Task", c.fault)
			b.powerOff()
			b.names("vc reconnecting")
			b.prompt()
			b.story(regexpOf(c.why))
			v.Govc("vm.power", "-suspend", others) // by somebody else meanwhile
			f.Set(nil)
			b.back()
			b.doneOnce()
			b.nothingLeft()
		})
	}
	t.Cleanup(func() {
		if n := visits(); n != 0 {
			t.Errorf("%d connections to where the server redirected", n)
		}
	})
}
