package task

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/guard"
)

func TestTaskRunsAndEnds(t *testing.T) {
	var notified atomic.Int32
	b := newBench(t, func(o *Options) { o.Notify = func() { notified.Add(1) } })
	id := b.Start(off("a"), target("web-01"))
	c := b.call()
	got := b.wait(id, backend.TaskRunning)
	if got.Progress != -1 || got.Title != "power off" || got.TargetName != "web-01" || got.ConnName != "kvm01" || !got.Own || !got.Cancellable {
		t.Errorf("running task = %+v", got)
	}
	c.progress.Percent(40)
	if got, _ := b.Get(id); got.Progress != 40 {
		t.Errorf("progress = %d, want 40", got.Progress)
	}
	c.answers <- answer{result: backend.Result{Text: "gone"}}
	got = b.wait(id)
	if got.State != backend.TaskSuccess || got.Progress != 100 || got.Result.Text != "gone" || got.Ended.IsZero() || got.Err != "" {
		t.Errorf("ended task = %+v", got)
	}
	c.progress.Percent(7)
	if got, _ := b.Get(id); got.Progress != 100 {
		t.Error("progress after the end was taken")
	}
	if notified.Load() < 3 {
		t.Errorf("notified %d times, want start, progress and end", notified.Load())
	}
	if all := b.audit(); len(all) != 1 || all[0].State != backend.TaskSuccess {
		t.Errorf("audited %+v", all)
	}
}

func TestFailureKeepsTheServersWords(t *testing.T) {
	b := newBench(t, nil)
	long := strings.Repeat("line of the server\n", 20)
	tests := []struct {
		err    error
		state  backend.TaskState
		remedy string
	}{
		{&backend.Error{Class: backend.ClassUnsupported, Code: "67", Message: long}, backend.TaskFailed, ""},
		{&backend.Error{Class: backend.ClassBusy, Remedy: "wait for the backup"}, backend.TaskFailed, "wait for the backup"},
		{&backend.Error{Class: backend.ClassBusy}, backend.TaskFailed, "do it again when the other operation has ended"},
		{&backend.Error{Class: backend.ClassCancelled}, backend.TaskCancelled, ""},
		{errors.New("plain"), backend.TaskFailed, ""},
	}
	for _, tt := range tests {
		id := b.Start(off("a"), target("web-01"))
		b.call().fail(tt.err)
		got := b.wait(id)
		if got.State != tt.state || got.Err != tt.err.Error() || got.Remedy != tt.remedy || got.Class != backend.ClassOf(tt.err) {
			t.Errorf("task = %+v, want %s, %q, %q", got, tt.state, tt.err, tt.remedy)
		}
	}
}

func TestForeignWordsAreCleaned(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("web-01"))
	b.call().fail(errors.New("bad\x1b[2J name"))
	if got := b.wait(id); got.Err != "bad�[2J name" {
		t.Errorf("error = %q", got.Err)
	}
}

func TestSameObjectInOrderOthersBeside(t *testing.T) {
	b := newBench(t, nil)
	first := b.Start(off("a"), target("a"))
	second := b.Start(backend.PowerOnOp{VM: vm("a")}, target("a"))
	third := b.Start(backend.ResetOp{VM: vm("a")}, target("a"))
	other := b.Start(off("b"), target("b"))
	begun := map[string]*call{}
	for range 2 {
		c := b.call()
		begun[c.vm()] = c
	}
	if _, ok := begun["a"].op.(backend.PowerOffOp); !ok || begun["b"] == nil {
		t.Fatalf("began with %v", begun)
	}
	begun["b"].succeed()
	b.wait(other)
	b.quietFor(second, third)
	begun["a"].succeed()
	b.wait(first)
	c := b.call()
	if _, ok := c.op.(backend.PowerOnOp); !ok {
		t.Fatalf("second on a was %T, want the order given", c.op)
	}
	b.quietFor(third)
	c.succeed()
	c = b.call()
	if _, ok := c.op.(backend.ResetOp); !ok {
		t.Fatalf("third on a was %T", c.op)
	}
	c.succeed()
	b.wait(third)
}

func (b *bench) quietFor(ids ...ID) {
	b.t.Helper()
	for _, id := range ids {
		if got, _ := b.Get(id); got.State != backend.TaskQueued {
			b.t.Errorf("task %d is %s, want queued", id, got.State)
		}
	}
}

func TestLimitIsPerConnection(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 2 })
	for _, name := range []string{"a", "b", "c"} {
		b.Start(off(name), target(name))
	}
	elsewhere := backend.Ref{Conn: "c2", Kind: backend.KindVM, ID: "z"}
	b.Start(backend.PowerOffOp{VM: elsewhere}, target("z"))
	var running []*call
	for range 3 {
		running = append(running, b.call())
	}
	b.quietFor(b.List()[1].ID) // c, newest but one
	for _, c := range running {
		if c.vm() == "a" {
			c.succeed()
		}
	}
	if c := b.call(); c.vm() != "c" {
		t.Errorf("then %s began, want c", c.vm())
	}
}

func TestListIsNewestFirstAndImmutable(t *testing.T) {
	b := newBench(t, nil)
	a := b.Start(off("a"), target("a"))
	z := b.Start(off("z"), target("z"))
	before := b.List()
	if before[0].ID != z || before[1].ID != a {
		t.Fatalf("order = %d, %d", before[0].ID, before[1].ID)
	}
	b.call().succeed()
	b.call().succeed()
	b.wait(a)
	b.wait(z)
	if before[0].State.Ended() {
		t.Error("an old list changed")
	}
}

