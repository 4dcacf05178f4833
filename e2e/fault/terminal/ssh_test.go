package terminal

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
	"hvdeck/vitals"
)

// far is a daemon that is reached through ssh: a real sshd on this machine.
type far struct {
	t    *testing.T
	l    *lab.Libvirtd
	dir  string // of the server
	port int
	sshd *exec.Cmd
	// plain is what a console holds that came in without a question or a fault.
	plain vitals.Vitals
}

func startFar(t *testing.T) *far {
	t.Helper()
	lab.Programs(t, "/usr/sbin/sshd", "ssh", "ssh-keygen", "nc")
	f := &far{t: t, l: lab.StartLibvirtd(t), dir: t.TempDir()}
	f.l.DefineMany(5)
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatalf("sshd needs /run/sshd: %v", err)
	}
	f.key("host", "")
	f.key("user", "")
	f.key("locked", "sesame")
	f.key("stranger", "")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.port = free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	desk.WriteFile(t, f.path("authorized"), f.read("user.pub")+f.read("locked.pub"))
	desk.WriteFile(t, f.path("sshd_config"), fmt.Sprintf("ListenAddress 127.0.0.1\nPort %d\nHostKey %s\nPidFile none\nAuthorizedKeysFile %s\nStrictModes no\n"+
		"UsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\nMaxStartups 100\n", f.port, f.path("host"), f.path("authorized")))
	f.sshd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", f.path("sshd_config"))
	f.sshd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := f.sshd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.sshd.Process.Kill(); _ = f.sshd.Wait() })
	desk.Eventually(t, soon, "sshd to listen", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(f.port))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return f
}

func (f *far) path(name string) string { return filepath.Join(f.dir, name) }

func (f *far) read(name string) string {
	f.t.Helper()
	text, err := os.ReadFile(f.path(name))
	if err != nil {
		f.t.Fatal(err)
	}
	return string(text)
}

func (f *far) key(name, passphrase string) {
	f.t.Helper()
	out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", f.path(name)).CombinedOutput()
	if err != nil {
		f.t.Fatalf("ssh-keygen: %v %s", err, out)
	}
}

// way is how an operator gets to a far daemon: their ssh, configuration and console.
type way struct {
	*desk.Console
	t    *testing.T
	far  *far
	home string
}

// by prepares a console whose ssh runs a script before the real one, which reads only the
// configuration of the test: key names the key, known says whether the host is.
func (f *far) by(t *testing.T, script, key string, known bool) *way {
	t.Helper()
	w := &way{t: t, far: f, home: t.TempDir()}
	hosts := ""
	if known {
		hosts = fmt.Sprintf("[127.0.0.1]:%d %s", f.port, f.read("host.pub"))
	}
	desk.WriteFile(t, w.path("known"), hosts)
	desk.WriteFile(t, w.path("ssh_config"), fmt.Sprintf("Host *\n UserKnownHostsFile %s\n GlobalKnownHostsFile /dev/null\n IdentityFile %s\n IdentitiesOnly yes\n IdentityAgent none\n",
		w.path("known"), f.path(key)))
	real, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal(err)
	}
	desk.WriteFile(t, w.path("bin/ssh"), fmt.Sprintf("#!/bin/sh\n[ \"$1\" = -G ] && exec %s -F %s \"$@\"\n%s\nexec %s -F %s \"$@\"\n",
		real, w.path("ssh_config"), script, real, w.path("ssh_config")))
	if err := os.Chmod(w.path("bin/ssh"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.path("tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *way) path(name string) string { return filepath.Join(w.home, name) }

// start runs the console; more is added to the URI.
func (w *way) start(more string) *way {
	w.t.Helper()
	return w.startAt(fmt.Sprintf("qemu+ssh://root@127.0.0.1:%d/system?socket=%s%s", w.far.port, w.far.l.Socket(), more))
}

func (w *way) startAt(uri string) *way {
	w.t.Helper()
	w.Console = desk.Start(w.t, desk.Setup{
		Home: w.home, Config: desk.Connection("far", uri) + desk.Connection("near", w.far.l.URI("qemu")),
		Env: []string{"PATH=" + w.path("bin") + ":" + os.Getenv("PATH"), "TMPDIR=" + w.path("tmp")},
	})
	return w
}

// ready waits until the far daemon is there.
func (w *way) ready(limit time.Duration) {
	w.t.Helper()
	w.WaitFor("● far QEMU", limit)
}

// asPlain is what a console holds that nothing stood in the way of.
func (f *far) asPlain(t *testing.T) vitals.Vitals {
	t.Helper()
	w := f.by(t, "", "user", true).start("")
	w.isThere(soon)
	v := w.holds()
	w.leaves()
	return v
}

// holds is what the console holds, with files called as in any other console.
func (w *way) holds() vitals.Vitals {
	w.t.Helper()
	v := w.Vitals()
	files := map[string]int{}
	for name, n := range v.Files {
		name = strings.ReplaceAll(name, w.home, "~")
		if strings.HasPrefix(name, "/dev/pts/") {
			name = "/dev/pts"
		}
		files[name] += n
	}
	v.Files = files
	return v
}

// isThere waits until both daemons are there, and nothing is under way.
func (w *way) isThere(limit time.Duration) {
	w.t.Helper()
	w.ready(limit)
	w.WaitFor("● near QEMU").Pane("VMs").WaitTitle(" 10 ")
	w.Pane("VMs").Select("m00000")
	w.Pane("Overview").WaitTitle("m00000")
}

// entered waits until the far daemon is there after all; then the console holds no more than
// one that came in without all that.
func (w *way) entered(limit time.Duration) {
	w.t.Helper()
	w.isThere(limit)
	grown := ""
	for end := time.Now().Add(soon); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if grown = w.holds().Grown(w.far.plain); grown == "" {
			return
		}
	}
	w.t.Errorf("it holds more than a console that was let in at once:\n%s", grown)
}

// says looks for words about the connection, where the connections are listed.
func (w *way) says(words ...string) {
	w.t.Helper()
	w.Press("i").Pane("Connections").WaitFor(regexp.MustCompile(`❯\S far`)) // what needs a look is first
	w.Press("enter").WaitFor("State: ")
	for _, text := range words {
		w.WaitUntil("the words: "+text, func(lines []string) bool { return strings.Contains(flowing(lines), text) })
	}
	w.Press("q").WaitFor("Connections").Press("q").WaitGone("Connections")
}

// flowing is the text of a box as it was before it was broken into lines.
func flowing(lines []string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(strings.Join(lines, " "), "│", " ")), " ")
}

