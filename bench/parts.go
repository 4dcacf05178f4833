package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func nothing(int) {}

// bareProgram measures the peer of the keyboard figures.
func (b *bench) bareProgram() error {
	bare := filepath.Join(b.dir, "bare")
	for _, fps := range []int{60, 120} {
		t, err := start(b.dir, bare, "-fps", strconv.Itoa(fps))
		if err != nil {
			return err
		}
		if _, err := t.until("web-00001", time.Minute); err != nil {
			t.stop()
			return err
		}
		t.quiet(500*time.Millisecond, 5*time.Second)
		l := pressInTurn(t, nothing)
		if fps == 60 {
			b.bare60 = l
		} else {
			b.bare120 = l
			b.bareMove = cost(t, []string{"j", "k"}, 20, keyGap)
			t.press(strings.Repeat("j", rows))
			b.bareScroll = cost(t, []string{"j"}, 20, keyGap)
			t.quiet(time.Second, 5*time.Second)
			_, b.bareCPU = idle(t, 8*time.Second)
		}
		t.stop()
	}
	for _, p := range []float64{50, 95, 99} {
		b.add(figure{name: fmt.Sprintf("(bare program at 120 fps, key to screen, p%.0f)", p), value: b.bare120.times.at(p), unit: "ms",
			peer: "bare at 60 fps", peerIs: b.bare60.times.at(p)})
	}
	return nil
}

// open starts the console and waits until all VMs of the first connection are shown.
func (b *bench) open(vms int, uris ...string) (*terminal, error) {
	t, err := start(b.dir, append([]string{b.program}, uris...)...)
	if err != nil {
		return nil, err
	}
	if _, err := t.until(fmt.Sprintf(`VMs ─+ %d `, vms), time.Minute); err != nil {
		t.stop()
		return nil, err
	}
	t.quiet(1500*time.Millisecond, 8*time.Second)
	return t, nil
}

// vsphere measures with a simulated vCenter in a process of its own. It has two VMs
// besides those that are asked for.
func (b *bench) vsphere() error {
	const own = 2
	// A simulator each: one that is left in the middle of its first answer may lock up.
	if err := b.starts("vCenter", 400, func() (float64, error) {
		sim, url, err := b.vcsim(many)
		if err != nil {
			return 0, err
		}
		defer sim.stop()
		return startup(b.dir, `[○●] (fast-\d|\S+VM0)`, b.program, url)
	}); err != nil {
		return err
	}
	sim, url, err := b.vcsim(many)
	if err != nil {
		return err
	}
	defer sim.stop()
	peer, err := wall(3, []string{"GOVC_URL=" + url, "GOVC_PERSIST_SESSION=false"}, filepath.Join(b.dir, "govc"), "find", "/", "-type", "m")
	if err != nil {
		return err
	}
	b.beside("govc find", peer)
	t, err := b.open(many+own, url)
	if err != nil {
		return err
	}
	b.resident("vCenter", t)
	err = b.keyboard(t)
	t.stop()
	if err != nil {
		return err
	}
	if err := b.frozen(sim, many+own, url); err != nil {
		return err
	}
	return b.soapCalls(url, many+own)
}

// starts measures the way to the first VM row.
func (b *bench) starts(where string, target float64, one func() (float64, error)) error {
	d, err := repeated(5, one)
	if err != nil {
		return err
	}
	b.add(figure{name: "start to first VM row, " + where, value: d.at(50), unit: "ms", target: target})
	return nil
}

// beside gives the last figure a peer.
func (b *bench) beside(peer string, is float64) {
	f := &b.figures[len(b.figures)-1]
	f.peer, f.peerIs = peer, is
}

func (b *bench) resident(where string, t *terminal) {
	pid := t.cmd.Process.Pid
	b.add(figure{name: "resident memory, " + where, value: memory(pid, "VmRSS"), unit: "MiB", target: 80})
	b.add(figure{name: "resident memory at most, " + where, value: memory(pid, "VmHWM"), unit: "MiB"})
}

