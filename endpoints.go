package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/demo"
	"hvdeck/backend/libvirt"
	"hvdeck/backend/poll"
	"hvdeck/backend/secretsource"
	"hvdeck/backend/vsphere"
	"hvdeck/backend/wrap"
	"hvdeck/config"
)

// endpoints makes a dialer for every connection that is wanted. With none, help says
// what to do.
func (a *app) endpoints() (out []poll.Endpoint, help string, err error) {
	if a.cmd.Demo {
		d, err := demo.Start(a.ctx)
		if err != nil {
			return nil, "", err
		}
		a.demo = d.Close
		return a.wrapped(d.Endpoints), "", nil
	}
	conns := a.cmd.Connections
	if len(conns) == 0 {
		uri := localSocket()
		if uri == "" {
			return nil, noConnectionHelp, nil
		}
		conns = []config.Connection{{Name: "local", URI: uri}}
	}
	for _, c := range conns {
		e, err := a.endpoint(c, govcMeans(c, conns))
		if err != nil {
			return nil, "", usageError{err}
		}
		out = append(out, e)
	}
	return a.wrapped(out), "", nil
}

// wrapped records every operation and, where that was asked for, refuses it in the
// console, besides what the server does.
func (a *app) wrapped(endpoints []poll.Endpoint) []poll.Endpoint {
	record := func(b backend.Backend) backend.Backend { return wrap.Audit(b, a.audit, a.nameOf) }
	for i, e := range endpoints {
		layers := []wrap.Layer{record}
		if a.cmd.ReadOnly || e.ReadOnly {
			endpoints[i].ReadOnly = true
			layers = []wrap.Layer{wrap.ReadOnly, record}
		}
		endpoints[i].Dialer = wrap.Dialer(e.Dialer, layers...)
	}
	return endpoints
}

func (a *app) endpoint(c config.Connection, govc bool) (poll.Endpoint, error) {
	e := poll.Endpoint{ID: backend.ConnID(c.Name), URI: config.Shown(c.URI), ReadOnly: c.ReadOnly || a.cmd.ReadOnly, Production: c.Production, Colour: c.Colour}
	var err error
	if config.IsVSphere(c.URI) {
		var o vsphere.Options
		if o, err = a.vsphereOptions(c, e.ReadOnly, govc); err == nil {
			e.Dialer, err = vsphere.New(o)
		}
	} else {
		e.Dialer, err = libvirt.New(libvirt.Options{
			ID: e.ID, URI: c.URI, ReadOnly: e.ReadOnly, Trace: a.trace,
			Username: c.Username, Password: passwordOf(c, func(string) string { return "" }),
		})
	}
	return e, err
}

// govcMeans reports whether govc's variables are about this connection: it is that of
// GOVC_URL, or the only one to a vSphere. One server's password is not for another.
func govcMeans(c config.Connection, all []config.Connection) bool {
	if u := os.Getenv("GOVC_URL"); u != "" {
		return c.URI == u || config.HostOf(c.URI) == config.HostOf(u)
	}
	n := 0
	for _, other := range all {
		if config.IsVSphere(other.URI) {
			n++
		}
	}
	return n == 1
}

// vsphereOptions adds govc's variables, where they are meant, to what the
// configuration says.
func (a *app) vsphereOptions(c config.Connection, readOnly, govc bool) (vsphere.Options, error) {
	env := func(name string) string {
		if !govc {
			return ""
		}
		return os.Getenv(name)
	}
	insecure := slices.Contains([]string{"1", "true"}, strings.ToLower(env("GOVC_INSECURE")))
	user, err := govcSecret(env("GOVC_USERNAME"))
	if err != nil {
		return vsphere.Options{}, fmt.Errorf("GOVC_USERNAME: %w", err)
	}
	return vsphere.Options{
		ID: backend.ConnID(c.Name), URL: c.URI, Username: first(c.Username, user), Before: govc && c.URI == os.Getenv("GOVC_URL"),
		Trace: a.trace, Unwritten: a.unwritten, Password: passwordOf(c, env), Insecure: c.Insecure || insecure, ReadOnly: readOnly, Version: version,
		CACerts:     first(c.CACerts, os.Getenv("GOVC_TLS_CA_CERTS")),
		KnownHosts:  first(os.Getenv("GOVC_TLS_KNOWN_HOSTS"), filepath.Join(config.StateDir(), "known_hosts")),
		Certificate: env("GOVC_CERTIFICATE"), PrivateKey: env("GOVC_PRIVATE_KEY"), APIVersion: env("GOVC_VIM_VERSION"),
	}, nil
}

// govcSecret is the value of a variable or, where it names a file, what stands in that, as
// for govc. The error does not repeat the value.
func govcSecret(value string) (string, error) {
	if value == "" {
		return "", nil
	}
	text, err := os.ReadFile(value) //nolint:gosec // the operator names the file
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", errors.New("it names a file that can't be read")
	case err != nil:
		return value, nil //nolint:nilerr // it is no file
	}
	return strings.TrimSpace(string(text)), nil
}

func first(words ...string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

// passwordTime bounds a password command; a key store may ask for its own passphrase
// elsewhere.
const passwordTime = 60 * time.Second

// passwordOf asks where the configuration says, else govc's variable; an empty
// answer makes the driver ask the operator.
func passwordOf(c config.Connection, env func(string) string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		switch {
		case c.PasswordEnv != "":
			return os.Getenv(c.PasswordEnv), nil
		case len(c.PasswordCommand) == 0:
			password, err := govcSecret(env("GOVC_PASSWORD"))
			if err != nil {
				return "", fmt.Errorf("GOVC_PASSWORD: %w", err)
			}
			return password, nil
		}
		ctx, cancel := context.WithTimeout(ctx, passwordTime)
		defer cancel()
		out, err := secretsource.Command(ctx, c.PasswordCommand...)
		if err != nil {
			return "", fmt.Errorf("password_command %s: %w; what it says is not shown here: run it by itself, without a terminal", c.PasswordCommand[0], err)
		}
		return strings.TrimRight(string(out), "\r\n"), nil
	}
}

// localSocket finds a libvirt daemon of this machine that answers. Root has no session
// of its own.
func localSocket() string {
	places := []struct{ dir, uri string }{{"/run/libvirt", "qemu:///system"}}
	if dir := os.Getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(dir) && os.Geteuid() != 0 {
		places = append(places, struct{ dir, uri string }{filepath.Join(dir, "libvirt"), "qemu:///session"})
	}
	for _, p := range places {
		for _, name := range []string{"virtqemud-sock", "libvirt-sock"} {
			d := net.Dialer{Timeout: 300 * time.Millisecond}
			if conn, err := d.DialContext(context.Background(), "unix", filepath.Join(p.dir, name)); err == nil {
				_ = conn.Close()
				return p.uri
			}
		}
	}
	return ""
}

const noConnectionHelp = `hvdeck has nothing to connect to.

No URI was given, there is no connection in the configuration, LIBVIRT_DEFAULT_URI
and GOVC_URL are not set, and no libvirt daemon answers on this machine.

Try one of these:

  hvdeck --demo                              look round in simulated hosts
  hvdeck qemu:///system                      libvirt on this machine
  hvdeck qemu+ssh://root@kvm1/system         libvirt on another, through your ssh
  hvdeck https://user@vcenter/sdk            vCenter or ESXi; asks for the password

or write connections into the configuration: hvdeck --print-config shows how.

q quits.`
