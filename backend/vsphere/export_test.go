package vsphere

// ShownURL is how an address is shown; for the tests.
func ShownURL(s string) string {
	e, err := parseEndpoint(s)
	if err != nil {
		return err.Error()
	}
	return e.shown()
}
