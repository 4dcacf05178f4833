// Package wrap holds layers around a Backend: one that refuses every operation, and
// one that records every operation.
//
// It promises that a layer changes nothing else: what it does not mention is passed
// through, and backend.As finds what the inner Backend can do. Put the record
// outermost, so that refusals are recorded too:
//
//	b = wrap.Audit(wrap.ReadOnly(b), log, names)
package wrap