// keyboard measures everything that needs one connection and its rows.
func (b *bench) keyboard(t *terminal) error {
	names, err := nameColumn(t)
	if err != nil {
		return err
	}
	t.quiet(time.Second, 5*time.Second)
	bytes, cpu := idle(t, 8*time.Second)
	b.add(figure{name: "idle, to the terminal", value: bytes, unit: "B/s", target: 300})
	b.add(figure{name: "idle, of a core", value: cpu, unit: "%", target: b.bareCPU + 0.5, peer: "bare at 120 fps", peerIs: b.bareCPU})
	t.watch(names)
	b.keyFigures("quiet", pressInTurn(t, nothing))
	b.add(figure{name: "cursor move", value: cost(t, []string{"j", "k"}, 30, keyGap), unit: "B", target: 400, peer: "bare", peerIs: b.bareMove})
	b.add(figure{name: "cursor move and the details that follow", value: cost(t, []string{"j", "k"}, 6, 600*time.Millisecond), unit: "B"})
	t.press(strings.Repeat("j", names.y1-names.y0))
	b.add(figure{name: "scroll by one", value: cost(t, []string{"j"}, 30, keyGap), unit: "B", target: 1500, peer: "bare", peerIs: b.bareScroll})
	b.add(figure{name: "pane switch", value: cost(t, []string{"\t", "\x1b[Z"}, 10, keyGap), unit: "B"})
	if err := b.held(t); err != nil {
		return err
	}
	t.press("g")
	t.quiet(time.Second, 5*time.Second)
	b.keyFigures("vCenter refreshing", pressInTurn(t, refreshing(t)))
	return nil
}

// refreshing asks for everything again every second or so.
func refreshing(t *terminal) func(int) {
	return func(i int) {
		if i%25 == 0 {
			t.press("r")
		}
	}
}

// held holds j from the top: the name under the cursor says how many arrived. The
// copied VMs are numbered, after the two that were there.
func (b *bench) held(t *terminal) error {
	const keys, perSecond, own = 600, 200, 2
	t.press("g")
	t.quiet(500*time.Millisecond, 5*time.Second)
	hold(t, "j", keys, perSecond)
	if _, err := t.until(`❯. \S`, 5*time.Second); err != nil {
		return err
	}
	t.quiet(500*time.Millisecond, 5*time.Second)
	m := regexp.MustCompile(`❯. fast-(\d+)`).FindStringSubmatch(strings.Join(t.lines(), "\n"))
	if m == nil {
		return errors.New("a held key: the cursor is not on a numbered VM")
	}
	at, _ := strconv.Atoi(m[1])
	b.add(figure{name: "keys lost, held at 200 a second", value: float64(keys - at - own), unit: fmt.Sprintf("of %d", keys), target: none})
	return nil
}

// frozen measures the keyboard while one of two hosts does not answer.
func (b *bench) frozen(sim *server, vms int, url string) error {
	const small = 20
	other, otherURL, err := b.vcsim(small)
	if err != nil {
		return err
	}
	defer other.stop()
	t, err := b.open(vms+small+2, url, otherURL)
	if err != nil {
		return err
	}
	defer t.stop()
	names, err := nameColumn(t)
	if err != nil {
		return err
	}
	t.watch(names)
	sim.signal(syscall.SIGSTOP)
	defer sim.signal(syscall.SIGCONT)
	b.keyFigures("a host frozen", pressInTurn(t, refreshing(t)))
	return nil
}

