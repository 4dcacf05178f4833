// Package slowline is a bad way between a program and the person at the terminal. It
// promises that bytes arrive whole, in order and no sooner than the line allows, and that
// there is neither loss nor jitter.
package slowline

import (
	"io"
	"sync"
	"time"
)

// Line is the way, the same in both directions; the zero value costs nothing.
type Line struct {
	Bits  int           // a second, each way; 0: no limit
	Delay time.Duration // one way
	Over  int           // bytes that each packet has besides what it carries
	Room  int           // bytes that the sending side takes ahead of the line, then writes wait; 0: no limit
}

// SSH is an SSH session over 64 kbit/s with 100 ms each way: a packet costs 76 bytes for
// TCP/IP and SSH.
func SSH() Line { return Line{Bits: 64000, Delay: 100 * time.Millisecond, Over: 76, Room: 64 << 10} }

// packetMost is how many bytes a packet carries at most.
const packetMost = 1400

// packet is what arrives together.
type packet struct {
	data []byte
	at   time.Time
}

// Carry takes what r gives over the line to show, until r ends.
func (l Line) Carry(r io.Reader, show func(p []byte, at time.Time)) {
	if l == (Line{}) {
		buf := make([]byte, 64<<10)
		for {
			n, err := r.Read(buf)
			if n > 0 {
				show(buf[:n], time.Now())
			}
			if err != nil {
				return
			}
		}
	}
	q := newWaiting(l.Room)
	arriving := make(chan packet, 1<<16)
	var done sync.WaitGroup
	done.Go(func() { l.send(q, arriving) })
	done.Go(func() {
		for p := range arriving {
			time.Sleep(time.Until(p.at))
			show(p.data, p.at)
		}
	})
	buf := make([]byte, 4<<10)
	for {
		n, err := r.Read(buf)
		q.put(buf[:n])
		if err != nil {
			break
		}
	}
	q.end()
	done.Wait()
}

// send puts one packet after another on the line.
func (l Line) send(q *waiting, arriving chan<- packet) {
	defer close(arriving)
	free := time.Now()
	for {
		data := q.take(packetMost)
		if data == nil {
			return
		}
		if now := time.Now(); free.Before(now) {
			free = now
		}
		if l.Bits > 0 {
			free = free.Add(time.Duration(len(data)+l.Over) * 8 * time.Second / time.Duration(l.Bits))
		}
		time.Sleep(time.Until(free))
		arriving <- packet{data, free.Add(l.Delay)}
	}
}

// To gives a writer whose bytes reach w over the line; it never blocks for less than a
// full buffer. What is under way when w fails is lost.
func (l Line) To(w io.Writer) io.Writer {
	if l == (Line{}) {
		return w
	}
	r, out := io.Pipe()
	go l.Carry(r, func(p []byte, _ time.Time) { _, _ = w.Write(p) })
	return out
}

// waiting are bytes that the line has not taken yet.
type waiting struct {
	mu    sync.Mutex
	more  *sync.Cond
	bytes []byte
	room  int // 0: no limit
	ended bool
}

func newWaiting(room int) *waiting {
	w := &waiting{room: room}
	w.more = sync.NewCond(&w.mu)
	return w
}

// put waits while the buffer is full.
func (w *waiting) put(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.room > 0 && len(w.bytes) >= w.room {
		w.more.Wait()
	}
	w.bytes = append(w.bytes, p...)
	w.more.Broadcast()
}

// take waits for bytes; nil when there will be no more.
func (w *waiting) take(most int) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.bytes) == 0 && !w.ended {
		w.more.Wait()
	}
	if len(w.bytes) == 0 {
		return nil
	}
	n := min(len(w.bytes), most)
	out := append([]byte(nil), w.bytes[:n]...)
	w.bytes = w.bytes[n:]
	w.more.Broadcast()
	return out
}

func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
	w.more.Broadcast()
}
