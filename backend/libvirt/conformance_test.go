package libvirt

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/lab"
)

// TestConformance runs the shared suite on libvirt's test driver and on QEMU.
func TestConformance(t *testing.T) {
	l := lab.StartLibvirtd(t)
	t.Run("test-driver", func(t *testing.T) { conformTestDriver(t, l) })
	t.Run("qemu", func(t *testing.T) { conformQEMU(t, l) })
}

func conformTestDriver(t *testing.T, l *lab.Libvirtd) {
	// The driver forgets everything when its last client goes.
	dial(t, l.URI("test"), false)
	for _, name := range []string{"suite-on", "suite-off"} {
		l.Define("test", fmt.Sprintf(`<domain type='test'><name>%s</name><memory unit='MiB'>64</memory><vcpu>1</vcpu><os><type>hvm</type></os></domain>`, name))
	}
	const no = "not supported by libvirt's test driver"
	missing := backendtest.Lacking(no, "transfer", "secret", "host", "device")
	maps.Copy(missing, map[string]string{
		"guest/standby": no, "snapshot/create-memory": no, "snapshot/quiesce": no, "snapshot/disk-only": no,
		"snapshot/delete-metadata": no, "volume/resize": no, "volume/wipe": no, "volume/shrink-used": no, "volume/wipe-used": no, "definition/secret": no, "life/migrate": no,
		"node/sample": "the shares of the node are known", // its counters stand still
	})
	suite := suiteTarget(l, "test", missing)
	suite.Patience = 5 * time.Second
	backendtest.Run(t, suite)
}

func conformQEMU(t *testing.T, l *lab.Libvirtd) {
	l.DefineGuest("suite-on", false)
	l.DefineGuest("suite-off", false)
	l.Virsh("pool-create-as", "suite", "dir", "--target", filepath.Join(l.Dir(), "images"))
	network := filepath.Join(l.Dir(), "suite.xml")
	if err := os.WriteFile(network, []byte(`<network><name>suite</name><bridge name='hvsuite0'/></network>`), 0o600); err != nil {
		t.Fatal(err)
	}
	l.Virsh("net-create", network)
	// libvirt changes interfaces only where it was built with netcf.
	missing := backendtest.Lacking("not supported by the connection driver", "interface")
	maps.Copy(missing, map[string]string{
		"life/migrate":           "the target has no second host", // vm_running_test.go has two
		"life/screenshot":        "no screens to take screenshot from",
		"guest/standby":          "QEMU guest agent is not configured",
		"snapshot/quiesce":       "choose disk-only as well",
		"snapshot/create-memory": "always keeps the memory",
	})
	if why := dial(t, l.URI("qemu"), false).Caps().Why(backend.VerbNodeSuspend); why != "" {
		missing["host/suspend-refused"] = "can't sleep" // what this machine is made of
	}
	backendtest.Run(t, suiteTarget(l, "qemu", missing))
}

func suiteTarget(l *lab.Libvirtd, driver string, missing map[string]string) backendtest.Target {
	// What no libvirt driver can do.
	maps.Copy(missing, backendtest.Lacking("not supported by this connection", "place", "link", "file", "ovf", "alarm"))
	missing["power/on-host"] = "a connection is one host"
	missing["snapshot/revert-host"] = "a connection is one host"
	missing["vm/answer"] = "libvirt VMs ask no questions"
	missing["snapshot/rename"] = "libvirt can't rename a snapshot"
	return backendtest.Target{
		Name:    driver,
		Open:    func(t *testing.T) backend.Backend { return dial(t, l.URI(driver), false) },
		Running: "suite-on", Off: "suite-off",
		PoolDir:      filepath.Join(l.Dir(), "images"),
		OpenReadOnly: func(t *testing.T) backend.Backend { return dial(t, l.URI(driver), true) },
		SecondActor: func(t *testing.T, name string, state backend.PowerState) {
			t.Helper()
			verb := "start"
			if state == backend.PowerOff {
				verb = "destroy"
			}
			out, err := l.TryVirshOn(driver, verb, name)
			if err != nil && !strings.Contains(out, "already") && !strings.Contains(out, "not running") {
				t.Fatalf("virsh %s: %s", verb, out)
			}
		},
		Missing: missing,
	}
}