// leaves ends the console; no ssh and no folder of its sockets may be left.
func (w *way) leaves() {
	w.t.Helper()
	w.Press("ctrl+c")
	ends(w.t, w.Console)
	desk.Eventually(w.t, 5*time.Second, "every ssh to end", func() bool { return len(processes(w.home)) == 0 })
	if left, _ := filepath.Glob(w.path("tmp/*")); len(left) > 0 {
		w.t.Errorf("left behind: %v", left)
	}
}

// ssh are the process ids of the real ones that run, the first of them first.
func (w *way) ssh() []int {
	var out []int
	for _, p := range processes(w.path("ssh_config")) {
		pid, _ := strconv.Atoi(strings.Fields(p)[0])
		out = append(out, pid)
	}
	return out
}

func (w *way) kill(pids ...int) {
	w.t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
			w.t.Fatal(err)
		}
	}
}

func TestSSH(t *testing.T) {
	t.Parallel()
	f := startFar(t)
	f.plain = f.asPlain(t)
	for name, test := range map[string]func(*testing.T, *far){
		"an unknown host is asked for": unknownHost, "a passphrase": passphrase, "a password and a code": passwordAndCode,
		"refusals": refusals, "dies": dies, "dies while it asks": diesAsking, "noise": noise, "flood": flood, "no place": noPlace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, f)
		})
	}
}

func unknownHost(t *testing.T, f *far) {
	w := f.by(t, "", "user", false).start("")
	w.Calm("Unknown host key of 127.0.0.1").WaitFor("SHA256:").WaitFor("far waits for your answer")
	w.Press("esc").WaitFor("far refused", soon)
	w.says("the host key of root@127.0.0.1 is not trusted", "compare the fingerprint")
	w.Press("ctrl+r").WaitFor("Unknown host key")
	w.Calm("Unknown host key").Press("down", "enter")
	w.ready(soon)
	if text, _ := os.ReadFile(w.path("known")); !strings.Contains(string(text), "127.0.0.1") {
		t.Errorf("the host is not remembered: %q", text)
	}
	w.entered(soon)
	w.leaves()
}

