package ovf

import (
	"errors"
	"hash"
	"io"

	"hvdeck/backend/guard"
)

// The memory that one file is read through.
const (
	passBlocks = 4
	passBlock  = 256 << 10 // bytes
)

// digesting makes a sum in a goroutine of its own, so that reading and writing go on
// meanwhile. It owns the blocks: each is free again when it was hashed.
type digesting struct {
	free chan []byte
	full chan []byte
	done chan error // what went wrong
}

func digest(h hash.Hash) *digesting {
	d := &digesting{free: make(chan []byte, passBlocks), full: make(chan []byte, passBlocks), done: make(chan error, 1)}
	for range passBlocks {
		d.free <- make([]byte, passBlock)
	}
	guard.Go("make a checksum", d.broken, func() {
		for b := range d.full {
			h.Write(b)
			d.free <- b[:passBlock]
		}
		d.done <- nil
	})
	return d
}

// broken keeps blocks going round, so that who fills them gets to its end.
func (d *digesting) broken(err error) {
	for b := range d.full {
		d.free <- b[:passBlock]
	}
	d.done <- err
}

// end waits until everything is hashed. Nothing may be sent behind it.
func (d *digesting) end() error {
	close(d.full)
	return <-d.done
}

// pass reads r to its end, writes it to w and sums it up with h. w, h and each may be nil;
// each is told how many bytes came. It gives how many bytes were passed on.
func pass(w io.Writer, r io.Reader, h hash.Hash, each func(n int)) (total int64, err error) {
	var d *digesting
	var b []byte
	if h == nil {
		b = make([]byte, passBlock)
	} else {
		d = digest(h)
		defer func() {
			if bad := d.end(); err == nil {
				err = bad
			}
		}()
	}
	for {
		if d != nil {
			b = <-d.free
		}
		n, err := r.Read(b)
		if d != nil {
			d.full <- b[:n] // only read from now on, here and there
		}
		if err := forward(w, b[:n], each); err != nil {
			return total, err
		}
		total += int64(n)
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

func forward(w io.Writer, b []byte, each func(n int)) error {
	if each != nil && len(b) > 0 {
		each(len(b))
	}
	if w == nil || len(b) == 0 {
		return nil
	}
	_, err := w.Write(b)
	return err
}
