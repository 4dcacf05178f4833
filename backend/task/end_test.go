package task

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hvdeck/backend"
)

func TestCancelQueued(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 1 })
	running := b.Start(off("a"), target("a"))
	queued := b.Start(off("b"), target("b"))
	c := b.call()
	if err := b.Cancel(queued); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.Get(queued); got.State != backend.TaskCancelled || !got.Started.IsZero() {
		t.Errorf("task = %+v", got)
	}
	c.succeed()
	b.wait(running)
	b.quiet()
}

func TestCancelRunningWaitsForTheServer(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("a"))
	c := b.call()
	if err := b.Cancel(id); err != nil {
		t.Fatal(err)
	}
	<-c.ctx.Done()
	if !errors.Is(c.ctx.Err(), context.Canceled) {
		t.Errorf("operation saw %v", c.ctx.Err())
	}
	if got, _ := b.Get(id); got.State != backend.TaskRunning || !got.CancelAsked {
		t.Errorf("before the server answered: %+v", got)
	}
	c.fail(&backend.Error{Class: backend.ClassCancelled, Message: "canceled"})
	if got := b.wait(id); got.State != backend.TaskCancelled {
		t.Errorf("state = %s", got.State)
	}
}

func TestCancelThatCameTooLate(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("a"))
	c := b.call()
	if err := b.Cancel(id); err != nil {
		t.Fatal(err)
	}
	c.succeed()
	if got := b.wait(id); got.State != backend.TaskSuccess || got.Note != noteTooLate {
		t.Errorf("task = %+v", got)
	}
}

func TestCancelRefused(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("a"))
	c := b.call()
	c.progress.Uncancellable("the server has no way to stop this")
	err := b.Cancel(id)
	if backend.ClassOf(err) != backend.ClassUnsupported || !strings.Contains(err.Error(), "no way to stop") {
		t.Errorf("uncancellable: %v", err)
	}
	c.succeed()
	b.wait(id)
	if err := b.Cancel(id); backend.ClassOf(err) != backend.ClassConflict {
		t.Errorf("ended: %v", err)
	}
	if err := b.Cancel(77); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("unknown: %v", err)
	}
}

func TestCancelBatch(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 1 })
	batch := b.StartMany([]Request{{Op: off("a")}, {Op: off("b")}, {Op: off("c")}})
	c := b.call()
	b.CancelBatch(batch)
	<-c.ctx.Done()
	c.fail(c.ctx.Err())
	for _, task := range b.List() {
		b.wait(task.ID)
	}
	if got, _ := b.Batch(batch); got.Summary() != "3 cancelled" {
		t.Errorf("batch: %s", got.Summary())
	}
}

func TestLostAnswer(t *testing.T) {
	tests := []struct {
		name  string
		found bool
		state backend.TaskState
		note  string
	}{
		{"found done", true, backend.TaskSuccess, noteFoundDone},
		{"not found out", false, backend.TaskUnknown, noteUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			asked, answered := make(chan backend.Op), make(chan struct{})
			b := newBench(t, func(o *Options) {
				o.Check = lookingBy(func(_ context.Context, op backend.Op) bool {
					asked <- op
					<-answered
					return tt.found
				})
			})
			id := b.Start(off("a"), target("a"))
			after := b.Start(backend.PowerOnOp{VM: vm("a")}, target("a"))
			b.call().fail(lost("connection reset"))
			if op := <-asked; op != off("a") {
				t.Errorf("checked %v", op)
			}
			got, _ := b.Get(id)
			if got.State != backend.TaskUnknown || got.Note != "unknown: checking" || got.Done() {
				t.Errorf("while checking: %+v", got)
			}
			b.quietFor(after)
			close(answered)
			if got := b.wait(id); got.State != tt.state || got.Note != tt.note {
				t.Errorf("then: %+v", got)
			}
			if tt.state != backend.TaskUnknown {
				b.call().succeed()
				b.wait(after, backend.TaskSuccess)
				return
			}
			if got := b.wait(after); got.State != backend.TaskFailed || !strings.Contains(got.Err, "not started: the outcome of \"power off\" before it is unknown") {
				t.Errorf("an operation on a VM in doubt: %+v", got)
			}
		})
	}
}