func passphrase(t *testing.T, f *far) {
	w := f.by(t, "", "locked", true).start("")
	w.Calm("Passphrase for root@127.0.0.1")
	w.Type("wrong").Press("enter").WaitGone("Passphrase for")
	w.Calm("Passphrase for root@127.0.0.1")
	w.Type("sesame").Press("enter")
	w.ready(soon)
	if strings.Contains(w.Log(), "sesame") {
		t.Error("the passphrase is in the log")
	}
	w.entered(soon)
	w.leaves()
}

// twice asks as ssh does for a password and then a code, the first connection only: the
// others go through it.
const twice = `
if [ ! -e "$HVDECK_ASKPASS/m" ]; then
	[ "$("$SSH_ASKPASS" "root@127.0.0.1's password: ")" = pass ] || { echo "Permission denied, please try again." >&2; exit 255; }
	[ "$("$SSH_ASKPASS" "(root@127.0.0.1) Verification code: ")" = 123456 ] || { echo "Permission denied, please try again." >&2; exit 255; }
fi`

func passwordAndCode(t *testing.T, f *far) {
	w := f.by(t, twice, "user", true).start("")
	w.Calm("Password for root@127.0.0.1").Expect("far waits for your answer")
	w.Type("pass").Press("enter").WaitGone("Password for")
	w.Calm("Verification code").Type("000000").Press("enter").WaitFor("far refused", soon)
	w.says("ssh was refused by root@127.0.0.1", "ssh -v root@127.0.0.1")
	w.Press("ctrl+r")
	w.Calm("Password for root@127.0.0.1").Type("pass").Press("enter").WaitGone("Password for")
	w.Calm("Verification code").Type("123456").Press("enter")
	w.entered(soon)
	w.leaves()
}

func refusals(t *testing.T, f *far) {
	at := fmt.Sprintf("root@127.0.0.1:%d/system?socket=%s", f.port, f.l.Socket())
	for name, c := range map[string]struct {
		key, uri, state string
		words           []string
	}{
		"wrong key":        {"stranger", "qemu+ssh://" + at, "far refused", []string{"ssh was refused by root@127.0.0.1", "ssh -v root@127.0.0.1"}},
		"unknown name":     {"user", "qemu+ssh://root@no-such-host.invalid/system", "far unreachable", []string{"the name of root@no-such-host.invalid is unknown", "check the spelling"}},
		"nobody listens":   {"user", "qemu+ssh://root@127.0.0.1:1/system", "far unreachable", []string{"refuses the connection"}},
		"no way to daemon": {"user", "qemu+ssh://" + at + "&proxy=netcat&netcat=/no/such/nc", "far unreachable", []string{"nothing on root@127.0.0.1 connects to the daemon", "netcat="}},
		"no daemon":        {"user", strings.Replace("qemu+ssh://"+at, f.l.Socket(), "/no/such/socket", 1), "far unreachable", []string{"no libvirt daemon on root@127.0.0.1", "/no/such/socket"}},
	} {
		w := f.by(t, "", c.key, true).startAt(c.uri)
		w.WaitFor(c.state, soon)
		w.says(c.words...)
		w.leaves()
		if t.Failed() {
			t.Fatalf("%s", name)
		}
	}
}

// dies: the connection is lost, said, and made again, whether all of ssh is killed or only
// the one that the others go through. The keys wait for nothing.
func dies(t *testing.T, f *far) {
	w := f.by(t, ills, "user", true).start("")
	w.ready(soon)
	w.WaitFor("● near QEMU").Pane("VMs").Focus()
	before := w.Vitals()
	calm := w.CalmKeys()
	keys := w.MeasureEnds(desk.KeyGap)
	for _, what := range []struct {
		name string
		pids func() []int
		ills []string // what the next ones do, for a while
	}{
		{"all are killed", w.ssh, nil}, {"the master is killed", func() []int { return w.ssh()[:1] }, nil},
		{"the master's socket goes", func() []int { w.unlink(); return w.ssh() }, nil}, {"the next fail and flood", w.ssh, []string{"fails", "floods"}},
	} {
		for _, ill := range what.ills {
			desk.WriteFile(t, w.path(ill), "")
		}
		w.kill(what.pids()...)
		w.WaitFor("far reconnecting", soon)
		for _, ill := range what.ills {
			desk.Eventually(t, 30*time.Second, "an ssh that "+ill, func() bool { _, err := os.Stat(w.path(ill + ".seen")); return err == nil })
			_ = os.Remove(w.path(ill))
		}
		w.ready(45 * time.Second) // the longest pause between two tries, and a login
		w.Prompt(what.name, calm, keys.Lap())
	}
	keys.Stop()
	w.NothingLeaked(before, soon)
	w.leaves()
}

