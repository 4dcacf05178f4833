package libvirt

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// bad is a connection over a line of its own, with what is done to the line.
type bad struct {
	name  string
	fault func(*lab.FrameLine)
	line  *lab.FrameLine
}

// toClient is a fault of what the daemon says.
func toClient(f func(lab.Frame) ([][]byte, bool)) func(*lab.FrameLine) {
	return func(l *lab.FrameLine) {
		l.SetFrames(func(frame lab.Frame) ([][]byte, bool) {
			if frame.Way == lab.ToServer {
				return [][]byte{frame.Bytes}, true
			}
			return f(frame)
		})
	}
}

// word changes a word of the header of every frame of the daemon's.
func word(at int, to uint32) func(*lab.FrameLine) {
	return toClient(func(f lab.Frame) ([][]byte, bool) {
		binary.BigEndian.PutUint32(f.Bytes[4*at:], to)
		return [][]byte{f.Bytes}, true
	})
}

// payload changes what replies carry.
func payload(change func(p []byte)) func(*lab.FrameLine) {
	return toClient(func(f lab.Frame) ([][]byte, bool) {
		if f.Kind == lab.FrameReply && len(f.Bytes) > headLen {
			change(f.Bytes[headLen:])
		}
		return [][]byte{f.Bytes}, true
	})
}

const headLen = 28

// noisyBytes writes random bytes over a tenth of what is there.
func noisyBytes(seed uint64) func([]byte) {
	var mu sync.Mutex // connections share the fault
	random := rand.New(rand.NewPCG(seed, seed))
	return func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		for range len(p)/10 + 1 {
			p[random.IntN(len(p))] = byte(random.Uint32())
		}
	}
}

// endless sends a piece for as long as the connection takes it.
func endless(piece func() []byte) func(*lab.FrameLine) {
	return toClient(func(f lab.Frame) ([][]byte, bool) {
		for f.Send(piece()) == nil {
		}
		return nil, false
	})
}

func garbage() []byte {
	p := make([]byte, 32<<10)
	for i := 0; i < len(p); i += 8 {
		binary.BigEndian.PutUint64(p[i:], rand.Uint64())
	}
	return p
}

// broken are lines that no console can go on with.
func broken() []*bad {
	return []*bad{
		{name: "cut", fault: func(l *lab.FrameLine) { l.SetFrames(refuse); l.Cut() }},
		{name: "silent", fault: func(l *lab.FrameLine) { l.Set(lab.Silence) }},
		{name: "program", fault: word(1, 0x12345678)},
		{name: "kind", fault: word(4, 77)},
		{name: "serial", fault: word(5, 0x7fffff)},
		{name: "status", fault: word(6, 1)},
		{name: "tiny", fault: word(0, 4)},
		{name: "long", fault: word(0, 30<<20)},
		{name: "huge", fault: word(0, 1<<32-1)},
		{name: "noise", fault: payload(noisyBytes(5))},
		{name: "counts", fault: payload(func(p []byte) { copy(p, []byte{0x7f, 0xff, 0xff, 0xff}) })},
		{name: "half", fault: toClient(func(f lab.Frame) ([][]byte, bool) { return [][]byte{f.Bytes[:len(f.Bytes)/2]}, false })},
		{name: "garbage", fault: endless(garbage)},
	}
}

// refuse is a fault that ends every connection at once.
func refuse(lab.Frame) ([][]byte, bool) { return nil, false }

// Lines that garble, truncate, flood and fall silent, all at once, beside one that is
// good.
func TestLinesThatBreak(t *testing.T) {
	t.Parallel()
	l := lab.StartLibvirtd(t)
	l.DefineMany(2)
	all := broken()
	config := desk.Connection("good", l.URI("qemu"))
	names := []string{"good"}
	for _, b := range all {
		b.line = lab.StartFrameLine(t, l)
		config += desk.Connection(b.name, b.line.URI("qemu"))
		names = append(names, b.name)
	}
	r := begin(t, l, config)
	r.likeVirsh(len(names))
	r.steady("m00000")
	r.during("every line but one is broken", func() {
		for _, b := range all {
			b.fault(b.line)
		}
		r.phases("reconnecting", names[1:], noticed)
		l.Virsh("define", domain(t, l, "newcomer"))
		r.Pane("VMs").WaitTitle(fmt.Sprintf(" %d ", 2*len(names)+1), desk.LiveWithin(2*time.Second)) // of the one that is live
	})
	for _, b := range all {
		b.line.Set(nil)
		b.line.SetFrames(nil)
	}
	r.during("the lines come back", func() {
		r.phases("ready", names, recovers)
		r.likeVirsh(len(names))
	})
	r.unharmed()
}

// phases waits until the program's log says that these connections are in a phase: a
// screen has no room for so many.
func (r *trial) phases(phase string, names []string, limit time.Duration) {
	r.t.Helper()
	began := time.Now()
	seen := map[string]time.Duration{}
	for len(seen) < len(names) && time.Since(began) < 2*limit {
		last := r.lastPhases()
		for _, n := range names {
			if _, done := seen[n]; !done && inPhase(last[n], phase) {
				seen[n] = time.Since(began)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	var when []string
	for _, n := range names {
		took, ok := seen[n]
		if !ok || took > limit {
			r.t.Errorf("%s has to be %s within %v, not %v: %s", n, phase, limit, took, r.lastPhases()[n])
		}
		when = append(when, fmt.Sprintf("%s %.1f", n, took.Seconds()))
	}
	r.t.Logf("%s after seconds: %s", phase, strings.Join(when, ", "))
}

func inPhase(line, phase string) bool { return strings.Contains(line, "state="+phase+" ") }

// lastPhases is what the log says last of each connection.
func (r *trial) lastPhases() map[string]string {
	last := map[string]string{}
	for line := range strings.Lines(r.Log()) {
		if _, of, ok := strings.Cut(line, "msg=connection name="); ok {
			name, _, _ := strings.Cut(of, " ")
			last[name] = line
		}
	}
	return last
}

// domain writes the definition of a VM that is off and gives its path.
func domain(t *testing.T, l *lab.Libvirtd, name string) string {
	t.Helper()
	path := l.Dir() + "/" + name + ".xml"
	desk.WriteFile(t, path, fmt.Sprintf("<domain type='qemu'><name>%s</name><memory unit='MiB'>64</memory>"+
		"<os><type arch='x86_64'>hvm</type></os></domain>", name))
	return path
}
