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
}

func (p *progress) callbacks() backend.Progress {
	return backend.Progress{
		Percent: func(n int) {
			p.call("Percent")
			if n < 0 || n > 100 {
				p.run.errorf("%s: progress %d, want 0 to 100", p.what, n)
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
