package task

import (
	"fmt"
	"testing"

	"hvdeck/backend"
)

// An operation on an object that hangs keeps no others waiting, says so, and counts
// again when the object answers.
func TestAStalledTaskGivesItsPlace(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 1 })
	hung := b.Start(off("hung"), target("hung"))
	first := <-b.backend.calls
	b.Start(off("a"), target("a"))
	b.Start(off("b"), target("b"))
	first.progress.Stalled("QEMU has not answered for 5s")
	second := <-b.backend.calls
	if got, _ := b.Get(hung); got.State != backend.TaskRunning || got.Phase != "QEMU has not answered for 5s" {
		t.Errorf("%v %q", got.State, got.Phase)
	}
	first.progress.Stalled("")
	second.succeed()
	select {
	case c := <-b.backend.calls:
		t.Fatalf("%s runs beside one that goes on", c.vm())
	default:
	}
	first.succeed()
	(<-b.backend.calls).succeed()
}

// There are not endlessly many: each holds a worker of the server.
func TestNotAllMayStall(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 1 })
	var all []*call
	for i := range mostStalled + 2 {
		b.Start(off(fmt.Sprint(i)), target("x"))
	}
	for range mostStalled + 1 {
		c := <-b.backend.calls
		all = append(all, c)
		c.progress.Stalled("it hangs")
	}
	select {
	case <-b.backend.calls:
		t.Fatal("one more was begun")
	default:
	}
	for _, c := range all {
		c.succeed()
	}
	(<-b.backend.calls).succeed()
}
