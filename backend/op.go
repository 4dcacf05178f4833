package backend

import (
	"slices"
	"time"
)

// Op is an operation on one object. Each is a plain struct with all its arguments,
// so that it can be shown, written to the audit log and run later.
type Op interface {
	// Target is the object that it changes.
	Target() Ref
	// Verb is the capability it needs first.
	Verb() Verb
	// Title is what it does, in words: "power off".
	Title() string
}

// Spanned is implemented by operations that may take longer than SpanUsual. Span is
// after how long one is cancelled at the server.
type Spanned interface {
	Op
	Span() time.Duration
}

// How long operations may take.
const (
	SpanUsual  = 5 * time.Minute
	SpanMemory = 2 * time.Hour  // a snapshot with memory writes gigabytes
	SpanDisks  = 24 * time.Hour // what moves as much as the storage holds
)

// SpanOf is how long an operation may take.
func SpanOf(op Op) time.Duration {
	if s, ok := op.(Spanned); ok {
		return s.Span()
	}
	return SpanUsual
}

// Local is implemented by operations that go through this machine to their end, such as
// a download: without the console they can't go on. Others the server finishes.
type Local interface {
	Op
	Local()
}

// Ops lists one zero value of every operation: what a test has to cover, or a
// registry to offer.
func Ops() []Op {
	return slices.Concat(powerOps(), snapshotOps(), objectOps(), vmOps(), deviceOps(), poolOps(), volumeOps(), networkOps(), secretOps(), nodeOps(),
		placeOps(), hostOps(), fileOps(), ovfOps(), alarmOps())
}
