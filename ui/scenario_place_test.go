package ui_test

import (
	"context"
	"regexp"
	"slices"
	"sync"
	"testing"

	"hvdeck/backend"
	"hvdeck/backend/poll"
	"hvdeck/ui/uitest"
)

// acting is a center on which VMs are moved; a test says what it thinks of it, and sees
// what was asked for.
type acting struct {
	*center
	judge func(ctx context.Context, op backend.Op) ([]backend.Finding, error)

	mu        sync.Mutex
	ops       []backend.Op
	cancelled []string
	refuse    error // to cancel a task
}

func newActing(c *center) *acting { return &acting{center: c} }

func (a *acting) joinAs(t *testing.T, w *world) {
	t.Helper()
	if err := w.poller.Add(poll.Endpoint{ID: a.id, URI: "test:///" + string(a.id), Dialer: a}); err != nil {
		t.Fatal(err)
	}
}

func (a *acting) Dial(context.Context, backend.Asker) (backend.Backend, error) { return a, nil }

func (a *acting) Caps() backend.Caps {
	c := a.center.Caps()
	c.Places, c.Files = true, true
	for _, v := range []backend.Verb{backend.VerbVMRelocate, backend.VerbRemoteConsole, backend.VerbTaskCancel} {
		c.Can[v] = ""
	}
	return c
}

func (a *acting) Check(ctx context.Context, op backend.Op) ([]backend.Finding, error) {
	if a.judge == nil {
		return nil, nil
	}
	return a.judge(ctx, op)
}

func (a *acting) Do(_ context.Context, op backend.Op, _ backend.Progress) (backend.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ops = append(a.ops, op)
	return backend.Result{}, nil
}

func (a *acting) RemoteConsole(context.Context, backend.Ref) (*backend.RemoteConsole, error) {
	return &backend.RemoteConsole{
		Address: "esx-1.example.net:443", VMRC: backend.Hide([]byte("vmrc://clone:planted-ticket@vc1/?moid=vm-1")), Missing: "webmks: not for this VM",
	}, nil
}

func (a *acting) CancelTask(_ context.Context, key string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cancelled = append(a.cancelled, key)
	return a.refuse
}

func (a *acting) moved() []backend.Op {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.ops)
}

func says(s backend.Severity, text string) []backend.Finding {
	return []backend.Finding{{Severity: s, Text: text}}
}

// toMove opens the form of a move and chooses the first place.
func (w *world) toMove(title string) {
	w.menu("v", "manage: "+title, "M")
	w.WaitFor("Host or cluster").Press("right", "enter")
}

// What the server would refuse is not started, and the form comes back with its answers.
func TestCheckRefuses(t *testing.T) {
	w := begin(t, scene{})
	a := newActing(shop())
	a.judge = func(context.Context, backend.Op) ([]backend.Finding, error) {
		return says(backend.SeverityError, "the datastore ds1 can't be reached from there"), nil
	}
	a.joinAs(t, w)
	w.row("db-1", "run")
	w.Press("2", "g")
	w.toMove("db-1")
	w.WaitFor("The server would refuse it; nothing was done.").WaitFor("ds1 can't be reached").Settle(uitest.Grace).Press("esc")
	w.WaitGone("would refuse").WaitFor(regexp.MustCompile(`Host or cluster +.*cluster C0`)).Press("esc")
	if ops := a.moved(); len(ops) != 0 {
		t.Errorf("it was started all the same: %v", ops)
	}
}

// Of several, each is asked about: one is left out with the reason, and a warning names
// whom it is about.
func TestCheckOfSeveral(t *testing.T) {
	w := begin(t, scene{})
	a := newActing(shop())
	a.judge = func(_ context.Context, op backend.Op) ([]backend.Finding, error) {
		switch op.Target().ID {
		case "db-1":
			return says(backend.SeverityError, "no such network there"), nil
		case "mail-1":
			return says(backend.SeverityWarning, "a CD is attached"), nil
		}
		return nil, nil
	}
	a.joinAs(t, w)
	w.row("db-1", "run")
	w.Press("2", "g", "space", "space", "space")
	w.toMove("3 VMs")
	w.WaitFor("skipped: no such network there").WaitFor("mail-1: the server warns: a CD is attached").WaitFor("to the cluster C0")
	w.Settle(uitest.Grace).Press("y")
	w.eventually("two VMs to be moved", func() bool { return len(a.moved()) == 2 })
	for _, op := range a.moved() {
		if op.Target().ID == "db-1" {
			t.Error("the VM that the server would refuse was moved")
		}
	}
}

