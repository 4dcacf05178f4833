package lab

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
)

//go:embed scripts/packages.txt
var libvirtPackages string

//go:embed scripts/libvirt-namespace.sh
var libvirtNamespaceScript string

// LibvirtPackages names the Debian packages that the libvirt lab needs.
func LibvirtPackages() []string { return strings.Fields(libvirtPackages) }

// Libvirtd is a private libvirtd with its own directories, network and host name.
// It serves qemu (under TCG) and libvirt's test driver. Its methods are for one
// goroutine at a time.
type Libvirtd struct {
	dir    string
	holder *exec.Cmd
	stdin  io.Closer
	fail   func(format string, args ...any)
	setup  LibvirtdSetup

	turn sync.Mutex // held while a daemon is replaced by another

	mu      sync.Mutex
	daemon  *daemon // the one that was started last
	over    bool    // none is started any more
	crashes int
}

// mostCrashes of a daemon are its own: 9.0 ends now and then when clients leave.
const mostCrashes = 1

// StartLibvirtd starts a private libvirtd and ends it, with all that runs in it,
// when the test ends. It skips the test where the programs are missing, and fails
// it instead when CI is true.
func StartLibvirtd(t testing.TB) *Libvirtd {
	t.Helper()
	return startLibvirtd(t, LibvirtdSetup{})
}

func startLibvirtd(t testing.TB, setup LibvirtdSetup) *Libvirtd {
	t.Helper()
	libvirtRequire(t, "libvirtd", "virsh", "qemu-system-x86_64", "qemu-img", "unshare", "nsenter", "ip")
	if os.Geteuid() != 0 {
		Missing(t, "a private libvirtd needs root")
	}
	l, err := libvirtUp(setup)
	if err != nil {
		t.Fatalf("start libvirtd: %v", err)
	}
	l.fail = func(format string, args ...any) { t.Helper(); t.Fatalf(format, args...) }
	t.Cleanup(func() {
		l.Stop()
		if n := l.Crashes(); n > 0 {
			t.Logf("libvirtd ended by itself %d times, and was started again", n)
		}
		if n := l.Crashes(); n > mostCrashes {
			t.Errorf("libvirtd ended by itself %d times: what is done to it may be the cause", n)
		}
	})
	return l
}

// RunLibvirtd starts a private libvirtd outside a test. The caller calls Stop.
func RunLibvirtd() (*Libvirtd, error) { return libvirtUp(LibvirtdSetup{}) }

// libvirtRequire skips, or fails in CI, when a program is missing.
func libvirtRequire(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			Missing(t, "%s not found: install %s", p, strings.Join(LibvirtPackages(), " "))
		}
	}
}

func libvirtUp(setup LibvirtdSetup) (*Libvirtd, error) {
	// A short path: a unix socket address holds 107 bytes.
	dir, err := os.MkdirTemp("", "hvd")
	if err != nil {
		return nil, err
	}
	l := &Libvirtd{dir: dir, setup: setup, fail: func(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }}
	if err := l.layOut(); err != nil {
		l.Stop()
		return nil, err
	}
	if setup.Prepare != nil {
		if err := setup.Prepare(dir); err != nil {
			l.Stop()
			return nil, err
		}
	}
	l.copyCapabilities(libvirtCapabilities(), l.capabilities())
	if err := l.hold(); err != nil {
		l.Stop()
		return nil, err
	}
	l.turn.Lock()
	err = l.start()
	l.turn.Unlock()
	if err != nil {
		l.Stop()
		return nil, err
	}
	return l, nil
}

// layOut writes the directories and configuration of the instance.
func (l *Libvirtd) layOut() error {
	for _, d := range []string{"etc", "run", "lib", "cache", "log", "images"} {
		if err := os.Mkdir(filepath.Join(l.dir, d), 0o755); err != nil {
			return err
		}
	}
	uuid, err := os.ReadFile("/proc/sys/kernel/random/uuid")
	if err != nil {
		return err
	}
	files := map[string]string{
		"namespace.sh":      libvirtNamespaceScript,
		"etc/libvirtd.conf": l.setup.Conf + "\n" + fmt.Sprintf(libvirtdConf, l.dir, strings.TrimSpace(string(uuid))),
		"etc/qemu.conf":     libvirtQemuConf,
	}
	for _, name := range []string{"passwd", "group"} {
		old, err := os.ReadFile(filepath.Join("/etc", name))
		if err != nil {
			return err
		}
		files[name] = libvirtAccounts(name, string(old))
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	// Mount points have to exist; they are only ever mounted over.
	for _, d := range []string{"/etc/libvirt", "/run/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt"} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// libvirtAccounts adds the accounts that Debian's libvirt looks up before it reads
// its configuration.
func libvirtAccounts(name, text string) string {
	add := map[string][]string{
		"passwd": {"libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin"},
		"group":  {"libvirt-qemu:x:64055:", "kvm:x:64056:"},
	}
	for _, line := range add[name] {
		user, _, _ := strings.Cut(line, ":")
		if !strings.HasPrefix(text, user+":") && !strings.Contains(text, "\n"+user+":") {
			text += line + "\n"
		}
	}
	return text
}

const libvirtdConf = `listen_tls = 0
listen_tcp = 0
unix_sock_group = "root"
unix_sock_rw_perms = "0700"
unix_sock_ro_perms = "0777"
auth_unix_rw = "none"
auth_unix_ro = "none"
log_outputs = "3:file:%s/log/libvirtd.log"
max_clients = 200
host_uuid = "%s"
`

const libvirtQemuConf = `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
stdio_handler = "file"
cgroup_controllers = [ ]
namespaces = [ ]
seccomp_sandbox = 0
`

// hold starts the process that keeps the namespaces and cleans up after them.
func (l *Libvirtd) hold() error {
	l.holder = exec.Command("unshare", "--mount", "--net", "--uts", "--propagation", "private",
		"bash", filepath.Join(l.dir, "namespace.sh"), l.dir)
	l.holder.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := l.holder.StdinPipe()
	if err != nil {
		return err
	}
	l.stdin = in
	out, err := l.holder.StdoutPipe()
	if err != nil {
		return err
	}
	var errText strings.Builder
	l.holder.Stderr = &errText
	if err := l.holder.Start(); err != nil {
		l.holder = nil
		return err
	}
	ready := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(out, ready); err != nil {
		_ = l.holder.Wait()
		l.holder = nil
		return fmt.Errorf("make namespaces: %s", strings.TrimSpace(errText.String()))
	}
	return nil
}

// Log is the end of what the daemon logged.
func (l *Libvirtd) Log() string {
	var all strings.Builder
	for _, name := range []string{"log/stderr.log", "log/libvirtd.log"} {
		text, _ := os.ReadFile(filepath.Join(l.dir, name))
		if len(text) > 4000 {
			text = text[len(text)-4000:]
		}
		all.Write(text)
	}
	return all.String()
}

// Dir is the directory of the instance; Dir()/images is for disks.
func (l *Libvirtd) Dir() string { return l.dir }

// Socket is the path of the read-write socket; it works from outside.
func (l *Libvirtd) Socket() string { return filepath.Join(l.dir, "run/libvirt-sock") }

// SocketRO is the path of the read-only socket.
func (l *Libvirtd) SocketRO() string { return filepath.Join(l.dir, "run/libvirt-sock-ro") }

// URI is the connection URI for a driver: "qemu" or "test".
func (l *Libvirtd) URI(driver string) string {
	path := "system"
	if driver == "test" {
		path = "default"
	}
	return driver + "+unix:///" + path + "?socket=" + l.Socket()
}
