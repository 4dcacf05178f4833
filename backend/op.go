package backend

import "slices"

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

// Ops lists one zero value of every operation: what a test has to cover, or a
// registry to offer.
func Ops() []Op {
	return slices.Concat(powerOps(), snapshotOps(), objectOps(), vmOps(), deviceOps(), poolOps(), volumeOps(), networkOps(), secretOps(), nodeOps())
}
