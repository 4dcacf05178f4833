package terminal

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/backend/wrap"
	"hvdeck/e2e/desk"
	"hvdeck/ui/uitest"
)

// disk is a file system of its own with little room.
type disk struct {
	t   *testing.T
	dir string
}

// newDisk mounts one at a folder; it has room for 256 KiB and a few files.
func newDisk(t *testing.T, dir string) *disk {
	t.Helper()
	lab.Tmpfs(t, dir, "size=256k,nr_inodes=64,mode=700")
	return &disk{t: t, dir: dir}
}

// roomless is a disk that is full.
func roomless(t *testing.T, dir string) *disk {
	t.Helper()
	d := newDisk(t, dir)
	d.fill()
	return d
}

// fill leaves no byte and no name for a new file, and none in the last page of those that
// are there.
func (d *disk) fill() {
	d.t.Helper()
	all, _ := filepath.Glob(filepath.Join(d.dir, "*"))
	for _, name := range all {
		d.fillPage(name)
	}
	f, err := os.Create(filepath.Join(d.dir, ".ballast"))
	if err != nil {
		d.t.Fatal(err)
	}
	for _, size := range []int{64 << 10, 4 << 10, 256, 1} {
		for piece := make([]byte, size); err == nil; {
			_, err = f.Write(piece)
		}
		err = nil
	}
	_ = f.Close()
	for i := 0; err == nil; i++ {
		err = os.Mkdir(filepath.Join(d.dir, ".ballast-"+string(rune('a'+i))), 0o700)
	}
}

func (d *disk) fillPage(name string) {
	d.t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	st, err := f.Stat()
	if err == nil {
		page := int64(os.Getpagesize())
		_, err = f.Write(bytes.Repeat([]byte("\n"), int((page-st.Size()%page)%page)))
	}
	if cerr := f.Close(); err != nil || cerr != nil {
		d.t.Fatal(err, cerr)
	}
}

// free gives the room back.
func (d *disk) free() {
	d.t.Helper()
	all, _ := filepath.Glob(filepath.Join(d.dir, ".ballast*"))
	for _, name := range all {
		if err := os.RemoveAll(name); err != nil {
			d.t.Fatal(err)
		}
	}
}

