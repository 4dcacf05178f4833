package store_test

import (
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

// TestSetConnLeavesWhatWasHandedOutAlone fails under the race detector, or with a
// fatal concurrent map access, when SetConn cleans what others hold.
func TestSetConnLeavesWhatWasHandedOutAlone(t *testing.T) {
	s := store.New(time.Now)
	can := map[backend.Verb]string{backend.VerbReset: "no \x1b reset", backend.VerbPowerOn: ""}
	fields := []backend.Field{{Name: "Build", Value: "1\x1b"}}
	s.SetConn(store.ConnStatus{ID: "c", Caps: backend.Caps{Can: can}, About: backend.About{Fields: fields}})
	if can[backend.VerbReset] != "no \x1b reset" || fields[0].Value != "1\x1b" {
		t.Errorf("the caller's own was changed: %q, %q", can, fields)
	}
	c, _ := s.Conn("c")
	if why := c.Caps.Why(backend.VerbReset); why != "no \ufffd reset" {
		t.Errorf("why = %q", why)
	}
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for range 2000 {
				for _, c := range s.Conns() {
					_ = c.Caps.Why(backend.VerbReset)
					_ = len(c.About.Fields[0].Value)
				}
			}
		})
	}
	for range 2000 {
		c, _ := s.Conn("c")
		c.Attempt++
		s.SetConn(c)
	}
	readers.Wait()
}
