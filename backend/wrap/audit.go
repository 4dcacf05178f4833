package wrap

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hvdeck/backend"
)

// Audit records every operation in log, at its start and at its end. name tells how
// the operator knows an object, "" when nobody does; it must not block. The record
// never delays or fails an operation.
func Audit(b backend.Backend, log *Log, name func(backend.Ref) string) backend.Backend {
	a := audit{b, log, name}
	if d, ok := backend.As[backend.Definer](b); ok {
		return defining{a, d}
	}
	return a
}

type audit struct {
	backend.Backend
	log  *Log
	name func(backend.Ref) string
}

// Unwrap implements backend.Unwrapper.
func (a audit) Unwrap() backend.Backend { return a.Backend }

// Do implements backend.Backend.
func (a audit) Do(ctx context.Context, op backend.Op, p backend.Progress) (result backend.Result, err error) {
	began := a.log.now()
	rec := Record{
		ID: a.log.nextID(), Time: began, Conn: string(a.ID()), Object: a.name(op.Target()),
		Ref: refWords(op.Target()), Operation: op.Title(), Args: arguments(op, a.name), Result: resultStarted,
	}
	a.log.write(rec)
	if p.Recorded != nil {
		p.Recorded(a.settled(rec, began))
	}
	defer func() {
		rec.Time = a.log.now()
		rec.Seconds = rec.Time.Sub(began).Round(time.Millisecond).Seconds()
		if v := recover(); v != nil {
			rec.Result, rec.Error = "error", fmt.Sprintf("internal error: %v", v)
			a.log.write(rec)
			panic(v)
		}
		rec.Result, rec.Error, rec.Created = resultWord(err), "", refWords(result.Created)
		if err != nil {
			rec.Error = err.Error()
		}
		a.log.write(rec)
	}()
	return a.Backend.Do(ctx, op, p)
}

// settled adds a line to a record when it is found out how an operation ended whose
// answer was lost.
func (a audit) settled(rec Record, began time.Time) func(result, how string) {
	return func(result, how string) {
		last := rec
		last.Time = a.log.now()
		last.Seconds = last.Time.Sub(began).Round(time.Millisecond).Seconds()
		last.Result, last.Settled = result, how
		a.log.write(last)
	}
}

// Results that are no outcome of an operation.
const (
	resultStarted = "started"
	resultUnknown = "unknown"
	resultGap     = "gap"
)

func resultWord(err error) string {
	if err == nil {
		return "success"
	}
	switch backend.ClassOf(err) {
	case backend.ClassCancelled:
		return "cancelled"
	case backend.ClassDenied:
		return "denied"
	case backend.ClassLost:
		return resultUnknown
	default:
		return "error"
	}
}

func refWords(r backend.Ref) string {
	if r.IsZero() {
		return ""
	}
	return strings.ReplaceAll(r.Kind.String(), " ", "-") + "/" + r.ID
}
