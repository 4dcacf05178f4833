package task

import (
	"context"
	"testing"
	"time"

	"hvdeck/backend"
)

func download(id string) backend.Op {
	return backend.VolumeDownloadOp{Volume: backend.Ref{Conn: "c1", Kind: backend.KindVolume, ID: id}, File: "/nowhere"}
}

func TestStopLocal(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Limit = 2 })
	server := b.Start(off("a"), target("a"))
	onServer := b.call()
	here := b.Start(download("v"), target("v"))
	local := b.call()
	queued := b.Start(download("w"), target("w"))
	stopped := make(chan error, 1)
	go func() { stopped <- b.StopLocal(t.Context()) }()
	<-local.ctx.Done()
	select {
	case err := <-stopped:
		t.Errorf("it did not wait for the cleaning up: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	local.fail(local.ctx.Err())
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	for id, want := range map[ID]backend.TaskState{server: backend.TaskRunning, here: backend.TaskCancelled, queued: backend.TaskCancelled} {
		if got, _ := b.Get(id); got.State != want {
			t.Errorf("%s: %s, want %s", got.Title, got.State, want)
		}
	}
	if onServer.ctx.Err() != nil {
		t.Error("what the server does by itself was cancelled")
	}
	onServer.succeed()
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if len(b.backend.calls) > 0 {
		t.Error("something began after the end")
	}
}

func TestStopLocalIsBounded(t *testing.T) {
	b := newBench(t, nil)
	b.Start(download("v"), target("v"))
	c := b.call()
	short, end := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer end()
	if err := b.StopLocal(short); err == nil {
		t.Error("it claims that the transfer has stopped")
	}
	c.fail(c.ctx.Err())
	if err := b.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// What an operation holds may be a secret: an ended task remembers none of it.
func TestEndedTasksForgetTheirOperation(t *testing.T) {
	b := newBench(t, nil)
	op := backend.SecretSetOp{Secret: backend.Ref{Conn: "c1", Kind: backend.KindSecret, ID: "s"}, Value: backend.Hide([]byte("s3same"))}
	id := b.Start(op, target("s"))
	c := b.call()
	if got, _ := b.Get(id); got.Op == nil {
		t.Error("a running task has no operation")
	}
	c.succeed()
	got := b.wait(id)
	if got.Op != nil || b.List()[0].Op != nil || got.Title != op.Title() || got.Target != op.Secret {
		t.Errorf("%+v", got)
	}
	for _, told := range b.audit() {
		if told.Op != nil {
			t.Errorf("%+v", told)
		}
	}
}
