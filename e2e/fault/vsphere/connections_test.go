package vsphere

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// refused is an address where nobody listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// silent is an address that takes connections and never says a word.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// hole is an address whose machine takes no connection any more and refuses none: its
// queue of connections is full.
func hole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", at.(*syscall.SockaddrInet4).Port)
	for range 3 {
		if c, err := net.DialTimeout("tcp", addr, 100*time.Millisecond); err == nil {
			t.Cleanup(func() { _ = c.Close() })
		}
	}
	return addr
}

// withPassword is a connection that asks nobody.
func withPassword(name, uri string) string {
	if !strings.HasPrefix(uri, "http") {
		return desk.Connection(name, uri)
	}
	return desk.Connection(name, uri, `password_env = "VC_PASSWORD"`)
}

func sessionsAt(servers []*lab.Vcsim) (n int) {
	for _, v := range servers {
		n += desk.Sessions(v)
	}
	return n
}

// alone measures keys, and how long a change takes to be seen, with the living only.
func alone(t *testing.T, v *lab.Vcsim, config string, env []string) (uitest.Latency, time.Duration) {
	t.Helper()
	c := desk.Start(t, desk.Setup{Config: config, Env: env, Size: uitest.Size{W: 120, H: 40}})
	c.Pane("VMs").WaitTitle(" 40 ", 2*soon).Focus()
	keys, measured := c.MeasureEnds(desk.KeyGap), time.Now()
	v.Govc("vm.power", "-suspend", vmName(0))
	began := time.Now()
	c.Pane("VMs").WaitFor(desk.Row(vmName(0), "sus"), 20*time.Second)
	took := time.Since(began)
	calm := c.Enough(keys, measured).Stop()
	v.Govc("vm.power", "-on", vmName(0))
	c.Press("q")
	c.WaitExit()
	return calm, took
}

// deadOnes are ten connections that are dead, each in another way, with what is said of each
// in WHY, and the file of certificates that they need.
func deadOnes(t *testing.T, v *lab.Vcsim, home, socket string) (config, known string, said map[string]string) {
	t.Helper()
	ill := startFront(t, v.Addr(), false)
	ill.Set(status(http.StatusInternalServerError))
	unavailable := startFront(t, v.Addr(), false)
	unavailable.Set(status(http.StatusServiceUnavailable))
	page := startFront(t, v.Addr(), false)
	page.Set(html)
	halved := startFront(t, v.Addr(), false)
	halved.Set(half)
	other := startFront(t, v.Addr(), true)
	known = filepath.Join(home, "known_hosts")
	desk.WriteFile(t, known, strings.TrimPrefix(other.server.URL, "https://")+" "+strings.Repeat("00:", 31)+"00\n")
	said = map[string]string{}
	for name, d := range map[string]struct{ uri, said string }{ // in whatever order
		"d01-refused": {"http://user@" + refused(t) + "/sdk", "refuses the connection"}, "d02-deaf": {"http://user@" + silent(t) + "/sdk", "no answer|connecting"},
		"d03-hole": {"http://user@" + hole(t) + "/sdk", "no answer|i/o timeout|connecting"}, "d04-cert": {other.URI("user"), "certificate has changed"},
		"d05-500": {ill.URI("user"), "500 Internal"}, "d06-503": {unavailable.URI("user"), "503 Service"}, "d07-html": {page.URI("user"), "does not speak"},
		"d08-half": {halved.URI("user"), "does not speak|can't be read"}, "d09-socket": {socket, "nothing listens"},
		"d10-gone": {"qemu+unix:///system?socket=/nonexistent/sock", "no libvirt daemon here"},
	} {
		config += withPassword(name, d.uri)
		said[name] = d.said
	}
	return config, known, said
}

