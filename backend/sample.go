package backend

import (
	"math"
	"time"
)

// Sample is the load of a VM or host at one moment. Rates are means since the
// sample before. Unknown figures are NaN (see Unknown), never zero.
type Sample struct {
	Ref Ref
	At  time.Time
	// CPU is the share of the object's own CPUs in use, 0 to 100.
	CPU float64
	// MemUsed and MemTotal are bytes; NaN unknown. For a VM: what it takes of
	// the host (libvirt: balloon less unused where the guest says, else rss).
	MemUsed, MemTotal float64
	// Bytes a second.
	DiskRead, DiskWrite, NetIn, NetOut float64
}

// Unknown marks a figure that the hypervisor did not give.
func Unknown() float64 { return math.NaN() }

// Known reports whether the figure was given.
func Known(v float64) bool { return !math.IsNaN(v) }

// CPUShare is how a CPU spent its time since the sample before, in percent; the
// four add up to 100. Unknown parts are NaN.
type CPUShare struct {
	ID                         int
	User, System, IOWait, Idle float64
}

// Busy is everything but idle, 0 to 100.
func (c CPUShare) Busy() float64 {
	if Known(c.Idle) {
		return 100 - c.Idle
	}
	return c.User
}

// MemShare is a node's or a NUMA cell's memory, bytes; NaN where unknown.
type MemShare struct {
	ID                           int
	Total, Free, Buffers, Cached float64
}

// Used is total less free, buffers and cached.
func (m MemShare) Used() float64 {
	used := m.Total - m.Free
	if Known(m.Buffers) {
		used -= m.Buffers
	}
	if Known(m.Cached) {
		used -= m.Cached
	}
	return used
}

// NodeSample is the load of a host by CPU and by NUMA cell (N1, N2).
type NodeSample struct {
	Ref   Ref
	At    time.Time
	Total CPUShare
	CPUs  []CPUShare // empty when the server gives only the total
	Mem   MemShare
	Cells []MemShare // empty when the server gives only the total
}
