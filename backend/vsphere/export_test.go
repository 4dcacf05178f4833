package vsphere

import "time"

// EventsStart is from when a connection made then tells events; for the tests.
func EventsStart(told, dialled time.Time) time.Time {
	m := eventMark{key: 7, at: told}
	return m.start(dialled)
}

// ShownURL is how an address is shown; for the tests.
func ShownURL(s string) string {
	e, err := parseEndpoint(s)
	if err != nil {
		return err.Error()
	}
	return e.shown()
}

// LeanVM are the properties that a list of VMs asks for; for the benchmark.
func LeanVM() []string { return leanPaths("VirtualMachine") }
