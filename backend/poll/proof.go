package poll

import (
	"maps"
	"sync"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

// The loops of a session, as they are named in what they owe.
const (
	loopWatch   = "watch"
	loopLists   = "lists"
	loopLoads   = "loads"
	loopFocus   = "focus"
	loopDetails = "details"
	loopNode    = "node"
)

// proof gathers what shows that a server gives data, not only lets us in: the kinds
// that its watch keeps are there in full, or where it keeps none a first list came; and
// each loop that found a session dead since the last proof has got through a round.
type proof struct {
	mu       sync.Mutex
	kinds    map[backend.Kind]bool // watched, and not there in full yet
	list     bool                  // a list has to come
	loops    map[string]bool       // have to get through a round
	old      bool                  // what is shown is of a session before
	over     bool                  // the session has ended: nothing counts any more
	since    time.Time             // when all was there; zero before
	endedBy  string                // the loop that ended the session
	now      func() time.Time
	complete func() // called once, when all is there; must not come back here
}

func (c *conn) newProof(caps backend.Caps) *proof {
	was, _ := c.p.o.Store.Conn(c.e.ID)
	p := &proof{kinds: map[backend.Kind]bool{}, loops: maps.Clone(c.owing), old: was.Phase == store.Stale, now: c.p.o.Now, complete: c.proved}
	for _, k := range caps.Watched {
		p.kinds[k] = true
	}
	p.list = len(p.kinds) == 0 && len(listable(caps)) > 0
	return p
}

// heard notes that something came, which is the age of what is shown: but not while
// the rest of it is of a session before.
func (c *conn) heard() {
	if !c.proof.partial() {
		c.p.o.Store.Touch(c.e.ID)
	}
}

// partial says that what is shown is still of a session before, if only in part.
func (p *proof) partial() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.old && p.since.IsZero()
}

// proved calls the connection ready again: what is shown of it is current.
func (c *conn) proved() {
	c.status(func(s *store.ConnStatus) {
		s.LastGood = c.p.o.Now()
		s.Phase, s.Err, s.Remedy, s.NextTry, s.Attempt = store.Ready, "", "", time.Time{}, 0
	})
}

// change takes something that came and looks whether all is there.
func (p *proof) change(came func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || !p.since.IsZero() {
		return
	}
	came()
	if len(p.kinds) == 0 && !p.list && len(p.loops) == 0 {
		p.since = p.now()
		p.complete()
	}
}

// told takes what the watch passed on.
func (p *proof) told(d backend.Delta) {
	switch d := d.(type) {
	case backend.Synced:
		p.change(func() {
			for _, k := range d.Kinds {
				delete(p.kinds, k)
			}
		})
	case backend.Replace:
		if d.Query.Refs == nil && d.Query.Parent.IsZero() {
			p.change(func() { delete(p.kinds, d.Query.Kind) })
		}
	}
}

// unwatched says that the server has no watch: a list has to come in its place.
func (p *proof) unwatched() { p.change(func() { p.list = p.list || len(p.kinds) > 0; clear(p.kinds) }) }

// listed says that a whole list came.
func (p *proof) listed() { p.change(func() { p.list = false }) }

// round says that a loop has asked for all that it had to, and was answered.
func (p *proof) round(loop string) { p.change(func() { delete(p.loops, loop) }) }

// foundDead notes which loop ended the session: the first.
func (p *proof) foundDead(loop string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.endedBy == "" {
		p.endedBy = loop
	}
}

// end makes the proof final. lasted is how long the session gave data, 0 when it never
// was all there; by is the loop that ended it.
func (p *proof) end() (lasted time.Duration, whole bool, by string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if p.since.IsZero() {
		return 0, false, p.endedBy
	}
	return p.now().Sub(p.since), true, p.endedBy
}

// settleProof ends the proof of a session and keeps what the next one owes: the loop
// that found this one dead, and those of before unless they have been answered. The
// watch owes its kinds in any case.
func (c *conn) settleProof() time.Duration {
	lasted, whole, by := c.proof.end()
	if whole {
		clear(c.owing)
	}
	if by != "" && by != loopWatch {
		c.owing[by] = true
	}
	return lasted
}
