package vsphere

import (
	"context"
	"testing"
	"time"
)

func TestLeaving(t *testing.T) {
	c := &Conn{}
	early, late := c.hold(), c.hold()
	early()
	early() // twice counts once
	ended := make(chan struct{})
	c.onClose(func(context.Context) { close(ended) })
	gone := make(chan struct{})
	go func() {
		c.leave.depart(t.Context())
		close(gone)
	}()
	<-ended
	select {
	case <-gone:
		t.Fatal("it did not wait for the hold")
	case <-time.After(20 * time.Millisecond):
	}
	late()
	<-gone
	called := false
	c.onClose(func(context.Context) { called = true })
	if !called {
		t.Error("what came too late was not ended")
	}
	c.hold() // never released: the context bounds it
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	c.leave.depart(ctx)
}
