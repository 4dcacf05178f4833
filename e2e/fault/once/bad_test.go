package once

import (
	"sync"
	"testing"
	"time"

	"hvdeck/backend/lab"
	"hvdeck/e2e/desk"
)

// How soon the screen has to say that a link is gone, and that it is back.
const (
	noticed  = 20 * time.Second
	recovers = 40 * time.Second
)

// loser loses the answer to one kind of request, and with it the link, until it is
// mended.
type loser struct {
	cut func()

	mu   sync.Mutex
	what any // procedure or method; nil: the link is good
	down bool
	held int // answers that were lost
}

// lose makes the link break at the next answer to this.
func (l *loser) lose(what any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.what, l.down, l.held = what, false, 0
}

func (l *loser) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.what, l.down = nil, false
}

// answer takes an answer and says whether it arrives, or whether its connection lives.
func (l *loser) answer(what any) (arrives, alive bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return false, false
	}
	if l.what == nil || l.what != what {
		return true, true
	}
	l.down = true
	l.held++
	l.cut()
	return false, false
}

// passes says whether anything else goes on.
func (l *loser) passes() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.down
}

// losing makes a line to libvirt one that loses.
func losing(line *lab.FrameLine) *loser {
	l := &loser{cut: line.Cut}
	line.SetFrames(func(f lab.Frame) ([][]byte, bool) {
		arrives, alive := l.passes(), l.passes()
		if f.Way == lab.ToClient && f.Kind == lab.FrameReply {
			arrives, alive = l.answer(f.Procedure)
		}
		if !arrives {
			return nil, alive
		}
		return [][]byte{f.Bytes}, alive
	})
	return l
}

// losingSOAP makes a line to a vCenter one that loses.
func losingSOAP(line *lab.SOAPLine) *loser {
	l := &loser{cut: line.Cut}
	line.SetRequests(func(r lab.Request) (bool, bool) {
		if r.Way == lab.ToClient {
			return l.answer(r.Name)
		}
		return l.passes(), l.passes()
	})
	return l
}

// told waits until the log has told an operation in these results, all under one id.
func told(t *testing.T, c *desk.Console, operation string, results ...string) {
	t.Helper()
	desk.Eventually(t, noticed, "the audit log of "+operation, func() bool { return len(c.AuditOf(operation)) >= len(results) })
	all := c.AuditOf(operation)
	if len(all) != len(results) {
		t.Fatalf("the audit log of %s is %+v, want %v", operation, all, results)
	}
	for i, r := range all {
		if r.Result != results[i] || r.ID != all[0].ID {
			t.Errorf("line %d of %s is %+v, want %s", i, operation, r, results[i])
		}
	}
}

// lost carries an operation out while its answer is lost: the screen says that it looks,
// and then what it found.
func lost(t *testing.T, c *desk.Console, l *loser, what any, act func(), done string) {
	t.Helper()
	l.lose(what)
	act()
	c.WaitFor("unknown: checking", noticed)
	l.mend()
	c.Press("ctrl+r") // at once; that it comes back by itself is held elsewhere
	c.WaitFor("✓ "+done, recovers)
	c.WaitFor("the object shows that it was done", noticed)
}