// While servers think, esc stops, and nothing is started when they answer.
func TestCheckStops(t *testing.T) {
	w := begin(t, scene{})
	a := newActing(shop())
	asked, ended := make(chan struct{}), make(chan struct{})
	a.judge = func(ctx context.Context, _ backend.Op) ([]backend.Finding, error) {
		close(asked)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	}
	a.joinAs(t, w)
	w.row("db-1", "run")
	w.Press("2", "g")
	w.toMove("db-1")
	w.WaitFor("Asking the server what speaks against it")
	<-asked
	w.Press("y", "enter", "v").WaitFor("esc stops").Press("esc").WaitFor("stopped, nothing was done")
	<-ended
	w.Press("v").WaitFor("manage: db-1").Press("esc")
	if ops := a.moved(); len(ops) != 0 {
		t.Errorf("it was started all the same: %v", ops)
	}
}

// A place belongs to one connection: VMs of another are left out, whatever their ids.
func TestMoveKeepsToItsConnection(t *testing.T) {
	w := begin(t, scene{})
	a, b := newActing(shop()), newActing(shop())
	b.id = "vc2"
	for _, o := range b.objects { // the same names and ids, on another server
		rebase(o, "vc2")
	}
	a.joinAs(t, w)
	b.joinAs(t, w)
	w.row("db-1", "run")
	w.Press("2", "/").Type("name:=db-1").Press("enter", "*")
	w.toMove("2 VMs")
	w.WaitFor("skipped: on another connection than db-1").Settle(uitest.Grace).Press("y")
	w.eventually("one VM to be moved", func() bool { return len(a.moved())+len(b.moved()) == 1 })
	for _, op := range append(a.moved(), b.moved()...) {
		if to := op.(backend.VMRelocateOp).To; to.Cluster.Conn != op.Target().Conn {
			t.Errorf("%v is moved to %v", op.Target(), to.Cluster)
		}
	}
}

// rebase gives an object to another connection.
func rebase(o backend.Object, conn backend.ConnID) {
	switch o := o.(type) {
	case *backend.Folder:
		o.ID.Conn, o.Up.Conn = conn, conn
	case *backend.Cluster:
		o.ID.Conn, o.FolderRef.Conn = conn, conn
	case *backend.Host:
		o.ID.Conn, o.ClusterRef.Conn, o.FolderRef.Conn = conn, conn, conn
	case *backend.ResourcePool:
		o.ID.Conn, o.Up.Conn = conn, conn
	case *backend.VM:
		o.ID.Conn, o.Host.Conn, o.FolderRef.Conn, o.PoolRef.Conn = conn, conn, conn, conn
	}
}

// Tickets are shown after a question only, say what could not be had, and go nowhere else.
func TestRemoteConsole(t *testing.T) {
	w := begin(t, scene{})
	a := newActing(shop())
	a.joinAs(t, w)
	w.row("db-1", "run")
	w.Press("2", "g")
	w.menu("v", "manage: db-1", "g")
	w.WaitFor("holds a copy of YOUR session").Reject("planted-ticket").Press("enter").WaitGone("YOUR session").Reject("planted-ticket")
	w.menu("v", "manage: db-1", "g")
	w.WaitFor("YOUR session").Press("y").WaitFor("vmrc://clone:planted-ticket@vc1/?moid=vm-1").WaitFor("webmks: not for this VM")
	w.Settle(uitest.Grace).Press("v").WaitGone("planted-ticket").WaitFor("clipboard")
}

// A task of somebody else is cancelled after a question that names them.
func TestCancelOfOthers(t *testing.T) {
	w := begin(t, scene{})
	a := newActing(shop())
	a.joinAs(t, w)
	w.row("db-1", "run")
	task := backend.RemoteTask{Conn: a.id, Key: "task-7", Name: "clone", Object: a.ref(backend.KindVM, "db-1"), Target: "db-1", User: "EXAMPLE\\eve",
		State: backend.TaskRunning, Progress: 30}
	a.news <- backend.Foreign{Task: task}
	w.Press("6").WaitFor("clone db-1").Press("C").WaitFor("the server does not cancel this task")
	task.Cancellable = true
	a.news <- backend.Foreign{Task: task}
	w.eventually("the task to be cancellable", func() bool {
		w.Press("C")
		_, _, ok := w.Find("Stop the task")
		return ok
	})
	w.WaitFor("by EXAMPLE\\eve").Press("enter").WaitGone("Stop the task")
	w.Press("C").WaitFor("Stop the task").Press("y").WaitFor("the server was asked to cancel")
	a.mu.Lock()
	defer a.mu.Unlock()
	if !slices.Equal(a.cancelled, []string{"task-7"}) {
		t.Errorf("asked to cancel %v", a.cancelled)
	}
}
