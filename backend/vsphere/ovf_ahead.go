package vsphere

import (
	"io"
	"sync"

	"hvdeck/backend/guard"
)

// The memory that one transfer reads ahead into.
const (
	aheadBlocks = 4
	aheadBlock  = 256 << 10 // bytes
)

// ahead reads in a goroutine of its own, so that reading (a disk, a checksum, decryption)
// and writing go on at the same time. It is for one reader.
type ahead struct {
	full chan block
	free chan []byte
	stop chan struct{}
	done chan struct{} // closed when nothing reads any more

	once sync.Once
	cur  block
	at   int
}

// block is what was read at once; err came after its bytes.
type block struct {
	buf []byte
	n   int
	err error
}

func readAhead(r io.Reader) *ahead {
	a := &ahead{
		full: make(chan block, aheadBlocks), free: make(chan []byte, aheadBlocks),
		stop: make(chan struct{}), done: make(chan struct{}),
	}
	for range aheadBlocks {
		a.free <- make([]byte, aheadBlock)
	}
	guard.Go("read ahead", func(err error) { a.pass(block{err: err}) }, func() {
		defer close(a.done)
		a.run(r)
	})
	return a
}

func (a *ahead) run(r io.Reader) {
	for {
		select {
		case buf := <-a.free:
			b := block{buf: buf}
			b.n, b.err = fill(r, buf)
			if !a.pass(b) || b.err != nil {
				return
			}
		case <-a.stop:
			return
		}
	}
}

// fill reads until a block is full or the source ends; it waits for what is slow to come.
func fill(r io.Reader, buf []byte) (n int, err error) {
	for n < len(buf) && err == nil {
		var m int
		m, err = r.Read(buf[n:])
		n += m
	}
	return n, err
}

func (a *ahead) pass(b block) bool {
	select {
	case a.full <- b:
		return true
	case <-a.stop:
		return false
	}
}

// Read implements io.Reader.
func (a *ahead) Read(p []byte) (int, error) {
	for a.at == a.cur.n {
		if a.cur.err != nil {
			return 0, a.cur.err
		}
		if a.cur.buf != nil {
			a.free <- a.cur.buf // there is room: as many blocks as there are
		}
		a.cur, a.at = block{}, 0
		select {
		case a.cur = <-a.full:
		case <-a.stop:
			a.cur.err = io.ErrClosedPipe
		}
	}
	n := copy(p, a.cur.buf[a.at:a.cur.n])
	a.at += n
	return n, nil
}

// end makes Read return at once, from now on.
func (a *ahead) end() { a.once.Do(func() { close(a.stop) }) }

// wait waits until the source is not read any more; its own reading has to be ended
// before.
func (a *ahead) wait() { <-a.done }
