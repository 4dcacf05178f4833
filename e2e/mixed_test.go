package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// deaf accepts connections and never says a word.
func deaf(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestOneDeadConnectionHoldsUpNoOther(t *testing.T) {
	l, v := desk.Hosts(t), desk.Vcenter(t)
	began := time.Now()
	c := start(t, desk.Setup{
		Config: desk.Connection("deaf", "http://user@"+deaf(t)+"/sdk") + desk.Connection("gone", "qemu+unix:///system?socket=/nonexistent/sock") +
			desk.Connection("kvm", l.URI("qemu")) + desk.Connection("vc", "http://user@"+v.Addr()+"/sdk", `password_env = "VC_PASSWORD"`),
		Env: []string{"VC_PASSWORD=pass"},
	})
	c.WaitFor("◌ deaf connecting")
	vms := c.Pane("VMs").WaitFor("guest").WaitFor("DC0_C0_RP0_VM0")
	t.Logf("both inventories were there after %v beside a deaf and a missing server", time.Since(began).Round(time.Millisecond))
	c.WaitFor("gone unreachable")
	vms.Select("guest")
	l.Virsh("suspend", "guest")
	c.seen(t, "virsh suspend", desk.Row("guest", "pau"))
	v.Govc("vm.power", "-off", "DC0_C0_RP0_VM0")
	c.seen(t, "govc power off", desk.Row("DC0_C0_RP0_VM0", "off"))
	v.Freeze()
	c.WaitFor("vc reconnecting", 45*time.Second)
	l.Virsh("resume", "guest")
	c.seen(t, "virsh resume while vCenter hangs", desk.Row("guest", "run"))
	c.promised(t, time.Second)
	c.Menu("p", "power: guest", "f")
	c.Yes("Power off, hard: guest on kvm?")
	desk.Domstate(t, l, "guest", "shut off")
	v.Thaw()
	c.Press("ctrl+c")
	if status := c.WaitExit(); status != 0 {
		t.Errorf("status %d", status)
	}
}

func TestHostileNamesOfVSphere(t *testing.T) {
	v := desk.Vcenter(t)
	c := start(t, desk.Setup{Config: desk.VcenterAt("vc", v), Env: desk.Password()})
	vms := c.Pane("VMs").WaitFor("DC0_C0_RP0_VM0")
	vm := govcVMs(v)
	for i, name := range []string{"a\u202eevil", "b" + strings.Repeat("long", 19), "c日本語ก็👩‍👩‍👧", "d\ttab", "e\nline", "f\u009b2J"} {
		if out, err := v.TryGovc("object.rename", "/DC0/vm/"+vm[i], name); err != nil {
			t.Fatalf("name %d: %s", i, out)
		}
		vms.WaitFor("● " + name[:1])
		c.framed(t)
	}
	vms.Focus()
	c.Press("d").WaitFor("on vc").Press("q").Press("w", "+", "+")
	c.Pane("VMs").WaitFor("● a")
	if c.Title() != "hvdeck" {
		t.Errorf("the window is called %q", c.Title())
	}
}

// sshTo is a loopback sshd with its own keys and a wrapper of ssh that knows no other.
func sshTo(t *testing.T) (port int, command string) {
	t.Helper()
	lab.Programs(t, "/usr/sbin/sshd", "ssh", "ssh-keygen", "nc")
	dir := t.TempDir()
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatalf("sshd needs /run/sshd: %v", err)
	}
	for _, key := range []string{"host", "user"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, key)).CombinedOutput(); err != nil {
			t.Fatalf("ssh-keygen: %v %s", err, out)
		}
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	pub, _ := os.ReadFile(filepath.Join(dir, "host.pub"))
	desk.WriteFile(t, filepath.Join(dir, "known"), fmt.Sprintf("[127.0.0.1]:%d %s", port, pub))
	desk.WriteFile(t, filepath.Join(dir, "sshd_config"), fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\nPidFile none\nAuthorizedKeysFile %s/user.pub\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n", port, dir, dir))
	desk.WriteFile(t, filepath.Join(dir, "ssh_config"), fmt.Sprintf("Host *\n UserKnownHostsFile %s/known\n GlobalKnownHostsFile /dev/null\n IdentityFile %s/user\n IdentitiesOnly yes\n IdentityAgent none\n", dir, dir))
	command = filepath.Join(dir, "ssh")
	desk.WriteFile(t, command, fmt.Sprintf("#!/bin/sh\nexec ssh -F %s/ssh_config \"$@\"\n", dir))
	if err := os.Chmod(command, 0o700); err != nil {
		t.Fatal(err)
	}
	sshd := exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(dir, "sshd_config"))
	sshd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := sshd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sshd.Process.Kill(); _ = sshd.Wait() })
	desk.Eventually(t, 10*time.Second, "sshd to listen", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return port, command
}

// running counts the processes whose command line holds text.
func running(text string) int {
	n := 0
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range found {
		if line, err := os.ReadFile(f); err == nil && strings.Contains(string(line), text) {
			n++
		}
	}
	return n
}

func TestThroughSSH(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineGuest("guest", false)
	port, command := sshTo(t)
	uri := fmt.Sprintf("qemu+ssh://root@127.0.0.1:%d/system?command=%s&socket=%s", port, command, l.Socket())
	for name, leave := range map[string]func(*console){
		"q":    func(c *console) { c.Press("q") },
		"TERM": func(c *console) { c.Signal("TERM") },
		"KILL": func(c *console) { c.Signal("KILL") },
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, desk.Setup{Config: desk.Connection("far", uri)})
			c.Pane("VMs").WaitFor(desk.Row("guest", "off"))
			if running(filepath.Dir(command)+"/ssh_config") == 0 {
				t.Fatal("no ssh runs")
			}
			leave(c)
			c.WaitExit()
			desk.Eventually(t, 10*time.Second, "the ssh processes to end", func() bool { return running(filepath.Dir(command)+"/ssh_config") == 0 })
		})
	}
}
