package backend

import (
	"context"
	"time"
)

// What a server remembers, found by As.

// EventReader is implemented by backends that keep events.
type EventReader interface {
	// EventsOf are the last events about an object and what is in it, at most max, the
	// newest first.
	EventsOf(ctx context.Context, r Ref, max int) ([]Event, error)
}

// Historian is implemented by backends that keep past loads. Source:
// PerformanceManager.QueryPerf.
type Historian interface {
	// Spans are those that the server keeps of this object, the shortest first; it makes
	// no call.
	Spans(r Ref) []HistorySpan
	// History fetches one of them.
	History(ctx context.Context, r Ref, span HistorySpan) (*History, error)
}

// HistorySpan is a way in which past loads are kept: a mean for each Step, as far back
// as Back.
type HistorySpan struct {
	Name string // "last hour"
	Step time.Duration
	Back time.Duration
}

// History is the past load of an object.
type History struct {
	Ref    Ref
	At     time.Time // when it was asked for
	Span   HistorySpan
	Series []Series
}

// Series is one figure over time, oldest first. The value at i is the mean of the Step
// that ends at Begin + (i+1)*Step; NaN where the server has none.
type Series struct {
	Name   string // "CPU", "Disk read"
	Unit   string // "%", "B", "B/s", "ms"
	Begin  time.Time
	Values []float64
}
