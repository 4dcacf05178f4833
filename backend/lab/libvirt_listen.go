package lab

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// LibvirtdSetup is what a test wants otherwise than usual.
type LibvirtdSetup struct {
	// Conf are lines for libvirtd.conf; they win over the usual ones. The directory
	// Dir()/etc is /etc/libvirt to the daemon.
	Conf string
	// Listen makes the daemon listen on TCP ports, inside its own network: see Forward.
	Listen bool
	// Env are variables for the daemon, NAME=value.
	Env []string
	// Prepare is called with Dir() before the daemon starts, to write what it reads.
	Prepare func(dir string) error
}

// StartLibvirtdWith is StartLibvirtd with a setup of the test's own.
func StartLibvirtdWith(t testing.TB, s LibvirtdSetup) *Libvirtd {
	t.Helper()
	return startLibvirtd(t, s)
}

// environment is what the daemon gets; nil for ours.
func (s LibvirtdSetup) environment() []string {
	if len(s.Env) == 0 {
		return nil
	}
	return append(os.Environ(), s.Env...)
}

// Inside is a command that sees the daemon's directories as the system's, such as
// /run/libvirt, and the network of this machine. It is killed with the daemon at the
// latest.
func (l *Libvirtd) Inside(name string, args ...string) *exec.Cmd {
	return exec.Command("nsenter", append([]string{"--target", fmt.Sprint(l.holder.Process.Pid), "--mount", name}, args...)...)
}

// Fate says whether the daemon runs, or how it ended: for tests that wonder why it
// does not answer.
func (l *Libvirtd) Fate() string {
	d := l.current()
	select {
	case <-d.gone:
		return "the daemon has ended: " + d.cmd.ProcessState.String()
	default:
		return "the daemon runs"
	}
}

// Forward listens on a loopback port of this machine and passes connections on to a
// port of the daemon's own network; it gives the address. It ends with the test.
func (l *Libvirtd) Forward(t testing.TB, port int) string {
	t.Helper()
	libvirtRequire(t, "nc")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	t.Cleanup(func() {
		cancel()
		_ = listener.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			all.Go(func() { l.pass(ctx, c, port) })
		}
	})
	return listener.Addr().String()
}

// pass copies one connection until either end closes it.
func (l *Libvirtd) pass(ctx context.Context, c net.Conn, port int) {
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", "--target", fmt.Sprint(l.holder.Process.Pid), "--net",
		"nc", "127.0.0.1", fmt.Sprint(port))
	in, err := cmd.StdinPipe()
	if err != nil {
		return
	}
	out, err := cmd.StdoutPipe()
	if err != nil || cmd.Start() != nil {
		return
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(in, c)
		cancel() // the client is gone
	}()
	_, _ = io.Copy(c, out)
	_ = c.Close() // the daemon is gone; nc would wait for more of the client
	<-copied
	_ = cmd.Wait()
}