// listsThem looks whether all that is dead is listed as that at each size, and why where
// there is room.
func listsThem(t *testing.T, c *desk.Console, said map[string]string) {
	t.Helper()
	for _, size := range []uitest.Size{{W: 80, H: 24}, {W: 120, H: 40}, {W: 200, H: 60}} {
		c.Resize(size.W, size.H)
		c.WaitUntil("the size", func(lines []string) bool { return len(lines) == size.H })
		c.WaitFor(regexp.MustCompile(`(?m)^ hvdeck .*(unreachable|refused)`)).WaitFor(regexp.MustCompile(`\+\d+ more, i lists them`))
		c.Press("i").WaitFor("Connections")
		for name, why := range said {
			c.WaitFor(regexp.MustCompile(name + ` +(unreachable|refused)`))
			if size.W >= 120 {
				c.WaitFor(regexp.MustCompile(name + ` .*(` + why + `)`))
			}
		}
		t.Logf("at %dx%d:\n%s", size.W, size.H, c.Text())
		c.Press("esc").WaitGone("Connections")
	}
	c.Resize(120, 40)
}

// TestTwentyConnections: half of them are dead, each in another way, and the living ones
// are as if they were alone.
func TestTwentyConnections(t *testing.T) {
	// Two connections to each server: a simulator looks through all that each of its
	// clients waits for at every change, and takes seconds for that with ten of them.
	var servers []*lab.Vcsim
	for range 5 {
		servers = append(servers, desk.Vcenter(t, "-host", "1", "-standalone", "-1", "-vm", "4"))
	}
	v := servers[0]
	killed := lab.StartLibvirtd(t)
	t.Parallel()
	socket := killed.URI("qemu")
	killed.Kill()
	home, alive := t.TempDir(), ""
	config, known, dead := deadOnes(t, v, home, socket)
	var living []string
	for i := range 10 {
		name := fmt.Sprintf("l%02d", i)
		living = append(living, name)
		alive += withPassword(name, fmt.Sprintf("http://%s@%s/sdk", name, servers[i%len(servers)].Addr()))
	}
	config += alive
	env := []string{"VC_PASSWORD=pass", "GOVC_TLS_KNOWN_HOSTS=" + known}
	calm, usual := alone(t, v, alive, env)
	c := desk.Start(t, desk.Setup{Config: config, Home: home, Env: env, Size: uitest.Size{W: 120, H: 40}})
	began := time.Now()
	c.Pane("VMs").WaitTitle(" 40 ", desk.LiveWithin(soon))
	t.Logf("ten living inventories after %v", time.Since(began).Round(10*time.Millisecond))
	c.Pane("VMs").Focus()
	desk.Eventually(t, 40*time.Second, "the dead ones to be called dead", func() bool { return !strings.Contains(c.Text(), "connecting") })

	listsThem(t, c, dead)
	before := held(c) // idle: under keys other goroutines draw and tick
	keys := c.MeasureEnds(desk.KeyGap)
	most(before, held(c))
	heap := c.Vitals().Resident
	v.Govc("vm.power", "-off", vmName(0))
	began = time.Now()
	c.Pane("VMs").WaitFor(desk.Row(vmName(0), "off"), 20*time.Second)
	took := time.Since(began)
	t.Logf("a change was on the screen after %v, without the dead after %v", took.Round(10*time.Millisecond), usual.Round(10*time.Millisecond))
	if limit := desk.LiveWithin(max(2*time.Second, 3*usual)); took > limit {
		t.Errorf("more than %v", limit)
	}
	time.Sleep(12 * time.Second) // of redialling
	l := keys.Stop()
	c.Prompt("ten of twenty are dead", calm, l)
	c.NothingLeaked(before, 20*time.Second)
	if now := c.Vitals().Resident; now > heap+heap/4+8<<20 {
		t.Errorf("memory grew from %d to %d MiB", heap>>20, now>>20)
	}
	if n := sessionsAt(servers); n != len(living) {
		t.Errorf("%d sessions of %d living connections", n, len(living))
	}
	began = time.Now()
	c.Press("q")
	c.WaitExit()
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("leaving took %v", took)
	}
	if n := sessionsAt(servers); n != 0 {
		t.Errorf("%d sessions left at the server", n)
	}
}