// soapCalls counts what loading and refreshing need, for few VMs and for many.
func (b *bench) soapCalls(url string, vms int) error {
	const few = 100
	sim, fewURL, err := b.vcsim(few)
	if err != nil {
		return err
	}
	defer sim.stop()
	var counts [2]loadCalls
	for i, c := range []struct {
		url string
		vms int
	}{{fewURL, few + 2}, {url, vms}} {
		proxy, err := countSOAP(c.url)
		if err != nil {
			return err
		}
		counts[i], err = b.calls(proxy, c.vms, proxy.addr)
		proxy.close()
		if err != nil {
			return err
		}
	}
	b.callFigures("vCenter", counts[0], counts[1])
	return nil
}

// loadCalls are the calls until everything is shown, and of a refresh, less those of
// as long a time without one.
type loadCalls struct{ load, refresh int64 }

func (b *bench) calls(c *counter, vms int, uri string) (loadCalls, error) {
	t, err := start(b.dir, b.program, uri)
	if err != nil {
		return loadCalls{}, err
	}
	defer t.stop()
	if _, err := t.until(fmt.Sprintf(`VMs ─+ %d `, vms), time.Minute); err != nil {
		return loadCalls{}, err
	}
	out := loadCalls{load: c.calls.Load()}
	const window = 4 * time.Second
	during := func() int64 {
		was := c.calls.Load()
		time.Sleep(window)
		return c.calls.Load() - was
	}
	time.Sleep(2 * time.Second)
	idle := during()
	t.press("r")
	out.refresh = max(during()-idle, 0)
	return out, nil
}

func (b *bench) callFigures(where string, few, lots loadCalls) {
	b.add(figure{name: "calls to show all VMs, " + where, value: float64(lots.load), unit: "calls", peer: "with 100 VMs", peerIs: float64(few.load)})
	b.add(figure{name: "calls of a refresh, " + where, value: float64(lots.refresh), unit: "calls", peer: "with 100 VMs", peerIs: float64(few.refresh)})
}

// polling is what a host with a thousand defined domains costs at the default
// intervals.
func (b *bench) polling() error {
	const vms = 1000
	daemon, uri, _, err := b.libvirtd(vms)
	if err != nil {
		return err
	}
	defer daemon.stop()
	t, err := b.open(vms, uri)
	if err != nil {
		return err
	}
	defer t.stop()
	_, cpu := idle(t, 20*time.Second)
	b.add(figure{name: "polling 1,000 domains, of a core", value: cpu, unit: "%", target: 2, peer: "bare at 120 fps", peerIs: b.bareCPU})
	return nil
}

// libvirt measures with a real daemon.
func (b *bench) libvirt() error {
	daemon, uri, socket, err := b.libvirtd(many)
	if err != nil {
		return err
	}
	defer daemon.stop()
	if err := b.starts("libvirt", 250, func() (float64, error) { return startup(b.dir, `[○●] m\d{5}`, b.program, uri) }); err != nil {
		return err
	}
	peer, err := wall(3, nil, "virsh", "-q", "-c", uri, "list", "--all")
	if err != nil {
		return err
	}
	b.beside("virsh list --all", peer)
	t, err := b.open(many, uri)
	if err != nil {
		return err
	}
	b.resident("libvirt", t)
	names, err := nameColumn(t)
	if err == nil {
		t.watch(names)
		b.keyFigures("libvirt refreshing", pressInTurn(t, refreshing(t)))
	}
	t.stop()
	if err != nil {
		return err
	}
	return b.rpcCalls(socket)
}

func (b *bench) rpcCalls(socket string) error {
	const few = 100
	daemon, _, fewSocket, err := b.libvirtd(few)
	if err != nil {
		return err
	}
	defer daemon.stop()
	var counts [2]loadCalls
	for i, c := range []struct {
		socket string
		vms    int
	}{{fewSocket, few}, {socket, many}} {
		proxy, err := countRPC(b.dir, c.socket)
		if err != nil {
			return err
		}
		counts[i], err = b.calls(proxy, c.vms, "qemu+unix:///system?socket="+proxy.addr)
		proxy.close()
		if err != nil {
			return err
		}
	}
	b.callFigures("libvirt", counts[0], counts[1])
	return nil
}