func TestCheckThatPanicsOrHangsSettlesNothing(t *testing.T) {
	for name, check := range map[string]func(context.Context) bool{
		"panics": func(context.Context) bool { panic("bug") },
		"hangs":  func(context.Context) bool { select {} },
	} {
		t.Run(name, func(t *testing.T) {
			reported := make(chan error, 1)
			b := newBench(t, func(o *Options) {
				o.Check, o.CheckTime = lookingBy(func(ctx context.Context, _ backend.Op) bool { return check(ctx) }), 20*time.Millisecond
				o.Report = func(err error) { reported <- err }
			})
			id := b.Start(off("a"), target("a"))
			b.call().fail(lost("gone"))
			if got := b.wait(id); got.State != backend.TaskUnknown || got.Note != stillUnknown("", name == "hangs") {
				t.Errorf("task = %+v", got)
			}
			if panics := name == "panics"; (len(reported) == 1) != panics {
				t.Errorf("%d panics were reported", len(reported))
			}
		})
	}
}

func TestDeadline(t *testing.T) {
	short := func(o *Options) {
		o.Deadline = func(backend.Op) time.Duration { return 10 * time.Millisecond }
		o.Grace = 10 * time.Millisecond
	}
	t.Run("the driver gives up in time", func(t *testing.T) {
		b := newBench(t, short)
		b.opts.Grace = time.Minute
		id := b.Start(off("a"), target("a"))
		c := b.call()
		<-c.ctx.Done()
		c.fail(c.ctx.Err())
		if got := b.wait(id); got.State != backend.TaskUnknown {
			t.Errorf("task = %+v", got)
		}
	})
	t.Run("the driver ignores it", func(t *testing.T) {
		b := newBench(t, short)
		id := b.Start(off("a"), target("a"))
		c := b.call()
		if got := b.wait(id); got.State != backend.TaskUnknown || !strings.Contains(got.Err, "no answer from the server in time") {
			t.Errorf("task = %+v", got)
		}
		c.succeed()
	})
}

func TestClose(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 1 })
	running := b.Start(off("a"), target("a"))
	queued := b.Start(off("b"), target("b"))
	c := b.call()
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := b.Close(short); err == nil {
		t.Error("closed while an operation was under way, without a word")
	}
	if err := c.ctx.Err(); err != nil {
		t.Errorf("a running operation was ended: %v", err)
	}
	if got, _ := b.Get(queued); got.State != backend.TaskCancelled {
		t.Errorf("queued: %s", got.State)
	}
	c.succeed()
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got, _ := b.Get(running); got.State != backend.TaskSuccess {
		t.Errorf("running: %s", got.State)
	}
	late := b.Start(off("c"), target("c"))
	if got := b.wait(late); got.State != backend.TaskCancelled {
		t.Errorf("after close: %s", got.State)
	}
}

func TestCloseEndsLooks(t *testing.T) {
	looking := make(chan struct{})
	b := newBench(t, func(o *Options) {
		o.Check = lookingBy(func(ctx context.Context, _ backend.Op) bool {
			close(looking)
			<-ctx.Done()
			return false
		})
	})
	id := b.Start(off("a"), target("a"))
	b.call().fail(lost("gone"))
	<-looking
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got, _ := b.Get(id); got.State != backend.TaskUnknown || !got.Done() {
		t.Errorf("task = %+v", got)
	}
	if all := b.audit(); len(all) != 1 || all[0].State != backend.TaskUnknown {
		t.Errorf("audited %+v", all)
	}
}

func TestCancelAfterClose(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("a"))
	c := b.call()
	short, end := context.WithTimeout(t.Context(), time.Millisecond)
	defer end()
	_ = b.Close(short)
	if err := b.Cancel(id); err != nil {
		t.Error(err)
	}
	<-c.ctx.Done()
	c.fail(&backend.Error{Class: backend.ClassCancelled})
	b.wait(id, backend.TaskCancelled)
}

func remote(key string, state backend.TaskState) backend.RemoteTask {
	return backend.RemoteTask{Conn: "c1", Key: key, Name: "clone", Object: vm("a"), Target: "web\x1b-01", User: "root", State: state, Progress: 10}
}

