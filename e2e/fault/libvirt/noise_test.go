package libvirt

import (
	"slices"
	"time"
)

// A key passes through so many processes and goroutines until it is on the screen, and
// each of them may have to wait for a busy machine.
const steps = 4

// noise measures for how long this machine keeps a process waiting that has hardly
// anything to do: what tests beside ours do to every figure.
type noise struct {
	end  chan struct{}
	late chan []time.Duration
}

// listen begins; stop gives the 99th percentile.
func listen() *noise {
	const nap = 5 * time.Millisecond
	n := &noise{end: make(chan struct{}), late: make(chan []time.Duration, 1)}
	go func() {
		var late []time.Duration
		for {
			began := time.Now()
			select {
			case <-n.end:
				n.late <- late
				return
			case <-time.After(nap):
				late = append(late, time.Since(began)-nap)
			}
		}
	}()
	return n
}

func (n *noise) stop() time.Duration {
	close(n.end)
	late := <-n.late
	if len(late) == 0 {
		return 0
	}
	slices.Sort(late)
	return late[len(late)*99/100]
}
