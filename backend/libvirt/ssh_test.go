package libvirt

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
)

// sshd is a loopback server with its own keys, and an ssh that knows nothing else.
type sshd struct {
	dir  string
	port int
	conf string // of the client
}

func startSSHD(t *testing.T) *sshd {
	t.Helper()
	return startSSHDBy(t, exec.Command)
}

// startSSHDBy runs the server by a command of the test's own making.
func startSSHDBy(t *testing.T, command func(string, ...string) *exec.Cmd) *sshd {
	t.Helper()
	lab.Programs(t, "/usr/sbin/sshd", "ssh", "ssh-keygen", "nc")
	s := &sshd{dir: t.TempDir()}
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		lab.Missing(t, "sshd needs /run/sshd: %v", err)
	}
	s.key(t, "host")
	s.key(t, "other")
	s.key(t, "user")
	pub, err := os.ReadFile(filepath.Join(s.dir, "user.pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "authorized", string(pub), 0o600)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	_ = l.Close()
	s.write(t, "sshd_config", fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host\nPidFile none\n"+
		"AuthorizedKeysFile %s/authorized\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n",
		s.port, s.dir, s.dir), 0o600)
	s.serve(t, command)
	s.write(t, "ssh_config", fmt.Sprintf("Host *\n UserKnownHostsFile %s/known\n GlobalKnownHostsFile /dev/null\n IdentityFile %s/user\n IdentitiesOnly yes\n IdentityAgent none\n", s.dir, s.dir), 0o600)
	s.conf = s.wrapper(t, "ssh_config")
	s.trust(t, "host")
	return s
}

func (s *sshd) key(t *testing.T, name string) {
	t.Helper()
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(s.dir, name)).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v %s", err, out)
	}
}

func (s *sshd) write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// wrapper is an ssh that reads only this configuration.
func (s *sshd) wrapper(t *testing.T, config string) string {
	t.Helper()
	return s.write(t, config+".sh", fmt.Sprintf("#!/bin/sh\nexec ssh -F %s/%s \"$@\"\n", s.dir, config), 0o700)
}

// trust writes the known hosts: the server under this key.
func (s *sshd) trust(t *testing.T, key string) {
	t.Helper()
	pub, err := os.ReadFile(filepath.Join(s.dir, key+".pub"))
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "known", fmt.Sprintf("[127.0.0.1]:%d %s", s.port, pub), 0o600)
}

func (s *sshd) serve(t *testing.T, command func(string, ...string) *exec.Cmd) {
	t.Helper()
	cmd := command("/usr/sbin/sshd", "-D", "-e", "-f", filepath.Join(s.dir, "sshd_config"))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	eventually(t, 10*time.Second, "sshd listens", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", s.port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// uri is a URI through this server to a daemon's socket.
func (s *sshd) uri(socket, more string) string {
	u := fmt.Sprintf("qemu+ssh://root@127.0.0.1:%d/system?command=%s%s", s.port, s.conf, more)
	if socket != "" {
		u += "&socket=" + socket
	}
	return u
}

// clients counts the ssh that we run with this server's configuration.
func (s *sshd) clients(t *testing.T) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range all {
		stat, err := os.ReadFile(filepath.Join(filepath.Dir(p), "stat"))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(stat), ") ") // state and parent follow
		line, _ := os.ReadFile(p)
		if fields := strings.Fields(rest); len(fields) > 1 && fields[1] == fmt.Sprint(os.Getpid()) && strings.Contains(string(line), s.dir+"/ssh_config") {
			n++
		}
	}
	return n
}

// answers gives these answers and keeps the questions.
type answers struct {
	mu     sync.Mutex
	give   []string
	asked  []backend.Prompt
	refuse bool
}

func (a *answers) Ask(_ context.Context, p backend.Prompt) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, p)
	if a.refuse || len(a.give) == 0 {
		return "", backend.Refuse(backend.ClassDenied, "ask", "", "declined")
	}
	first := a.give[0]
	a.give = a.give[1:]
	return first, nil
}

