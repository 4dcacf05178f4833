// Package guard starts goroutines that cannot take the console down: a panic in
// one of ours, outside the event loop, would leave the terminal raw.
package guard

import (
	"fmt"
	"runtime/debug"
)

// PanicError is a recovered panic.
type PanicError struct {
	Name  string // of the goroutine
	Value any
	Stack []byte
}

// Error is one line; the stack is for the program log.
func (e *PanicError) Error() string { return fmt.Sprintf("internal error in %s: %v", e.Name, e.Value) }

// Go runs fn in a goroutine. If fn panics, report gets a *PanicError; report may be
// nil, must not panic, and is not called otherwise.
func Go(name string, report func(error), fn func()) {
	go func() {
		defer Recover(name, report)
		fn()
	}()
}

// Recover is to be deferred where a goroutine is started by someone else.
func Recover(name string, report func(error)) {
	v := recover()
	if v == nil || report == nil {
		return
	}
	report(&PanicError{Name: name, Value: v, Stack: debug.Stack()})
}
