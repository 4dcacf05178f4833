package backendtest

import (
	"sync"

	"hvdeck/backend"
)

// progress watches what an operation reports.
type progress struct {
	run   *run
	what  string
	mu    sync.Mutex
	ended bool
	moved int64 // bytes told last
	total int64
}

func (p *progress) callbacks() backend.Progress {
	return backend.Progress{
		Percent: func(n int) {
			p.call("Percent")
			if n < 0 || n > 100 {
				p.run.errorf("%s: progress %d, want 0 to 100", p.what, n)
			}
		},
		Bytes: func(done, total int64) {
			p.call("Bytes")
			p.bytes(done, total)
		},
		Phase: func(what string) {
			p.call("Phase")
			if what == "" {
				p.run.errorf("%s: a phase without words", p.what)
			}
		},
		Remote: func(key string) {
			p.call("Remote")
			if key == "" {
				p.run.errorf("%s: a remote task without a key", p.what)
			}
		},
		Uncancellable: func(string) { p.call("Uncancellable") },
	}
}

// bytes holds the count to going forwards and staying within the total.
func (p *progress) bytes(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if done < p.moved {
		p.run.errorf("%s: %d bytes are told after %d", p.what, done, p.moved)
	}
	if done < 0 || total < 0 || total > 0 && done > total {
		p.run.errorf("%s: %d of %d bytes", p.what, done, total)
	}
	p.moved, p.total = done, total
}

func (p *progress) call(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		p.run.errorf("%s: %s was called after Do returned", p.what, name)
	}
}

func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}
