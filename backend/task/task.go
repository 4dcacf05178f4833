package task

import (
	"time"

	"hvdeck/backend"
)

// ID names a task in one run of the program; later tasks have greater ones.
type ID uint64

// Target is how the operator knows the object of an operation.
type Target struct {
	Name     string // of the object
	ConnName string // of its connection
}

// Task is the state of an operation at one moment. It is a copy: nothing changes it.
type Task struct {
	ID    ID
	Batch BatchID // 0: started alone
	Conn  backend.ConnID
	Op    backend.Op // nil for a foreign task, and for one that has ended: it may hold a secret
	Title string     // "power off"

	Target     backend.Ref
	TargetName string
	ConnName   string

	State    backend.TaskState
	Progress int // percent; -1 unknown
	// Moved of Total bytes have been transferred, lately at Rate bytes a second; Total
	// is 0 while unknown, and all are 0 for what moves no bytes.
	Moved, Total int64
	Rate         float64
	Phase        string // what is being done now; "" where there is one thing only
	Queued       time.Time
	Started      time.Time // zero while queued, or when it never ran
	Ended        time.Time

	Class  backend.Class // of Err
	Err    string        // complete, may have several lines; empty when it did not fail
	Remedy string        // what to do about Err; may be empty
	Note   string        // a remark for the operator that is not an error; may be empty
	Result backend.Result

	Own         bool   // started here
	User        string // who started a foreign task
	RemoteKey   string // the server's own key; may be empty
	Cancellable bool
	CancelAsked bool
	// Checking is set while the state is unknown and the object is being looked at.
	Checking bool
	// Skipped tells a task that was found pointless or refused just before it would
	// have started; its state is cancelled and Note says why.
	Skipped bool
}

// Done reports whether the task will not change any more.
func (t Task) Done() bool { return t.State.Ended() && !t.Checking }

// Elapsed is how long it has been running, or ran; 0 when it has not started.
func (t Task) Elapsed(now time.Time) time.Duration {
	if t.Started.IsZero() {
		return 0
	}
	if t.Done() && !t.Ended.IsZero() {
		return t.Ended.Sub(t.Started)
	}
	return now.Sub(t.Started)
}
