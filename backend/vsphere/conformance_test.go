package vsphere_test

import (
	"maps"
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
	t.Parallel()
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
		Running: "DC0_H0_VM0", Off: "DC0_C0_RP0_VM0", Pool: "LocalDS_0",
		SecondActor: func(t *testing.T, name string, state backend.PowerState) {
			t.Helper()
			how := "-on"
			if state == backend.PowerOff {
				how = "-off"
			}
			v.Govc("vm.power", how, name)
		},
		Trigger: func(t *testing.T, vm string) {
			t.Helper()
			v.Govc("event.post", "-s", "warning", "-i", "vcsim.vm.failure", "/DC0/vm/"+vm)
		},
		Missing: missing(),
	})
}

// missing is what vSphere has not, or the driver not yet.
func missing() map[string]string {
	all := backendtest.Lacking("not supported by this connection",
		"pool", "network", "interface", "secret", "host", "device", "definition")
	maps.Copy(all, backendtest.Lacking("the driver has no Documenter", "document"))
	for _, name := range []string{
		"new", "new-refused", "quotes", "undefine-snapshots", "autostart", "managed-save", "managed-save-remove", "migrate", "send-key", "screenshot",
	} {
		all["life/"+name] = "not supported by this connection"
	}
	for _, name := range []string{ // a datastore has files; the server makes no volumes in it
		"volume/create", "volume/create-refused", "volume/quotes", "volume/backing", "volume/delete-used", "volume/resize",
		"volume/wipe", "volume/shrink-used", "volume/wipe-used", "transfer/upload-used",
	} {
		all[name] = "not supported by this connection"
	}
	maps.Copy(all, map[string]string{
		"definition/volume":        "the driver has no Definer",
		"snapshot/revert-run":      "vSphere restores the power state that the snapshot recorded",
		"snapshot/revert-pause":    "vSphere restores the power state that the snapshot recorded",
		"snapshot/delete-metadata": "vSphere can't forget a snapshot without merging its disks",
		"snapshot/disk-only":       "there is no other kind",
		"list/interfaces":          "vSphere has no objects of the kind",
		"list/devices":             "vSphere has no objects of the kind",
	})
	return all
}
