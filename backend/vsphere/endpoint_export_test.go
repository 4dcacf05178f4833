package vsphere

// EndpointOf are the parts of an address; for the tests.
func EndpointOf(s string) (url, user, password string, err error) {
	e, err := parseEndpoint(s)
	if err != nil {
		return "", "", "", err
	}
	return e.url().String(), e.user, e.password, nil
}
