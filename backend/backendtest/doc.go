// Package backendtest holds every driver to the contract of package backend: one
// suite, run against each implementation and its real counterpart.
//
// A driver's test is
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, backendtest.Target{
//			Name:    "libvirt-test-driver",
//			Open:    func(t *testing.T) backend.Backend { … },
//			Running: "web-01", Off: "web-02",
//			Missing: map[string]string{"snapshot/disk-only": "not supported"},
//		})
//	}
//
// and one case of it runs with -run Conformance/libvirt-test-driver/snapshot/delete.
//
// It promises to assert only what the contract says: states are waited for, never
// assumed; what a server may do in two ways is accepted in both. What a target can't
// do is listed in Missing with part of the error, and such a case has to fail with
// that error: a list that says too much fails the suite. The suite changes the two
// VMs named in the target and deletes their snapshots; all else that it changes it has
// made itself, with a name that begins with hvdt, and removes again. The
// functions of a Target may call t.Fatal.
package backendtest
