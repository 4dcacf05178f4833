package lab

import (
	"bytes"
	_ "embed"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

//go:embed scripts/libvirt-guest.sh
var libvirtGuestScript string

// GuestImage builds, once per machine, the kernel and initial RAM disk of the test
// guest, and gives their paths. The cache is HVDECK_LAB_CACHE or the user's own.
func (l *Libvirtd) GuestImage() (kernel, initrd string) {
	dir, err := libvirtGuestCache()
	if err != nil {
		l.fail("build the test guest: %v", err)
	}
	return filepath.Join(dir, "guest.vmlinuz"), filepath.Join(dir, "guest.initrd")
}

func libvirtGuestCache() (string, error) {
	cache, err := libvirtCacheDir()
	if err != nil {
		return "", err
	}
	// Another script makes another guest.
	base := filepath.Join(cache, fmt.Sprintf("guest-%08x", crc32.ChecksumIEEE([]byte(libvirtGuestScript))))
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	// Test packages run side by side: one builds, the others wait.
	lock, err := os.OpenFile(filepath.Join(base, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	// The RAM disk is written last.
	if _, err := os.Stat(filepath.Join(base, "guest.initrd")); err == nil {
		return base, nil
	}
	cmd := exec.Command("bash", "-s", base)
	cmd.Stdin = strings.NewReader(libvirtGuestScript)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return base, nil
}

// DefineGuest defines a small Linux guest under TCG with a qcow2 disk, balloon
// figures every 2 s and a serial console, and starts it if running is set.
func (l *Libvirtd) DefineGuest(name string, running bool) {
	kernel, initrd := l.GuestImage()
	disk := filepath.Join(l.dir, "images", name+".qcow2")
	if out, err := exec.Command("qemu-img", "create", "-q", "-f", "qcow2", disk, "64M").CombinedOutput(); err != nil {
		l.fail("qemu-img: %v: %s", err, out)
	}
	l.Define("qemu", fmt.Sprintf(libvirtGuestXML, libvirtEscape(name), kernel, initrd, disk))
	if running {
		l.Virsh("start", name)
	}
}

const libvirtGuestXML = `<domain type='qemu'>
  <name>%s</name>
  <memory unit='MiB'>96</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type><kernel>%s</kernel><initrd>%s</initrd><cmdline>console=ttyS0</cmdline></os>
  <features><acpi/></features>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>
    <serial type='pty'><target port='0'/></serial>
    <console type='pty'><target type='serial' port='0'/></console>
    <memballoon model='virtio'><stats period='2'/></memballoon>
  </devices>
</domain>`

// Define defines a domain from XML on a driver.
func (l *Libvirtd) Define(driver, domainXML string) {
	path := filepath.Join(l.dir, "define.xml")
	if err := os.WriteFile(path, []byte(domainXML), 0o644); err != nil {
		l.fail("%v", err)
	}
	l.VirshOn(driver, "define", path)
}

// DefineMany defines n domains that are off, m00000, m00001 …, in one virsh.
func (l *Libvirtd) DefineMany(n int) {
	dir := filepath.Join(l.dir, "many")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		l.fail("%v", err)
	}
	var commands bytes.Buffer
	for i := range n {
		name := fmt.Sprintf("m%05d", i)
		path := filepath.Join(dir, name+".xml")
		text := fmt.Sprintf(libvirtOffXML, "qemu", name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			l.fail("%v", err)
		}
		fmt.Fprintf(&commands, "define %s\n", path)
	}
	cmd := exec.Command("virsh", "-q", "-c", l.URI("qemu"))
	cmd.Stdin = &commands
	if out, err := cmd.CombinedOutput(); err != nil {
		l.fail("define %d domains: %v: %.500s", n, err, out)
	}
}

const libvirtOffXML = `<domain type='%s'><name>%s</name><memory unit='MiB'>64</memory><vcpu>2</vcpu>` +
	`<os><type arch='x86_64'>hvm</type></os></domain>`

// TestFile writes a configuration of the test driver with n running domains, t00000,
// t00001 …, and gives the URI that opens it. Its state is private to a connection.
func (l *Libvirtd) TestFile(n int) string {
	var node bytes.Buffer
	node.WriteString("<node>\n")
	for i := range n {
		fmt.Fprintf(&node, libvirtOffXML+"\n", "test", fmt.Sprintf("t%05d", i))
	}
	node.WriteString("</node>\n")
	path := filepath.Join(l.dir, fmt.Sprintf("node%d.xml", n))
	if err := os.WriteFile(path, node.Bytes(), 0o644); err != nil {
		l.fail("%v", err)
	}
	return "test+unix://" + path + "?socket=" + l.Socket()
}

// GuestPID is the process id of a running guest's QEMU, to freeze it for instance.
func (l *Libvirtd) GuestPID(name string) int {
	text, err := os.ReadFile(filepath.Join(l.dir, "run/qemu", name+".pid"))
	if err != nil {
		l.fail("pid of %s: %v", name, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		l.fail("pid of %s: %v", name, err)
	}
	return pid
}

// FreezeGuest stops a guest's QEMU, so that its monitor does not answer any more;
// the function returned lets it go on.
func (l *Libvirtd) FreezeGuest(name string) (thaw func()) {
	pid := l.GuestPID(name)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		l.fail("freeze %s: %v", name, err)
	}
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

func libvirtEscape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}
