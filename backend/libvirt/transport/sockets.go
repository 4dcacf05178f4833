package transport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hvdeck/backend"
)

// dialLimit bounds the making of one transport connection.
const dialLimit = 20 * time.Second

// dialUnix opens the first local daemon socket that is served. The user's own daemon
// is started when it does not run, as libvirt's clients do.
func dialUnix(ctx context.Context, t *Target, readOnly bool) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	uid := os.Geteuid()
	paths, err := t.sockets(readOnly, uid)
	if err != nil {
		return nil, err
	}
	c, err := dialFirst(ctx, paths)
	if err == nil || !absent(err) || !t.startable(uid) {
		return c, explainSocket(paths, err)
	}
	if err := startSession(ctx, t); err != nil {
		return nil, err
	}
	c, err = dialFirst(ctx, paths)
	return c, explainSocket(paths, err)
}

// dialFirst tries the sockets in turn. A socket file may outlive its daemon, so one
// that nobody serves is passed over; its error is the one that counts in the end.
func dialFirst(ctx context.Context, paths []string) (net.Conn, error) {
	var d net.Dialer
	var dead error
	for _, p := range paths {
		if len(p) > 107 {
			return nil, fmt.Errorf("the socket path is longer than the 107 bytes that the system allows: %s", p)
		}
		c, err := d.DialContext(ctx, "unix", p)
		switch {
		case err == nil:
			return c, nil
		case errors.Is(err, fs.ErrNotExist):
		case errors.Is(err, syscall.ECONNREFUSED):
			dead = &socketError{p, err}
		default:
			return nil, &socketError{p, err}
		}
	}
	if dead != nil {
		return nil, dead
	}
	return nil, fs.ErrNotExist
}

// absent reports whether no daemon serves any of the sockets.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNREFUSED)
}

// socketError is the failure of one socket.
type socketError struct {
	path string
	err  error
}

func (e *socketError) Error() string { return e.path + ": " + Plain(e.err) }

func (e *socketError) Unwrap() error { return e.err }

// explainSocket says why no socket can be used, and what to do.
func explainSocket(paths []string, err error) error {
	var at *socketError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &at) && errors.Is(err, fs.ErrNotExist):
		return &backend.Error{Class: backend.ClassUnreachable,
			Message: "no libvirt daemon here: none of " + strings.Join(paths, ", ") + " exists",
			Remedy:  "start libvirtd, or name its socket: …?socket=PATH"}
	case at == nil:
		return err
	}
	e := &backend.Error{Class: backend.ClassUnreachable, Err: err}
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.Class = backend.ClassDenied
		e.Message = "no permission to use " + at.path
		e.Remedy = "become a member of the group that owns the socket (often libvirt), or connect read-only"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = "nothing listens on " + at.path
		e.Remedy = "start the daemon: systemctl start libvirtd, or virtqemud where the daemons are split"
	default:
		e.Message = at.Error()
	}
	return e
}

// sockets lists where the daemon may listen, the likeliest first. Read-only ones
// come first where asked for; the usual ones serve as well, as the server is asked
// for a read-only connection in any case. The user's own daemon has no read-only one.
func (t *Target) sockets(readOnly bool, uid int) ([]string, error) {
	if s := t.param("socket"); s != "" {
		return []string{s}, nil
	}
	if t.own(uid) {
		dir, err := runtimeDir()
		if err != nil {
			return nil, err
		}
		return socketsIn(filepath.Join(dir, "libvirt"), t.daemons(), false), nil
	}
	return socketsIn("/run/libvirt", t.daemons(), readOnly), nil
}

// own reports whether a user's own daemon is meant. Root has none: its session is
// served by the system's daemon. The test driver runs in any. Source:
// remoteConnectOpen.
func (t *Target) own(uid int) bool {
	return uid != 0 && (t.session() || t.Driver == "test")
}

func socketsIn(dir string, daemons []string, readOnly bool) []string {
	var paths []string
	for _, d := range daemons {
		if readOnly {
			paths = append(paths, filepath.Join(dir, d+"-sock-ro"))
		}
		paths = append(paths, filepath.Join(dir, d+"-sock"))
	}
	return paths
}

// daemons are the daemons that may serve the driver: the modular one, then the one
// for everything, as libvirt tries them. The test driver runs in any of them.
func (t *Target) daemons() []string {
	modular := "virt" + t.Driver + "d"
	if t.Driver == "test" {
		modular = "virtqemud"
	}
	switch t.param("mode") {
	case "direct":
		return []string{modular}
	case "legacy":
		return []string{"libvirt"}
	}
	return []string{modular, "libvirt"}
}

// runtimeDir is where the user's own daemon keeps its sockets, below libvirt. Source:
// virGetUserRuntimeDirectory.
func runtimeDir() (string, error) {
	for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_CACHE_HOME"} {
		if dir := os.Getenv(name); filepath.IsAbs(dir) {
			return dir, nil
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &backend.Error{Class: backend.ClassUnreachable, Message: "no session daemon: neither XDG_RUNTIME_DIR nor HOME is set",
			Remedy: "set XDG_RUNTIME_DIR, or name the socket: …?socket=PATH"}
	}
	return filepath.Join(home, ".cache"), nil
}