func dialSSH(t *testing.T, uri string, ask backend.Asker) (backend.Backend, error) {
	t.Helper()
	d, err := New(Options{ID: "c", URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	return d.Dial(ctx, ask)
}

func TestSSH(t *testing.T) {
	l := lab.StartLibvirtd(t)
	l.DefineMany(2)
	s := startSSHD(t)
	t.Run("netcat", func(t *testing.T) {
		b, err := dialSSH(t, s.uri(l.Socket(), ""), noAsker{})
		if err != nil {
			t.Fatal(err)
		}
		if got := list[*backend.VM](t, b, backend.Query{Kind: backend.KindVM}); len(got) != 2 {
			t.Errorf("VMs %q", names(got))
		}
		if n := s.clients(t); n != 2 {
			t.Fatalf("%d ssh processes", n)
		}
		start := time.Now()
		_ = b.Close()
		eventually(t, 10*time.Second, "no ssh outlives the connection", func() bool { return s.clients(t) == 0 })
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("closing took %v", took)
		}
	})
	t.Run("unknown key accepted", func(t *testing.T) {
		s.write(t, "known", "", 0o600)
		ask := &answers{give: []string{"yes"}}
		b, err := dialSSH(t, s.uri(l.Socket(), ""), ask)
		if err != nil {
			t.Fatal(err)
		}
		_ = b.Close()
		if len(ask.asked) != 1 || len(ask.asked[0].Choices) != 2 || ask.asked[0].Choices[0].Key != "no" ||
			!strings.Contains(ask.asked[0].Text, "fingerprint") {
			t.Errorf("asked %+v", ask.asked)
		}
	})
	t.Run("known hosts of the URI", func(t *testing.T) { knownHosts(t, s, l) })
	t.Run("passphrase", func(t *testing.T) { passphrase(t, s, l) })
}

// knownHosts: the file and the strictness that the URI asks for.
func knownHosts(t *testing.T, s *sshd, l *lab.Libvirtd) {
	t.Helper()
	s.write(t, "known", "", 0o600) // the usual file knows nothing
	fresh := filepath.Join(s.dir, "of the%20uri")
	escaped := strings.NewReplacer("%", "%25", " ", "%20").Replace(fresh)
	cases := []struct {
		name, more string
		ok         bool
	}{
		{"an unknown host", "&no_tty=1", false},
		{"one to be remembered", "&no_tty=1&known_hosts_verify=auto&known_hosts=" + escaped, true},
		{"one that is remembered", "&no_tty=1&known_hosts=" + escaped, true},
		{"none to be checked", "&no_tty=1&known_hosts_verify=ignore", true},
		{"nothing verified", "&no_tty=1&no_verify=1&known_hosts=/dev/null", true},
	}
	for _, c := range cases {
		b, err := dialSSH(t, s.uri(l.Socket(), c.more), noAsker{})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil {
			_ = b.Close()
		}
	}
	if text, err := os.ReadFile(fresh); err != nil || !strings.Contains(string(text), "127.0.0.1") {
		t.Errorf("%q %v", text, err)
	}
}

func passphrase(t *testing.T, s *sshd, l *lab.Libvirtd) {
	t.Helper()
	s.trust(t, "host")
	key := filepath.Join(s.dir, "locked")
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "sesame", "-f", key).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	pub, _ := os.ReadFile(key + ".pub")
	s.write(t, "authorized", string(pub), 0o600)
	defer func() {
		pub, _ := os.ReadFile(filepath.Join(s.dir, "user.pub"))
		s.write(t, "authorized", string(pub), 0o600)
	}()
	ask := &answers{give: []string{"sesame"}}
	b, err := dialSSH(t, s.uri(l.Socket(), "&keyfile="+key), ask)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
	if len(ask.asked) != 1 || !ask.asked[0].Secret {
		t.Errorf("asked %+v", ask.asked)
	}
}

func TestSSHRefusals(t *testing.T) {
	// A folder of its own: other packages' tests use ssh at the same time.
	own, err := os.MkdirTemp("", "hvd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(own) })
	t.Setenv("TMPDIR", own)
	s := startSSHD(t)
	s.write(t, "nokey_config", fmt.Sprintf("Host *\n UserKnownHostsFile %s/known\n IdentityFile %s/other\n IdentitiesOnly yes\n IdentityAgent none\n", s.dir, s.dir), 0o600)
	noKeySSH := s.wrapper(t, "nokey_config")
	cases := []struct {
		name, trust, uri, words string
		class                   backend.Class
	}{
		{"changed key", "other", s.uri("/nowhere", ""), "has changed", backend.ClassUntrusted},
		{"unknown key", "", s.uri("/nowhere", ""), "not accepted", backend.ClassUntrusted},
		{"unknown key, no questions", "", s.uri("/nowhere", "&no_tty=1"), "not trusted", backend.ClassUntrusted},
		{"no key", "host", strings.Replace(s.uri("/nowhere", ""), s.conf, noKeySSH, 1), "refused by root@127.0.0.1", backend.ClassDenied},
		{"no daemon", "host", s.uri("/nowhere/sock", ""), "no libvirt socket at /nowhere/sock", backend.ClassUnreachable},
		{"no netcat", "host", s.uri("/nowhere/sock", "&netcat=/no/such/nc"), "neither virt-ssh-helper nor nc", backend.ClassUnsupported},
		{"no server", "host", "qemu+ssh://127.0.0.1:1/system?command=" + s.conf, "refuse", backend.ClassUnreachable},
		{"quoting", "host", s.uri("/no'where%3B$(id)", ""), "no libvirt socket at /no'where;$(id)", backend.ClassUnreachable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s.write(t, "known", "", 0o600)
			if c.trust != "" {
				s.trust(t, c.trust)
			}
			b, err := dialSSH(t, c.uri, &answers{refuse: true})
			if err == nil {
				_ = b.Close()
				t.Fatal("connected")
			}
			if backend.ClassOf(err) != c.class || !strings.Contains(err.Error(), c.words) {
				t.Errorf("%v: %v", backend.ClassOf(err), err)
			}
		})
	}
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), "hvd*", "askpass"))
	if len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestSSHAsides: connections for one job each leave no process behind.
func TestSSHAsides(t *testing.T) {
	l := lab.StartLibvirtd(t)
	s := startSSHD(t)
	b, err := dialSSH(t, s.uri(l.Socket(), ""), noAsker{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	before, goroutines := s.clients(t), runtime.NumGoroutine()
	for range 20 {
		r, err := b.(*client).aside(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r.close()
	}
	eventually(t, 10*time.Second, "only the two that stay run", func() bool { return s.clients(t) == before })
	eventually(t, 10*time.Second, "no goroutine stays", func() bool { return runtime.NumGoroutine() <= goroutines })
	if _, err := b.(*client).aside(t.Context()); err != nil {
		t.Errorf("the connection that the others share has ended: %v", err)
	}
}
