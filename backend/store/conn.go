package store

import (
	"maps"
	"slices"
	"time"

	"hvdeck/backend"
)

// Phase is where a connection stands.
type Phase uint8

// The phases. Stale: it was ready, was lost, and is being redialled; Failed: it
// never was, and is being redialled; Denied: only the operator can help.
const (
	Connecting Phase = iota
	Ready
	Stale
	Failed
	Denied
)

var phaseNames = [...]string{"connecting", "ready", "reconnecting", "unreachable", "refused"}

func (p Phase) String() string { return phaseNames[p] }

// ConnStatus is the state of one connection.
type ConnStatus struct {
	ID         backend.ConnID
	URI        string // without password
	Phase      Phase
	Since      time.Time // when the phase began
	LastGood   time.Time // when data last came from it; zero: never
	NextTry    time.Time // of the redial; zero when none is planned
	Attempt    int
	Err        string `clean:"text"` // why; empty while ready
	Remedy     string `clean:"text"`
	About      backend.About
	Caps       backend.Caps
	ReadOnly   bool
	Production bool
	Colour     string
}

// Live reports whether what is shown of it is current.
func (c ConnStatus) Live() bool { return c.Phase == Ready }

// Conns gives all connections in the order they were added.
func (s *Store) Conns() []ConnStatus {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return append([]ConnStatus(nil), s.conns...)
}

// Conn finds one connection.
func (s *Store) Conn(id backend.ConnID) (ConnStatus, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, c := range s.conns {
		if c.ID == id {
			return c, true
		}
	}
	return ConnStatus{}, false
}

// SetConn adds or overwrites a connection's state. What c refers to stays the
// caller's: it may be what Conns gave, or a driver's own.
func (s *Store) SetConn(c ConnStatus) {
	c.Caps.Can = maps.Clone(c.Caps.Can)
	c.Caps.Watched = slices.Clone(c.Caps.Watched)
	c.Caps.Kinds = slices.Clone(c.Caps.Kinds)
	c.About.Fields = slices.Clone(c.About.Fields)
	s.cleaner.Object(&c)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.bump(TopicConns)
	for i := range s.conns {
		if s.conns[i].ID == c.ID {
			s.conns[i] = c
			return
		}
	}
	s.conns = append(s.conns, c)
}

// Touch notes that data came from a connection just now; it is no change that
// anything has to be redrawn for.
func (s *Store) Touch(id backend.ConnID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.conns {
		if s.conns[i].ID == id {
			s.conns[i].LastGood = s.now()
			return
		}
	}
}
