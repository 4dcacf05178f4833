package libvirt

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// nobody is an account without privileges that every system has.
const nobody = 65534

// asUser is set where the test runs a second time, as that account.
const asUser = "HVDECK_TEST_AS_USER"

// TestOwnDaemon: an unprivileged user's daemon is started where none runs, serves, and
// is the one that the user's virsh speaks to.
func TestOwnDaemon(t *testing.T) {
	if os.Getenv(asUser) != "" {
		ownDaemon(t)
		return
	}
	for _, p := range []string{"libvirtd", "virsh"} {
		if _, err := exec.LookPath(p); err != nil {
			lab.Missing(t, "%s not found", p)
		}
	}
	if os.Geteuid() != 0 {
		lab.Missing(t, "becoming another user needs root")
	}
	home, err := os.MkdirTemp("", "hvs")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	program := filepath.Join(home, "test")
	copyProgram(t, program)
	for _, dir := range []string{home, filepath.Join(home, "run")} {
		_ = os.Mkdir(dir, 0o700)
		if err := os.Chown(dir, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { endDaemon(t, filepath.Join(home, "run/libvirt/libvirtd.pid"), home) })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-test.run", "^TestOwnDaemon$", "-test.v")
	cmd.Dir = home
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home, "XDG_RUNTIME_DIR=" + filepath.Join(home, "run"), asUser + "=1", "LC_ALL=C", "CI=" + os.Getenv("CI")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestOwnDaemon") {
		t.Fatalf("%v\n%s", err, out)
	}
}

// copyProgram puts this test where another user can run it.
func copyProgram(t *testing.T, to string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(self)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

// endDaemon ends the daemon of a pid file, if it is the one with this home.
func endDaemon(t *testing.T, pidFile, home string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return
	}
	environ, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if !strings.Contains(string(environ), "HOME="+home) {
		return
	}
	_ = syscall.Kill(pid, syscall.SIGTERM)
	eventually(t, 10*time.Second, "the daemon ends", func() bool { return syscall.Kill(pid, 0) != nil })
}

// ownDaemon is the part of the user.
func ownDaemon(t *testing.T) {
	t.Helper()
	t.Setenv("LIBVIRT_AUTOSTART", "0")
	_, err := tryDial(t, "qemu:///session", false)
	if backend.ClassOf(err) != backend.ClassUnreachable || !strings.Contains(err.Error(), "no libvirt daemon here") {
		t.Fatalf("not asked to start one: %v", err)
	}
	t.Setenv("LIBVIRT_AUTOSTART", "")
	b := dial(t, "qemu:///session", false)
	if about := b.About(); about.Product != "QEMU" {
		t.Errorf("about %+v", about)
	}
	path := filepath.Join(t.TempDir(), "vm.xml")
	xml := "<domain type='qemu'><name>mine</name><memory>65536</memory><os><type arch='x86_64'>hvm</type></os></domain>"
	if err := os.WriteFile(path, []byte(xml), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "virsh", "-c", "qemu:///session", "define", path).CombinedOutput(); err != nil {
		t.Fatalf("virsh: %v %s", err, out)
	}
	vmNamed(t, b, "mine")
	again := dial(t, "test:///default", false)
	if vms := list[*backend.VM](t, again, backend.Query{Kind: backend.KindVM}); len(vms) != 1 || vms[0].Name != "test" {
		t.Errorf("the test driver has %q", names(vms))
	}
}
