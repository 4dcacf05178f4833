package backend

import "time"

// MinNodeSuspend is the shortest sleep that the server takes. Source:
// virNodeSuspendForDuration.
const MinNodeSuspend = time.Minute

// NodeTuneOp sets how the host shares equal memory pages (KSM). Negative numbers leave
// a value as it is. Source: virNodeSetMemoryParameters.
type NodeTuneOp struct {
	Host        Ref
	PagesToScan int64 // at each wake-up
	SleepMillis int64 // between wake-ups
	MergeAcross int64 // 1: across NUMA nodes, 0: within each
}

// NodeSuspendOp puts the host to sleep with everything on it. Source:
// virNodeSuspendForDuration.
type NodeSuspendOp struct {
	Host Ref
	// To is "mem", "disk" or "hybrid" (both).
	To string
	// For is after how long it wakes by itself; at least MinNodeSuspend.
	For time.Duration
}

// Target implements Op.
func (o NodeTuneOp) Target() Ref    { return o.Host }
func (o NodeSuspendOp) Target() Ref { return o.Host }

// Verb implements Op.
func (o NodeTuneOp) Verb() Verb    { return VerbNodeTune }
func (o NodeSuspendOp) Verb() Verb { return VerbNodeSuspend }

// Title implements Op.
func (o NodeTuneOp) Title() string    { return "tune memory sharing" }
func (o NodeSuspendOp) Title() string { return "suspend host" }

func nodeOps() []Op { return []Op{NodeTuneOp{}, NodeSuspendOp{}} }
