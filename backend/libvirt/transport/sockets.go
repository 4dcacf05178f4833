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

// dialUnix opens the first local daemon socket that exists.
func dialUnix(ctx context.Context, t *Target, readOnly bool) (net.Conn, error) {
	paths, err := t.sockets(readOnly)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	for _, p := range paths {
		if len(p) > 107 {
			return nil, fmt.Errorf("the socket path is longer than the 107 bytes that the system allows: %s", p)
		}
		c, err := d.DialContext(ctx, "unix", p)
		if err == nil {
			return c, nil
		}
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return nil, socketError(p, err)
	}
	return nil, noSocket(paths)
}

// socketError explains why a socket that exists can't be used.
func socketError(path string, err error) error {
	e := &backend.Error{Class: backend.ClassUnreachable, Err: err}
	switch {
	case errors.Is(err, fs.ErrPermission):
		e.Class = backend.ClassDenied
		e.Message = "no permission to use " + path
		e.Remedy = "become a member of the group that owns the socket (often libvirt), or connect read-only"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Message = "nothing listens on " + path
		e.Remedy = "start the daemon: systemctl start libvirtd, or virtqemud where the daemons are split"
	default:
		e.Message = path + ": " + Plain(err)
	}
	return e
}

func noSocket(paths []string) error {
	return &backend.Error{Class: backend.ClassUnreachable, Message: "no libvirt daemon here: none of " +
		strings.Join(paths, ", ") + " exists",
		Remedy: "start libvirtd, or name its socket: …?socket=PATH"}
}

// sockets lists where the daemon may listen, the likeliest first. Read-only ones
// come first where asked for; the usual ones serve as well, as the server is asked
// for a read-only connection in any case.
func (t *Target) sockets(readOnly bool) ([]string, error) {
	if s := t.param("socket"); s != "" {
		return []string{s}, nil
	}
	if t.session() {
		dir, err := runtimeDir()
		if err != nil {
			return nil, err
		}
		return socketsIn(filepath.Join(dir, "libvirt"), t.daemons(), false), nil
	}
	return socketsIn("/run/libvirt", t.daemons(), readOnly), nil
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

// daemons are the daemons that may serve the driver: the one for everything, then
// the modular one. The test driver runs in any of them.
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
	return []string{"libvirt", modular}
}

// runtimeDir is where the user's own daemon keeps its sockets.
func runtimeDir() (string, error) {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir, nil
	}
	dir := fmt.Sprintf("/run/user/%d", os.Getuid())
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &backend.Error{Class: backend.ClassUnreachable, Message: "no session daemon: XDG_RUNTIME_DIR is not set",
			Remedy: "start one with: libvirtd -d"}
	}
	return filepath.Join(home, ".cache"), nil
}
