package poll_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
	"hvdeck/backend/mem"
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

// TestCloseWaitsForADialUnderWay: a driver that is ended while it dials still has its
// files to remove and its session to end.
func TestCloseWaitsForADialUnderWay(t *testing.T) {
	dialling, closed := make(chan struct{}), make(chan struct{})
	h := mem.New(mem.Config{ID: "k"})
	p := poll.New(t.Context(), poll.Options{Store: store.New(time.Now)})
	err := p.Add(poll.Endpoint{ID: "k", Dialer: dialFunc(func(ctx context.Context) (backend.Backend, error) {
		close(dialling)
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond) // a server takes its time
		b, err := h.Dialer().Dial(context.WithoutCancel(ctx), nil)
		return closeTold{b, closed}, err
	})})
	if err != nil {
		t.Fatal(err)
	}
	<-dialling
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	default:
		t.Error("Close did not wait for the late backend to be closed")
	}
	if n := h.Open(); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

func TestCloseDoesNotWaitForEverForADial(t *testing.T) {
	dialling, release := make(chan struct{}), make(chan struct{})
	p := poll.New(t.Context(), poll.Options{Store: store.New(time.Now)})
	err := p.Add(poll.Endpoint{ID: "k", Dialer: dialFunc(func(context.Context) (backend.Backend, error) {
		close(dialling)
		<-release
		return nil, errors.New("no")
	})})
	if err != nil {
		t.Fatal(err)
	}
	<-dialling
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := p.Close(short); err == nil {
		t.Error("closed while a dial was under way, without a word")
	}
	close(release)
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// closeTold says when it was closed.
type closeTold struct {
	backend.Backend
	closed chan struct{}
}

func (b closeTold) Close() error {
	defer close(b.closed)
	return b.Backend.Close()
}
