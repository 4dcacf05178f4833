package main

import (
	"io"
	"sync"
	"time"
)

// line is the way between a program and the person at the terminal, the same in both
// directions; the zero value costs nothing. There is no loss and no jitter.
type line struct {
	bits  int           // a second, each way
	delay time.Duration // one way
}

// slow is the line that the targets speak of.
func slow() line { return line{bits: 64000, delay: 100 * time.Millisecond} }

const (
	// A packet carries so much at most, and so much more for TCP/IP and SSH.
	packetMost, packetOver = 1400, 76
	// The sending side takes so much ahead of the line; then the program's writes wait.
	sendBuffer = 64 << 10
)

// packet is what arrives together.
type packet struct {
	data []byte
	at   time.Time
}

// carry takes what r gives over the line to show, until r ends.
func (l line) carry(r io.Reader, show func(p []byte, at time.Time)) {
	if l == (line{}) {
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
	q := newWaiting()
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
func (l line) send(q *waiting, arriving chan<- packet) {
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
		free = free.Add(time.Duration(len(data)+packetOver) * 8 * time.Second / time.Duration(l.bits))
		time.Sleep(time.Until(free))
		arriving <- packet{data, free.Add(l.delay)}
	}
}

// to gives a writer whose bytes reach w over the line; it never blocks for less than a
// full buffer. What is under way when w fails is lost.
func (l line) to(w io.Writer) io.Writer {
	if l == (line{}) {
		return w
	}
	r, out := io.Pipe()
	go l.carry(r, func(p []byte, _ time.Time) { _, _ = w.Write(p) })
	return out
}

// waiting are bytes that the line has not taken yet.
type waiting struct {
	mu    sync.Mutex
	more  *sync.Cond
	bytes []byte
	ended bool
}

func newWaiting() *waiting {
	w := &waiting{}
	w.more = sync.NewCond(&w.mu)
	return w
}

// put waits while the buffer is full.
func (w *waiting) put(p []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.bytes) >= sendBuffer {
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
