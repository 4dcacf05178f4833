package lab

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Vcsim is a simulated vCenter in a process of its own, and govc as a second
// actor on it. It always ends with its test.
type Vcsim struct {
	t    testing.TB
	bin  string
	govc string
	args []string
	addr string
	tmp  string

	mu     sync.Mutex
	cmd    *exec.Cmd
	url    string
	frozen bool
}

// StartVcsim runs the simulator with these arguments (see backend/lab/cmd/vcsim)
// on a free port and waits until it is ready.
func StartVcsim(t testing.TB, args ...string) *Vcsim {
	t.Helper()
	v := &Vcsim{
		t: t, args: args, addr: freeAddr(t), tmp: t.TempDir(),
		bin:  buildLab(t, "vcsim"),
		govc: buildLab(t, "govc"),
	}
	v.start()
	t.Cleanup(v.Kill)
	return v
}

// freeAddr is a loopback address nobody listens on.
func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// buildLab builds a program of backend/lab/cmd into a directory kept between runs;
// the go tool rebuilds only what changed.
func buildLab(t testing.TB, name string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	dir := filepath.Join(cache, "hvdeck-lab")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, name)
	lock, err := os.OpenFile(bin+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "hvdeck/backend/lab/cmd/"+name).CombinedOutput()
	if err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	return bin
}

// start runs the process and reads the line that says that it is ready.
func (v *Vcsim) start() {
	v.t.Helper()
	cmd := exec.Command(v.bin, append([]string{"-l", v.addr}, v.args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+v.tmp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	errs := new(strings.Builder)
	cmd.Stderr = errs
	if err := cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	v.mu.Lock()
	v.cmd, v.frozen = cmd, false
	v.mu.Unlock()
	line := make(chan string, 1)
	go func() {
		s, _ := bufio.NewReader(out).ReadString('\n')
		line <- s
	}()
	select {
	case s := <-line:
		url, ok := strings.CutPrefix(strings.TrimSpace(s), "export GOVC_URL=")
		if !ok {
			v.Kill()
			v.t.Fatalf("vcsim did not start: %q %s", s, errs)
		}
		v.mu.Lock()
		v.url = url
		v.mu.Unlock()
	case <-time.After(60 * time.Second):
		v.Kill()
		v.t.Fatal("vcsim was not ready within 60 s")
	}
}

// URL has a user and password that are accepted.
func (v *Vcsim) URL() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.url
}

// Addr is its host and port.
func (v *Vcsim) Addr() string { return v.addr }

// PID of the running process.
func (v *Vcsim) PID() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.cmd.Process.Pid
}

// Govc runs govc and gives its output; an error ends the test.
func (v *Vcsim) Govc(args ...string) string {
	v.t.Helper()
	out, err := v.TryGovc(args...)
	if errors.Is(err, context.DeadlineExceeded) {
		v.t.Fatalf("%v\n%s", err, v.stacks())
	}
	if err != nil {
		v.t.Fatal(err)
	}
	return out
}

// stacks ends the process, which owes an answer, and says where its goroutines stood.
func (v *Vcsim) stacks() string {
	v.mu.Lock()
	cmd := v.cmd
	v.cmd = nil
	v.mu.Unlock()
	if cmd == nil {
		return "the simulator does not run"
	}
	_ = cmd.Process.Signal(syscall.SIGCONT)
	_ = cmd.Process.Signal(syscall.SIGQUIT)
	_ = cmd.Wait()
	return fmt.Sprint(cmd.Stderr)
}

// TryGovc runs govc and gives its output.
func (v *Vcsim) TryGovc(args ...string) (string, error) { return v.GovcWithin(30*time.Second, args...) }

// GovcWithin is TryGovc for what may take longer, or must not take as long.
func (v *Vcsim) GovcWithin(limit time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, v.govc, args...)
	cmd.Env = append(os.Environ(), "GOVC_URL="+v.URL(), "GOVC_INSECURE=true", "GOVC_PERSIST_SESSION=false", "GOVC_SHOW_UNRELEASED=true", "HOME="+v.tmp)
	out, err := cmd.CombinedOutput()
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // it was killed for that
	}
	if err != nil {
		return string(out), fmt.Errorf("govc %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

// Freeze stops the process as a hung server is stopped: connections stay open and
// nothing answers. Thaw lets it go on.
func (v *Vcsim) Freeze() { v.signal(syscall.SIGSTOP, true) }

// Thaw undoes Freeze.
func (v *Vcsim) Thaw() { v.signal(syscall.SIGCONT, false) }

func (v *Vcsim) signal(sig syscall.Signal, frozen bool) {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.cmd.Process.Signal(sig); err != nil {
		v.t.Fatal(err)
	}
	v.frozen = frozen
}

// Kill ends the process at once, frozen or not.
func (v *Vcsim) Kill() {
	v.mu.Lock()
	cmd := v.cmd
	v.cmd = nil
	v.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// Restart kills the process and starts another at the same address.
func (v *Vcsim) Restart() {
	v.t.Helper()
	v.Kill()
	v.start()
}

// RestartAs is Restart with another inventory: arguments in place of those before.
func (v *Vcsim) RestartAs(args ...string) {
	v.t.Helper()
	v.args = args
	v.Restart()
}