// ills are what an ssh does while a file says so.
const ills = `
if [ -e "$HOME/fails" ]; then : >"$HOME/fails.seen"; echo 'ssh: connect to host 127.0.0.1 port 22: Network is unreachable' >&2; exit 255; fi
if [ -e "$HOME/floods" ]; then : >"$HOME/floods.seen"; exec yes 'this is no libvirt'; fi`

// unlink deletes the socket through which connections share one login, as a cleaner of
// temporary files does: what is open lives on, as keys and rows show for a while.
func (w *way) unlink() {
	w.t.Helper()
	sockets, _ := filepath.Glob(w.path("tmp/*/m"))
	if len(sockets) != 1 {
		w.t.Fatalf("the sockets of the master: %v", sockets)
	}
	if err := os.Remove(sockets[0]); err != nil {
		w.t.Fatal(err)
	}
	w.far.l.Virsh("domrename", "m00002", "m00002-is-open")
	w.Pane("VMs").WaitFor(regexp.MustCompile(`(?s)m00002-is-open.*m00002-is-open`), soon) // on both ways
	w.Expect("● far QEMU")
}

// asksFor asks for a password as the real one does: and waits for ever.
const asksFor = `
if [ -e "$HOME/asks" ] && [ ! -e "$HVDECK_ASKPASS/m" ]; then
	: ssh_config stands here for the test to find
	[ "$("$SSH_ASKPASS" "root@127.0.0.1's password: ")" = pass ] || exit 255
fi`

func diesAsking(t *testing.T, f *far) {
	w := f.by(t, asksFor, "user", true)
	desk.WriteFile(t, w.path("asks"), "")
	w.start("")
	w.Calm("Password for root@127.0.0.1")
	for _, p := range processes(w.path("bin/ssh")) {
		pid, _ := strconv.Atoi(strings.Fields(p)[0])
		if !strings.Contains(p, "askpass") {
			w.kill(pid)
		}
	}
	w.WaitGone("Password for", soon).WaitFor("far unreachable", soon)
	w.Calm("Password for root@127.0.0.1").Type("pass").Press("enter")
	w.entered(soon)
	w.leaves()
}

// noise is what a login may print before anything else, and worse.
const noiseScript = `printf 'Welcome to far!\n\033]0;evil\007\033[2J\033[?1049l\0\0\0\034 \200\000\200\206'; head -c 100000 /dev/urandom; echo`

func noise(t *testing.T, f *far) {
	w := f.by(t, noiseScript, "user", true).start("")
	w.entered(soon)
	if w.Title() != "hvdeck" {
		t.Errorf("the window is called %q", w.Title())
	}
	w.leaves()
}

func flood(t *testing.T, f *far) {
	w := f.by(t, "exec yes 'this is no libvirt'", "user", true).start("")
	w.WaitFor("far unreachable", soon)
	w.says("the far end writes something else")
	w.leaves()
}

// noPlace: without a folder for ssh's questions and sockets the console goes on, says what
// to do, and connects when there is one.
func noPlace(t *testing.T, f *far) {
	w := f.by(t, "", "user", true)
	fill := roomless(t, w.path("tmp"))
	w.start("")
	w.WaitFor("far unreachable", soon).WaitFor("● near QEMU")
	w.says("there is no place for ssh's questions", "no space left on device", "make room in ")
	fill.free()
	w.entered(20 * time.Second)
	w.leaves()
}

// The server stops answering before it has said a word: its listener is frozen. This test
// has a server of its own.
func TestSSHHangsAtTheBanner(t *testing.T) {
	f := startFar(t)
	t.Parallel()
	if err := f.sshd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	w := f.by(t, "", "user", true).start("")
	began := time.Now()
	w.WaitFor("far connecting").WaitFor("● near QEMU")
	vms := w.Pane("VMs").WaitFor("m00004")
	vms.Focus()
	keys := w.MeasureEnds(desk.KeyGap)
	w.WaitFor("far unreachable", 25*time.Second)
	t.Logf("given up after %v", time.Since(began).Round(time.Millisecond))
	hung := keys.Stop()
	w.says("root@127.0.0.1 does not answer", "check address, port and firewall")
	if err := f.sshd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	w.ready(20 * time.Second)
	w.Pane("VMs").Focus()
	w.Prompt("ssh hangs", w.CalmKeys(), hung)
	w.leaves()
}
