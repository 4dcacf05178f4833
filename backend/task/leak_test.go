package task

import (
	"runtime"
	"testing"
	"time"
)

func TestNoGoroutineOutlivesItsTask(t *testing.T) {
	b := newBench(t, nil)
	before := runtime.NumGoroutine()
	for range 50 {
		id := b.Start(off("a"), target("a"))
		b.call().succeed()
		b.wait(id)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}
