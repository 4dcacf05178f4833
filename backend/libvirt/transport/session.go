package transport

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"hvdeck/backend"
)

// sessionIdle is how long a user's daemon that we started stays without a client, in
// seconds. Source: remoteConnectOpen, which starts it alike.
const sessionIdle = "120"

// startable reports whether a daemon that is missing may be started.
func (t *Target) startable(uid int) bool {
	return t.own(uid) && t.param("socket") == "" && os.Getenv("LIBVIRT_AUTOSTART") != "0"
}

// startSession starts the user's own daemon and returns when it serves its socket. It
// is no child of ours: it goes on for other clients when we leave.
func startSession(ctx context.Context, t *Target) error {
	program := t.sessionProgram()
	if program == "" {
		return &backend.Error{Class: backend.ClassUnreachable,
			Message: "no daemon of yours runs here, and none can be started: " + strings.Join(t.programs(), " or ") + " was not found",
			Remedy:  "install libvirt's daemon, or connect to the system's: qemu:///system"}
	}
	cmd := exec.CommandContext(ctx, program, "--daemon", "--timeout", sessionIdle) //nolint:gosec // libvirt's daemon
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	if err == nil || ctx.Err() == nil && runs(ctx, t) {
		return nil
	}
	words := strings.TrimSpace(said.String())
	if words == "" {
		words = err.Error()
	}
	return &backend.Error{Class: backend.ClassUnreachable, Err: err,
		Message: "your own daemon did not start: " + words,
		Remedy:  "look for the reason with: " + program + " --timeout 120"}
}

// runs reports whether a daemon serves the socket by now: somebody else's start may
// have come first, and ours have ended for that.
func runs(ctx context.Context, t *Target) bool {
	paths, err := t.sockets(false, os.Geteuid())
	if err != nil {
		return false
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 40 {
		if c, err := dialFirst(ctx, paths); err == nil {
			_ = c.Close()
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return false
}

// programs are the daemons that may be started, the likeliest first.
func (t *Target) programs() []string {
	var all []string
	for _, d := range t.daemons() {
		if d == "libvirt" {
			d = "libvirtd"
		}
		all = append(all, d)
	}
	return all
}

// sessionProgram finds one; a user's PATH often lacks the sbin directories.
func (t *Target) sessionProgram() string {
	for _, name := range t.programs() {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
		for _, dir := range []string{"/usr/sbin", "/usr/local/sbin", "/sbin"} {
			if p, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
				return p
			}
		}
	}
	return ""
}
