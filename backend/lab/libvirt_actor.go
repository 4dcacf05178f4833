package lab

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Virsh runs virsh against the qemu driver, as the second actor of a test, and
// gives its output without the final newline. It fails the test on an error.
func (l *Libvirtd) Virsh(args ...string) string {
	out, err := l.TryVirsh(args...)
	if err != nil {
		l.fail("virsh %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TryVirsh is Virsh for commands that may fail; the output has both streams.
func (l *Libvirtd) TryVirsh(args ...string) (string, error) {
	return l.TryVirshOn("qemu", args...)
}

// VirshOn is Virsh on a chosen driver, "qemu" or "test".
func (l *Libvirtd) VirshOn(driver string, args ...string) string {
	out, err := l.TryVirshOn(driver, args...)
	if err != nil {
		l.fail("virsh %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// TryVirshOn is TryVirsh on a chosen driver.
func (l *Libvirtd) TryVirshOn(driver string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "virsh", append([]string{"-q", "-c", l.URI(driver)}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}

// Freeze stops the daemon like a host that hangs.
func (l *Libvirtd) Freeze() {
	l.signal(syscall.SIGSTOP)
}

// Thaw lets a frozen daemon go on.
func (l *Libvirtd) Thaw() {
	l.signal(syscall.SIGCONT)
}

// Kill ends the daemon at once; its guests go on, as on a real host.
func (l *Libvirtd) Kill() {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.kill()
}

// Restart kills the daemon when it still runs, and starts it again.
func (l *Libvirtd) Restart() {
	l.turn.Lock()
	defer l.turn.Unlock()
	l.kill()
	if err := l.start(); err != nil {
		l.fail("restart libvirtd: %v", err)
	}
}

func (l *Libvirtd) signal(s syscall.Signal) {
	if err := l.current().cmd.Process.Signal(s); err != nil {
		l.fail("signal libvirtd: %v", err)
	}
}

// Stop ends the daemon, its guests and networks, and removes its directory.
func (l *Libvirtd) Stop() {
	l.end()
	l.copyCapabilities(l.capabilities(), libvirtCapabilities())
	if l.holder != nil {
		_ = l.stdin.Close()
		_ = l.holder.Wait()
		l.holder = nil
	}
	_ = os.RemoveAll(l.dir)
}
