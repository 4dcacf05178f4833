package mem_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
)

// TestNothingIsLeftBehind opens, uses and loses connections: no goroutine stays.
func TestNothingIsLeftBehind(t *testing.T) {
	h := mem.New(mem.Config{VMs: 5, OpTime: 5 * time.Millisecond})
	before := runtime.NumGoroutine()
	for i := range 30 {
		b, err := h.Dialer().Dial(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 2)
		began := make(chan struct{}, 10)
		go func() {
			ended <- b.Watch(context.Background(), func(backend.Delta) {
				select {
				case began <- struct{}{}:
				default:
				}
			})
		}()
		<-began
		go func() {
			_, err := b.Do(context.Background(), backend.ResetOp{VM: h.VM("web-01")}, backend.Progress{})
			ended <- err
		}()
		if i%2 == 0 {
			h.Drop()
		}
		_ = b.Close()
		<-ended
		<-ended
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
	if h.Open() != 0 {
		t.Errorf("%d connections left", h.Open())
	}
}
