package transport

import (
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
	exited chan struct{}
	once   sync.Once
}

// startSSH runs ssh in a session of its own, so that it has no terminal to ask on
// and gets no signal meant for the console.
func startSSH(program string, args, env []string) (*sshProcess, error) {
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
		defer close(p.exited)
		_ = p.cmd.Wait()
	})
	return p, nil
}

// Close implements net.Conn; ssh ends in its own time, and by kill at the latest.
func (p *sshProcess) Close() error {
	err := p.Conn.Close()
	p.signal(syscall.SIGTERM)
	return err
}

// kill ends ssh and all that it started, within 2 s.
func (p *sshProcess) kill() {
	p.once.Do(func() {
		_ = p.Conn.Close()
		p.signal(syscall.SIGTERM)
		if p.ended(time.Second) {
			return
		}
		p.signal(syscall.SIGKILL)
		p.ended(time.Second)
	})
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
