package libvirt

import (
	"context"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// lookupNetwork finds a network by its reference. Source: virNetworkLookupByUUID.
func (c *client) lookupNetwork(ctx context.Context, r backend.Ref) (libvirt.Network, error) {
	id, err := parseUUID(r.ID)
	if err != nil || r.Kind != backend.KindNetwork {
		return libvirt.Network{}, backend.Refuse(backend.ClassNotFound, "find network", "", "no network has the id %q", r.ID)
	}
	return read(ctx, c, "find network", r.ID, func(lv *libvirt.Libvirt) (libvirt.Network, error) {
		return lv.NetworkLookupByUUID(id)
	})
}

// lookupVM finds a VM by its reference; the name comes along. Source:
// virDomainLookupByUUID.
func (c *client) lookupVM(ctx context.Context, r backend.Ref) (libvirt.Domain, error) {
	d, err := domainOf(r)
	if err != nil {
		return d, err
	}
	d.Name, err = c.domainName(ctx, d)
	return d, err
}

// parsed is the error for XML of the server that can't be read.
func parsed(what, name string, err error) error {
	if err == nil {
		return nil
	}
	return &backend.Error{Doing: "read " + what, Object: name, Message: "the server's XML: " + err.Error(), Err: err}
}

// vmRuns reports whether the VM has a live process. Source: virDomainIsActive.
func (c *client) vmRuns(ctx context.Context, d libvirt.Domain) (bool, error) {
	n, err := read(ctx, c, "read the state of", d.Name, func(lv *libvirt.Libvirt) (int32, error) { return lv.DomainIsActive(d) })
	return n != 0, err
}

// vmLasts reports whether the VM has a lasting definition. Source:
// virDomainIsPersistent.
func (c *client) vmLasts(ctx context.Context, d libvirt.Domain) (bool, error) {
	n, err := read(ctx, c, "read the state of", d.Name, func(lv *libvirt.Libvirt) (int32, error) { return lv.DomainIsPersistent(d) })
	return n != 0, err
}

// checkFileName refuses names of VMs and volumes that become names of files: what
// libvirt refuses for them, and what no screen shows.
func checkFileName(doing, what, name string) error {
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, doing, "", format, args...)
	}
	switch {
	case strings.TrimSpace(name) == "":
		return refuse("the name of a %s must not be empty", what)
	case strings.Contains(name, "/"):
		return refuse("the name of a %s must not contain '/': %q", what, clip(name))
	case name == "." || name == "..":
		return refuse("the name of a %s can't be %q", what, name)
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return refuse("the name of a %s must not contain control characters: %q", what, clip(name))
	case len(name) > maxFileName:
		return refuse("the name of a %s must not be longer than %d bytes", what, maxFileName)
	default:
		return nil
	}
}

// maxFileName leaves room for the endings that libvirt and we put behind a name, in
// the 255 bytes that file systems allow.
const maxFileName = 200

// backendError is err as the error type of the contract.
func backendError(err error) (*backend.Error, bool) {
	var e *backend.Error
	ok := errors.As(err, &e)
	return e, ok
}
