package poll_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
)

type dialFunc func(context.Context) (backend.Backend, error)

func (f dialFunc) Dial(ctx context.Context, _ backend.Asker) (backend.Backend, error) { return f(ctx) }

func TestPanicOfADialIsReportedAndShown(t *testing.T) {
	reported := make(chan error, 1)
	s := store.New(time.Now)
	p := poll.New(t.Context(), poll.Options{Store: s, Fault: func(err error) {
		select {
		case reported <- err:
		default:
		}
	}})
	if err := p.Add(poll.Endpoint{ID: "k", Dialer: dialFunc(func(context.Context) (backend.Backend, error) { panic("driver bug") })}); err != nil {
		t.Fatal(err)
	}
	var found *guard.PanicError
	select {
	case err := <-reported:
		if !errors.As(err, &found) || len(found.Stack) == 0 {
			t.Errorf("reported %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the panic was not reported")
	}
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if c, _ := s.Conn("k"); c.Phase == store.Failed && strings.Contains(c.Err, "driver bug") {
			break
		}
		time.Sleep(2 * time.Millisecond)
	}
	if c, _ := s.Conn("k"); c.Phase != store.Failed {
		t.Errorf("connection = %+v", c)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