func TestForeignTasksAreShown(t *testing.T) {
	b := newBench(t, nil)
	b.Foreign(remote("task-1", backend.TaskRunning))
	got := b.List()
	if len(got) != 1 || got[0].Own || got[0].User != "root" || got[0].TargetName != "web�-01" || got[0].Title != "clone" {
		t.Fatalf("list = %+v", got)
	}
	if err := b.Cancel(got[0].ID); backend.ClassOf(err) != backend.ClassUnsupported {
		t.Errorf("cancel: %v", err)
	}
	done := remote("task-1", backend.TaskFailed)
	done.Message = "no space"
	b.Foreign(done)
	if now := b.List(); len(now) != 1 || now[0].ID != got[0].ID || now[0].Err != "no space" {
		t.Errorf("list = %+v", now)
	}
	b.ForgetEnded()
	b.Foreign(done)
	if now := b.List(); len(now) != 0 {
		t.Errorf("a forgotten task came back: %+v", now)
	}
}

func TestOwnTaskIsNotShownTwice(t *testing.T) {
	for _, order := range []string{"reported before", "reported after"} {
		t.Run(order, func(t *testing.T) {
			b := newBench(t, nil)
			id := b.Start(off("a"), target("a"))
			c := b.call()
			if order == "reported before" {
				b.Foreign(remote("task-9", backend.TaskRunning))
			}
			c.progress.Remote("task-9")
			b.Foreign(remote("task-9", backend.TaskRunning))
			if all := b.List(); len(all) != 1 || all[0].ID != id || all[0].RemoteKey != "task-9" {
				t.Errorf("list = %+v", all)
			}
			c.succeed()
			b.wait(id)
			b.Foreign(remote("task-9", backend.TaskSuccess))
			if all := b.List(); len(all) != 1 {
				t.Errorf("list = %+v", all)
			}
		})
	}
}

func TestServerSettlesALostAnswer(t *testing.T) {
	for _, when := range []string{"while running", "while checking", "when unknown", "when judged"} {
		for _, says := range []backend.TaskState{backend.TaskSuccess, backend.TaskFailed, backend.TaskCancelled} {
			t.Run(when+" "+says.String(), func(t *testing.T) { serverSettles(t, when, says) })
		}
	}
}

func serverSettles(t *testing.T, when string, says backend.TaskState) {
	checking := make(chan struct{}, 1)
	b := newBench(t, func(o *Options) {
		o.Check = lookingBy(func(ctx context.Context, _ backend.Op) bool {
			checking <- struct{}{}
			if when == "while checking" {
				<-ctx.Done()
			}
			return when == "when judged"
		})
	})
	report := remote("task-9", says)
	report.Message = "no space"
	batch := b.StartMany([]Request{{Op: off("a"), Target: target("a")}})
	id := b.List()[0].ID
	c := b.call()
	settled := make(chan string, 2)
	c.progress.Recorded(func(result, how string) { settled <- result + ": " + how })
	c.progress.Remote("task-9")
	if when == "while running" {
		b.Foreign(report)
	}
	c.fail(lost("reset"))
	switch when {
	case "while checking":
		<-checking
		b.Foreign(report)
	case "when unknown":
		b.wait(id, backend.TaskUnknown)
		b.wait(id)
		b.Foreign(report)
	case "when judged":
		b.wait(id, backend.TaskSuccess)
		b.Foreign(report)
	}
	got := b.wait(id)
	if got.State != says || (says == backend.TaskSuccess) != (got.Err == "") {
		t.Errorf("task = %+v", got)
	}
	if says == backend.TaskFailed && !strings.Contains(got.Err, "no space") {
		t.Errorf("error = %q", got.Err)
	}
	for told := <-settled; !strings.HasPrefix(told, says.String()+": ") || len(told) < 20; told = <-settled {
		if when != "when judged" { // by what was seen, before the server's word
			t.Errorf("the record says %q", told)
			break
		}
	}
	if counted, _ := b.Batch(batch); !counted.Done() || counted.Unknown > 0 || counted.Total != 1 {
		t.Errorf("batch: %s", counted.Summary())
	}
}

