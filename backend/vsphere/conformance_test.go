package vsphere_test

import (
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// TestConformance holds the driver to the contract on a vcsim process, with govc as
// the second actor.
func TestConformance(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1")
	v.Govc("vm.change", "-vm", "DC0_H0_VM0", "-e", "SET.guest.toolsRunningStatus=guestToolsRunning")
	backendtest.Run(t, backendtest.Target{
		Name: "vcsim",
		Open: func(t *testing.T) backend.Backend {
			t.Helper()
			return dial(t, vsphere.Options{URL: v.URL()})
		},
		OpenReadOnly: func(t *testing.T) backend.Backend {
			t.Helper()
			return dial(t, vsphere.Options{URL: v.URL(), ReadOnly: true})
		},
		Running: "DC0_H0_VM0", Off: "DC0_C0_RP0_VM0",
		SecondActor: func(t *testing.T, name string, state backend.PowerState) {
			t.Helper()
			how := "-on"
			if state == backend.PowerOff {
				how = "-off"
			}
			v.Govc("vm.power", how, name)
		},
		Missing: map[string]string{
			"snapshot/revert-run":      "vSphere restores the power state that the snapshot recorded",
			"snapshot/revert-pause":    "vSphere restores the power state that the snapshot recorded",
			"snapshot/delete-metadata": "vSphere can't forget a snapshot without merging its disks",
			"snapshot/disk-only":       "there is no other kind",
		},
	})
}
