package transport

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"hvdeck/backend/guard"

	"golang.org/x/sys/unix"
)

// sshProcess is a running ssh; it is the connection over its standard input and
// output, and ends with it.
type sshProcess struct {
	net.Conn
	cmd    *exec.Cmd
	stderr *tail
	exited chan struct{} // closed when it was reaped
	once   sync.Once     // of Close
	err    error         // of Close
}

// sshEnded is the error of a connection whose ssh went away by itself. It leads back
// to the process, so that only that one is asked for the reason.
type sshEnded struct {
	p   *sshProcess
	err error
}

// Error implements error.
func (e *sshEnded) Error() string { return e.err.Error() }

// Unwrap gives the error of the socket.
func (e *sshEnded) Unwrap() error { return e.err }

// sshPatience is how long ssh may take to end after it was asked to; then it is killed.
const sshPatience = time.Second

// startSSH runs ssh in a session of its own, so that it has no terminal to ask on
// and gets no signal meant for the console. gone is called when it was reaped.
func startSSH(program string, args, env []string, gone func(*sshProcess)) (*sshProcess, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	near, far := os.NewFile(uintptr(pair[0]), "ssh"), os.NewFile(uintptr(pair[1]), "ssh")
	defer func() { _, _ = near.Close(), far.Close() }()
	c, err := net.FileConn(near)
	if err != nil {
		return nil, err
	}
	p := &sshProcess{Conn: c, stderr: &tail{}, exited: make(chan struct{})}
	p.cmd = exec.Command(program, args...) //nolint:gosec,noctx // the operator's own ssh, ended by Close
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = far, far, p.stderr
	p.cmd.Env = env
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// Children of ssh may hold its standard error open after it has ended.
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		_ = c.Close()
		return nil, err
	}
	guard.Go("ssh", nil, func() {
		defer gone(p)
		defer close(p.exited)
		p.endGroup()
		_ = p.cmd.Wait()
	})
	return p, nil
}

// endGroup waits until ssh has ended and ends what it has left behind: a question that
// nobody waits for, a proxy. Until ssh is reaped the number of its group is nobody else's.
func (p *sshProcess) endGroup() {
	for {
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGTERM)
}

// Read implements net.Conn.
func (p *sshProcess) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	return n, p.broken(err)
}

// Write implements net.Conn.
func (p *sshProcess) Write(b []byte) (int, error) {
	n, err := p.Conn.Write(b)
	return n, p.broken(err)
}

func (p *sshProcess) broken(err error) error {
	if err == nil {
		return nil
	}
	return &sshEnded{p, err}
}

// Close implements net.Conn; it does not wait: ssh ends in its own time, or is killed
// after sshPatience.
func (p *sshProcess) Close() error {
	p.once.Do(func() {
		p.err = p.Conn.Close()
		p.signal(syscall.SIGTERM)
		guard.Go("end ssh", nil, func() {
			if !p.ended(sshPatience) {
				p.signal(syscall.SIGKILL)
			}
		})
	})
	return p.err
}

// kill ends ssh and all that it started, and waits for that.
func (p *sshProcess) kill() {
	_ = p.Close()
	p.ended(2 * sshPatience)
}

// signal reaches the whole session.
func (p *sshProcess) signal(s syscall.Signal) {
	select {
	case <-p.exited:
	default:
		_ = syscall.Kill(-p.cmd.Process.Pid, s)
	}
}

// ended waits for the end for at most d.
func (p *sshProcess) ended(d time.Duration) bool {
	select {
	case <-p.exited:
		return true
	case <-time.After(d):
		return false
	}
}

// tail keeps the last of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailMax = 8 << 10

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > tailMax {
		t.text = append([]byte(nil), t.text[len(t.text)-tailMax:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ReplaceAll(string(t.text), "\r", ""))
}