// TestAnEarlierStepSettlesNothing: a move to a host and then into a folder is two tasks
// of the server.
func TestAnEarlierStepSettlesNothing(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Check = lookingBy(func(context.Context, backend.Op) bool { return false }) })
	id := b.Start(off("a"), target("a"))
	c := b.call()
	c.progress.Remote("task-1")
	b.Foreign(remote("task-1", backend.TaskSuccess))
	c.progress.Remote("task-2")
	b.Foreign(remote("task-1", backend.TaskSuccess))
	if all := b.List(); len(all) != 1 || all[0].RemoteKey != "task-2" {
		t.Errorf("list = %+v", all)
	}
	c.fail(lost("reset"))
	b.wait(id, backend.TaskUnknown)
	b.Foreign(remote("task-2", backend.TaskFailed))
	if got := b.wait(id, backend.TaskFailed); got.State != backend.TaskFailed {
		t.Errorf("task = %+v", got)
	}
}

func TestServerDoesNotCorrectAnAnswer(t *testing.T) {
	b := newBench(t, nil)
	id := b.Start(off("a"), target("a"))
	c := b.call()
	c.progress.Remote("task-9")
	c.succeed()
	b.wait(id, backend.TaskSuccess)
	b.Foreign(remote("task-9", backend.TaskFailed))
	if got, _ := b.Get(id); got.State != backend.TaskSuccess {
		t.Errorf("task = %+v", got)
	}
}

// TestWhatLeavesNothingToSeeSaysWhereToLook: it is not waited for in vain, except where
// the server has a task of its own for it.
func TestWhatLeavesNothingToSeeSaysWhereToLook(t *testing.T) {
	for _, followed := range []bool{false, true} {
		b := newBench(t, func(o *Options) {
			o.Check = func(backend.Op) (func(context.Context) bool, string) { return nil, "look at its console" }
		})
		id := b.Start(backend.ResetOp{VM: vm("a")}, target("a"))
		c := b.call()
		if followed {
			c.progress.Remote("task-9")
		}
		c.fail(lost("reset"))
		want := backend.TaskUnknown
		if followed {
			if got := b.wait(id, backend.TaskUnknown); !got.Checking {
				t.Errorf("the server's own task was not waited for: %+v", got)
			}
			b.Foreign(remote("task-9", backend.TaskSuccess))
			want = backend.TaskSuccess
		}
		got := b.wait(id)
		if got.State != want || !followed && got.Note != "unknown: look at its console" {
			t.Errorf("followed %v: %+v", followed, got)
		}
	}
}

// TestWhatWasThereIsNotedBefore: the look is made before the operation starts.
func TestWhatWasThereIsNotedBefore(t *testing.T) {
	noted := make(chan backend.Op, 1)
	b := newBench(t, func(o *Options) {
		o.Check = func(op backend.Op) (func(context.Context) bool, string) { noted <- op; return nil, "" }
	})
	id := b.Start(off("a"), target("a"))
	c := b.call()
	if op := <-noted; op != off("a") {
		t.Errorf("noted %v", op)
	}
	c.succeed()
	b.wait(id)
	if len(noted) != 0 {
		t.Error("noted again after the end")
	}
}

func TestDisconnectedForeignTasksAreUnknown(t *testing.T) {
	b := newBench(t, nil)
	b.Foreign(remote("task-1", backend.TaskRunning))
	b.Disconnected("c1")
	if got := b.List()[0]; got.State != backend.TaskUnknown {
		t.Errorf("state = %s", got.State)
	}
	b.Foreign(remote("task-1", backend.TaskSuccess))
	if got := b.List()[0]; got.State != backend.TaskSuccess {
		t.Errorf("state = %s", got.State)
	}
}

// TestTimeAwayDoesNotCount: an object is looked at for as long as its server can be asked.
func TestTimeAwayDoesNotCount(t *testing.T) {
	var away atomic.Bool
	away.Store(true)
	b := newBench(t, func(o *Options) {
		o.Check = lookingBy(func(ctx context.Context, _ backend.Op) bool { <-ctx.Done(); return false })
		o.CheckTime = 20 * time.Millisecond
		o.Away = func(backend.ConnID) bool { return away.Load() }
	})
	id := b.Start(off("a"), target("a"))
	b.call().fail(lost("gone"))
	time.Sleep(200 * time.Millisecond) // ten times as long as it would take else
	if got, _ := b.Get(id); got.Done() {
		t.Fatalf("given up while the server is away: %+v", got)
	}
	away.Store(false)
	if got := b.wait(id); got.State != backend.TaskUnknown || got.Remedy != "" || !strings.Contains(got.Note, "nothing has shown so far") {
		t.Errorf("then: %+v", got)
	}
}
