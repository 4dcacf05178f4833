package backend

import (
	"context"
	"errors"
	"fmt"
)

// Class is what an error means to the operator; it decides the remedy shown and
// whether a connection is redialled.
type Class uint8

// The classes.
const (
	ClassOther       Class = iota
	ClassNotFound          // the object is gone
	ClassBusy              // locked by another operation; may be tried again
	ClassDenied            // not allowed: credentials, permissions, read-only
	ClassUnreachable       // no answer: network, daemon, deadline
	ClassUnsupported       // the endpoint can't do this at all
	ClassConflict          // the object's state or a duplicate forbids it
	ClassInvalid           // the request is wrong: name, XML, value
	ClassCancelled         // the operator cancelled it
	ClassUntrusted         // the server's identity is unknown or has changed
	ClassLost              // the request went out, the answer did not come: outcome unknown
)

var classNames = [...]string{
	"failed", "not found", "busy", "denied", "unreachable", "not supported",
	"conflict", "invalid", "cancelled", "not trusted", "outcome unknown",
}

func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "failed"
}

// Error is the one error type that leaves a driver. It says what was being done to
// which object, and keeps the server's own words in full.
type Error struct {
	Class  Class
	Doing  string // "create snapshot of", "connect to"
	Object string // name of the object; may be empty
	// Code is the server's own: "67", "InvalidPowerState".
	Code string
	// Message is the server's, complete.
	Message string
	// Remedy is what to do, when the driver knows better than the class does.
	Remedy string
	Err    error
}

// Error is one line: "create snapshot of web-01: domain moment base already exists".
func (e *Error) Error() string {
	what := e.Doing
	if e.Object != "" {
		what += " " + e.Object
	}
	msg := e.Message
	if msg == "" && e.Err != nil {
		msg = e.Err.Error()
	}
	if msg == "" {
		msg = e.Class.String()
	}
	if what == "" {
		return msg
	}
	return what + ": " + msg
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// ErrNoWatch is returned by Watch when the endpoint has no change feed; polling
// takes over.
var ErrNoWatch = errors.New("the server has no change feed")

// ClassOf classifies any error; context errors are Cancelled and Unreachable.
func ClassOf(err error) Class {
	var e *Error
	switch {
	case err == nil:
		return ClassOther
	case errors.As(err, &e):
		return e.Class
	case errors.Is(err, context.Canceled):
		return ClassCancelled
	case errors.Is(err, context.DeadlineExceeded):
		return ClassUnreachable
	default:
		return ClassOther
	}
}

// Refuse is an Error for what is refused before any server is asked.
func Refuse(class Class, doing, object, format string, args ...any) *Error {
	return &Error{Class: class, Doing: doing, Object: object, Message: fmt.Sprintf(format, args...)}
}