// readOnly makes the whole disk so, or writable again.
func (d *disk) readOnly(yes bool) {
	d.t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if yes {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("none", d.dir, "tmpfs", flags, ""); err != nil {
		d.t.Fatalf("remount %s: %v", d.dir, err)
	}
}

// hosts is a console on the test driver of a real daemon, which has the VM test, with its
// state on a disk of its own.
func hosts(t *testing.T, s desk.Setup) (*desk.Console, *lab.Libvirtd, *disk) {
	t.Helper()
	l := lab.StartLibvirtd(t)
	s.Home = t.TempDir()
	d := newDisk(t, filepath.Join(s.Home, "state/hvdeck"))
	for i, arg := range s.Args {
		s.Args[i] = strings.ReplaceAll(arg, "STATE", d.dir)
	}
	s.Config = desk.Connection("lab", l.URI("test"))
	c := desk.Start(t, s)
	c.Pane("VMs").Select("test")
	return c, l, d
}

// suspends and resumes act on the VM, and wait until the server has done it.
func suspends(t *testing.T, c *desk.Console, l *lab.Libvirtd) {
	t.Helper()
	c.Menu("p", "power: test", "s")
	c.Yes("Suspend: test?")
	stands(t, l, "paused")
	c.Pane("VMs").WaitFor(desk.Row("test", "pau"))
}

func resumes(t *testing.T, c *desk.Console, l *lab.Libvirtd) {
	t.Helper()
	c.Menu("p", "power: test", "u")
	stands(t, l, "running")
	c.Pane("VMs").WaitFor(desk.Row("test", "run"))
}

func stands(t *testing.T, l *lab.Libvirtd, want string) {
	t.Helper()
	desk.Eventually(t, soon, "virsh domstate test to be "+want, func() bool {
		got, err := l.TryVirshOn("test", "domstate", "test")
		return err == nil && strings.TrimSpace(got) == want
	})
}

// events are what the console remembers, in its own screen.
func events(c *desk.Console, words ...string) {
	c.Press(":").Type("events").WaitFor("Events").Press("enter").WaitFor("Every event")
	for _, text := range words {
		c.WaitFor(text)
	}
	c.Press("q").WaitGone("Every event")
}

// The disk of the state fills up: operations go on, each file that can't be written is
// told once with what to do, and when there is room again all go on with a count of what
// is missing.
func TestTheDiskFillsUp(t *testing.T) {
	c, l, d := hosts(t, desk.Setup{Args: []string{"--trace", "STATE/trace"}, Size: uitest.Size{W: 200, H: 45}})
	d.twoRows(c, l)
	suspends(t, c, l)
	resumes(t, c, l)
	before := c.Vitals() // the audit log is open
	_ = os.Remove(c.State("vitals"))
	calm := c.CalmKeys()
	keys, since := c.MeasureEnds(desk.KeyGap), time.Now()
	d.fill()
	l.VirshOn("test", "suspend", "test")
	time.Sleep(2 * time.Second) // what is asked meanwhile is traced, in vain
	c.Prompt("the disk is full", calm, c.Enough(keys, since).Stop())
	c.Pane("VMs").WaitFor(desk.Row("test", "pau"))
	resumes(t, c, l)
	suspends(t, c, l)
	c.Signal("USR1")
	c.WaitFor("the vitals can't be written: no space left on device")
	events(c, "the audit log can't be written: no space left on device", "the trace can't be written", "the log can't be written", "the vitals can't be written")
	c.WaitFor("not written: ")
	if _, err := os.Stat(c.State("vitals")); err == nil {
		t.Error("there are vitals that nobody could write")
	}
	d.free()
	resumes(t, c, l)
	events(c, "the audit log is written again, 4 records are missing in it", "the trace is written again", "the log is written again")
	c.WaitGone("not written: ")
	c.NothingLeaked(before, soon)
	c.Press("ctrl+c")
	ends(t, c)
	counted(t, c.Audit())
	for _, name := range []string{"trace", "hvdeck.log"} {
		text, err := os.ReadFile(c.State(name))
		told := strings.Contains(string(text), "lines were dropped here") || strings.Contains(string(text), "could not be written")
		if err != nil || !told {
			t.Errorf("%s says nothing of the gap: %v %.2000s", name, err, text)
		}
	}
	if !strings.Contains(c.Log(), "records are missing in it") {
		t.Errorf("the log says nothing of the gap in the audit log: %s", c.Log())
	}
}

// twoRows gives the list a second VM for the keyboard to move between.
func (d *disk) twoRows(c *desk.Console, l *lab.Libvirtd) {
	d.t.Helper()
	xml := filepath.Join(c.Home, "second.xml")
	desk.WriteFile(d.t, xml, "<domain type='test'><name>zweite</name><memory>65536</memory><os><type>hvm</type></os></domain>")
	l.VirshOn("test", "define", xml)
	c.Pane("VMs").WaitFor("zweite")
}

// counted looks for the gap: what is missing of two operations, then the third in full.
func counted(t *testing.T, all []wrap.Record) {
	t.Helper()
	gap := slices.IndexFunc(all, func(r wrap.Record) bool { return r.Result == "gap" })
	if gap < 0 {
		t.Fatalf("no gap is told: %+v", all)
	}
	if all[gap].Lost != 4 {
		t.Errorf("%d records are said to be missing, want 4", all[gap].Lost)
	}
	last := all[len(all)-1]
	if last.Result != "success" || last.Operation != "resume" || all[len(all)-2].Result != "started" {
		t.Errorf("the last records are %+v", all[len(all)-2:])
	}
}

// The state's disk is read-only from the start: the console is there all the same, says
// so at once, and keeps records when it is writable.
func TestTheDiskIsReadOnly(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	home := t.TempDir()
	d := newDisk(t, filepath.Join(home, "state/hvdeck"))
	d.readOnly(true)
	c := desk.Start(t, desk.Setup{Home: home, Config: desk.Connection("lab", l.URI("test")), Size: uitest.Size{W: 200, H: 45}})
	c.WaitFor("read-only file system").WaitFor("make room or make it writable")
	c.WaitFor("not written: ")
	d.twoRows(c, l)
	c.Pane("VMs").Select("test")
	suspends(t, c, l)
	keys, since := c.MeasureEnds(desk.KeyGap), time.Now()
	l.VirshOn("test", "desc", "test", "told in vain")
	meanwhile := c.Enough(keys, since).Stop()
	resumes(t, c, l)
	d.readOnly(false)
	suspends(t, c, l)
	c.WaitGone("not written: ")
	before := c.Vitals()
	c.Prompt("the disk is read-only", c.CalmKeys(), meanwhile)
	c.NothingLeaked(before, soon)
	events(c, "read-only file system", "the audit log is written again, 4 records are missing in it")
	c.Press("ctrl+c")
	ends(t, c)
	if all := c.Audit(); len(all) != 3 || all[0].Lost != 4 || all[2].Result != "success" {
		t.Errorf("%+v", all)
	}
	// A trace that can't be begun is a mistake of who asked for it.
	d.readOnly(true)
	refused := desk.Start(t, desk.Setup{Home: home, Args: []string{"--trace", d.dir + "/trace"}, Size: uitest.Size{W: 200, H: 10}})
	if status := refused.WaitExit(); status != 2 {
		t.Errorf("status %d", status)
	}
	refused.WaitFor("name another file with --trace")
}

// Two consoles of one user share what is kept: no record is torn, none is lost.
func TestTwoConsoles(t *testing.T) {
	t.Parallel()
	c, l, _ := hosts(t, desk.Setup{})
	other := desk.Start(t, desk.Setup{Home: c.Home})
	other.Pane("VMs").Select("test")
	for range 4 {
		suspends(t, c, l)
		other.Pane("VMs").WaitFor(desk.Row("test", "pau"))
		resumes(t, other, l)
		c.Pane("VMs").WaitFor(desk.Row("test", "run"))
	}
	c.Press("ctrl+c")
	other.Press("ctrl+c")
	ends(t, c)
	ends(t, other)
	open := map[string]bool{}
	for _, r := range c.Audit() {
		if r.Result == "started" {
			open[r.ID] = true
			continue
		}
		if !open[r.ID] || r.Result != "success" {
			t.Errorf("%+v", r)
		}
		delete(open, r.ID)
	}
	if n := len(c.Audit()); n != 16 || len(open) > 0 {
		t.Errorf("%d records, %d without an end", n, len(open))
	}
}

// A download that finds no room leaves no file, whole or half, and says why.
func TestADownloadFindsNoRoom(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	l.DefineMany(3) // for the keyboard
	l.Virsh("pool-create-as", "big", "dir", "--target", filepath.Join(l.Dir(), "big"), "--build")
	l.Virsh("vol-create-as", "big", "image.raw", "1M")
	noise, err := os.OpenFile(filepath.Join(l.Dir(), "big/image.raw"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := noise.Write(bytes.Repeat([]byte("full"), 1<<18)); err != nil || noise.Close() != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	d := newDisk(t, filepath.Join(home, "downloads"))
	l.Virsh("vol-create-as", "big", "small.raw", "64k")
	c := desk.Start(t, desk.Setup{Home: home, Config: desk.Connection("kvm", l.URI("qemu")), Size: uitest.Size{W: 160, H: 45}})
	c.WaitFor("● kvm").Press("4").Pane("Storage").WaitFor("big")
	download := func(nth int, volume, why string) {
		if !strings.Contains(c.Text(), "Storage · big") {
			c.Pane("Storage").Select("big").Press("enter")
		}
		c.Pane("Storage · big").Select(volume)
		c.Menu("v", "manage: ", "D")
		c.WaitFor("Download: ").Press("ctrl+u").Type(filepath.Join(d.dir, "copy.raw")).Press("enter")
		c.WaitUntil("a failed task more", func(lines []string) bool {
			return strings.Count(strings.Join(lines, "\n"), "✗ download volume") >= nth
		})
		c.Calm(why).Press("esc").Settle(100 * time.Millisecond)
	}
	c.Pane("VMs").WaitFor("m00002").Focus()
	calm := c.CalmKeys()
	download(1, "image.raw", "no space left on device")
	before := c.Vitals() // the audit log is open now
	download(2, "image.raw", "no space left on device")
	d.readOnly(true)
	download(3, "small.raw", "read-only file system")
	c.Pane("VMs").Focus()
	c.Prompt("the disk is read-only", calm, c.CalmKeys())
	if left, _ := filepath.Glob(filepath.Join(d.dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if left, _ := filepath.Glob(filepath.Join(d.dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.NothingLeaked(before, soon)
	c.Press("ctrl+c")
	ends(t, c)
}

// An editor's private file finds no room: nothing is edited, it says where room is wanted,
// and goes on when there is some.
func TestADraftFindsNoRoom(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	d := roomless(t, filepath.Join(home, "run"))
	desk.WriteFile(t, filepath.Join(home, "editor.sh"), "exit 0\n")
	c := desk.Start(t, desk.Setup{Home: home, Args: []string{"--demo"}, Env: []string{"EDITOR=sh '" + home + "/editor.sh'"}})
	finds(c, "git-01")
	c.Press("e").WaitFor("no space left on").WaitFor("make room there, or name another place").Expect(d.dir)
	c.Dismiss("Can't start the editor")
	d.free()
	c.Press("e").WaitFor("nothing was changed, nothing was done")
	if left, _ := filepath.Glob(filepath.Join(d.dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	c.Press("ctrl+c")
	ends(t, c)
}

// A certificate that is trusted and can't be remembered: it counts until the end, and who
// trusted it is not asked again and again.
func TestACertificateFindsNoRoom(t *testing.T) {
	v := desk.Vcenter(t, "-tls")
	t.Parallel()
	home := t.TempDir()
	d := newDisk(t, filepath.Join(home, "state/hvdeck"))
	d.readOnly(true)
	c := desk.Start(t, desk.Setup{
		Home: home, Config: desk.Connection("vc", "https://user@"+v.Addr()+"/sdk"), Env: desk.Password(), Size: uitest.Size{W: 200, H: 45},
	})
	c.Calm("SHA-256").Press("down", "enter")
	inventory(c)
	events(c, "is trusted until hvdeck ends, its certificate can't be remembered: read-only file system")
	v.Restart() // with another certificate at the same address: what was trusted is known
	c.WaitFor("vc refused", 20*time.Second).Press("i").WaitFor("Connections").Press("enter").WaitFor("the certificate has changed")
	c.Press("q").Settle(100 * time.Millisecond).Press("ctrl+c")
	ends(t, c)
}