func TestHistoryIsBoundedAndKeepsWhatRuns(t *testing.T) {
	b := newBench(t, func(o *Options) { o.History = 3 })
	running := b.Start(off("run"), target("run"))
	hold := b.call()
	var last ID
	for range 6 {
		last = b.Start(off("a"), target("a"))
		b.call().succeed()
		b.wait(last)
	}
	all := b.List()
	if len(all) != 4 || all[0].ID != last || all[3].ID != running {
		t.Errorf("list = %+v", all)
	}
	b.ForgetEnded()
	if all := b.List(); len(all) != 1 || all[0].ID != running {
		t.Errorf("after forgetting: %+v", all)
	}
	hold.succeed()
	b.wait(running)
}

// The request may have gone out before the driver broke.
func TestPanicOfADriverLeavesTheOutcomeUnknown(t *testing.T) {
	reported := make(chan error, 1)
	checked := make(chan backend.Op, 1)
	b := newBench(t, func(o *Options) {
		o.Report = func(err error) { reported <- err }
		o.Check = lookingBy(func(_ context.Context, op backend.Op) bool { checked <- op; return false })
	})
	id := b.Start(off("a"), target("a"))
	b.call().fail(errPanic)
	if got := b.wait(id); got.State != backend.TaskUnknown || got.Class != backend.ClassLost || !strings.Contains(got.Err, "driver bug") {
		t.Errorf("task = %+v", got)
	}
	if op := <-checked; op != off("a") {
		t.Errorf("checked %v", op)
	}
	var p *guard.PanicError
	if err := <-reported; !errors.As(err, &p) || !strings.Contains(string(p.Stack), "Do") {
		t.Errorf("reported %v", err)
	}
	next := b.Start(off("a"), target("a"))
	b.call().succeed()
	b.wait(next)
}

func TestNoConnectionFailsWithoutRetry(t *testing.T) {
	why := backend.Refuse(backend.ClassUnreachable, "reach", "kvm01", "reconnecting for 4 s")
	var asked atomic.Int32
	b := newBench(t, func(o *Options) {
		o.Backend = func(backend.ConnID) (backend.Backend, error) { asked.Add(1); return nil, why }
	})
	id := b.Start(off("a"), target("web-01"))
	got := b.wait(id)
	want := "power off web-01: not started: reach kvm01: reconnecting for 4 s"
	if got.State != backend.TaskFailed || got.Err != want || got.Class != backend.ClassUnreachable {
		t.Errorf("task = %+v, want %q", got, want)
	}
	if asked.Load() != 1 {
		t.Errorf("asked for the connection %d times", asked.Load())
	}
}

func TestFailQueuedOnlyTouchesThatConnection(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 1 })
	running := b.Start(off("a"), target("a"))
	queued := b.Start(off("b"), target("b"))
	c := b.call()
	b.FailQueued("other", errors.New("gone"))
	b.quietFor(queued)
	b.FailQueued("c1", errors.New("connection lost"))
	if got := b.wait(queued); got.State != backend.TaskFailed || !strings.Contains(got.Err, "not started: connection lost") {
		t.Errorf("queued = %+v", got)
	}
	c.succeed()
	b.wait(running, backend.TaskSuccess)
}

func TestGuestRequestSaysWhoDecides(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(backend.ShutdownOp{VM: vm("a")}, target("a"))
	b.call().succeed()
	if got := b.wait(id); got.Note != noteAccepted {
		t.Errorf("note = %q", got.Note)
	}
}

func TestRecheckSkips(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Recheck = func(backend.Op) string { return "it is off already" } })
	id := b.Start(off("a"), target("a"))
	if got := b.wait(id); got.State != backend.TaskCancelled || !got.Skipped || got.Note != "skipped: it is off already" {
		t.Errorf("task = %+v", got)
	}
	b.quiet()
}

func TestWait(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("a"))
	c := b.call()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := b.Wait(ctx, id); backend.ClassOf(err) != backend.ClassUnreachable {
		t.Errorf("wait past its time: %v", err)
	}
	c.fail(errors.New("no"))
	if got, err := b.Wait(t.Context(), id, backend.TaskSuccess); backend.ClassOf(err) != backend.ClassConflict || got.State != backend.TaskFailed {
		t.Errorf("wait for a state it missed: %v, %v", got.State, err)
	}
	if _, err := b.Wait(t.Context(), 999); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("wait for nothing: %v", err)
	}
}

func TestBatchCounts(t *testing.T) {
	b := newBench(t, nil)
	batch := b.StartMany([]Request{
		{Op: off("a"), Target: target("a")}, {Op: off("b"), Target: target("b")},
		{Op: off("c"), Target: target("c")}, {Op: off("d"), Target: target("d")},
		{Op: off("e"), Target: target("e"), Skip: "off already"},
	})
	for range 4 {
		c := b.call()
		if c.vm() == "c" {
			c.fail(errors.New("no"))
			continue
		}
		c.succeed()
	}
	for _, task := range b.List() {
		b.wait(task.ID)
	}
	got, ok := b.Batch(batch)
	if !ok || !got.Done() || got.Summary() != "3 done, 1 failed, 1 skipped" || got.Skips[0].Why != "off already" {
		t.Errorf("batch = %+v, %q", got, got.Summary())
	}
}

func TestManyTasksEnd(t *testing.T) {
	b := newBench(t, func(o *Options) { o.History = 2000 })
	var requests []Request
	for i := range 1000 {
		id := string(rune('a' + i%7))
		requests = append(requests, Request{Op: off(id), Target: target(id)})
	}
	batch := b.StartMany(requests)
	for range requests {
		b.call().succeed()
	}
	b.wait(b.List()[0].ID)
	for _, task := range b.List() {
		b.wait(task.ID)
	}
	if got, _ := b.Batch(batch); got.Summary() != "1000 done" {
		t.Errorf("batch: %s", got.Summary())
	}
}
