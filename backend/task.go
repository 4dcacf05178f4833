package backend

import (
	"context"
	"time"
)

// TaskState is where a task stands.
type TaskState uint8

// The task states. Unknown: the answer of the server was lost; nobody repeats the
// operation until the object's state has been looked at.
const (
	TaskQueued TaskState = iota
	TaskRunning
	TaskSuccess
	TaskFailed
	TaskCancelled
	TaskUnknown
)

var taskStateNames = [...]string{"queued", "running", "success", "error", "cancelled", "unknown"}

func (s TaskState) String() string {
	if int(s) < len(taskStateNames) {
		return taskStateNames[s]
	}
	return "unknown"
}

// Ended reports whether the task will not change any more.
func (s TaskState) Ended() bool { return s >= TaskSuccess }

// RemoteTask is a task as the server tells it. Key is the server's own and unique
// in its connection.
type RemoteTask struct {
	Conn     ConnID
	Key      string `clean:"keep"`
	Name     string // in words: "power on"
	Object   Ref
	Target   string // name of the object
	User     string
	State    TaskState
	Progress int // percent; -1 unknown
	Queued   time.Time
	Started  time.Time
	Ended    time.Time
	Message  string `clean:"text"` // the server's, when it failed
	// Cancellable says whether the server would cancel it.
	Cancellable bool
}

// Progress receives how far an operation has come. All fields may be nil.
type Progress struct {
	// Percent is 0 to 100.
	Percent func(int)
	// Bytes is how many of total have been moved; total is 0 while unknown. It stands
	// for Percent where bytes are what takes the time.
	Bytes func(done, total int64)
	// Phase says what is being done now, where an operation has several parts that take
	// long: "comparing with the manifest", "uploading".
	Phase func(what string)
	// Stalled says that the object does not answer, in words that are shown like a phase;
	// "" says that it does again. Until then the operation keeps no others of its
	// connection waiting.
	Stalled func(why string)
	// Remote gives the key of the server's own task for this operation, so that
	// it is not shown twice.
	Remote func(key string)
	// Recorded gives, before the operation starts, what adds a line to its record: how it
	// ended ("success", "error", "cancelled") when its answer was lost and that was found
	// out later, and how one knows. It may be called from any goroutine and never blocks.
	Recorded func(settled func(result, how string))
	// Uncancellable says that a cancel was asked for and the server can't.
	Uncancellable func(why string)
}

// Result is what an operation gives back.
type Result struct {
	// Created is the object that was made; zero when none was.
	Created Ref
	// Text is a line for the operator; may be empty.
	Text string `clean:"text"`
}

// TaskCanceller is implemented by backends that cancel tasks of others.
type TaskCanceller interface {
	// CancelTask asks the server to cancel a task; key is that of a RemoteTask.
	CancelTask(ctx context.Context, key string) error
}
