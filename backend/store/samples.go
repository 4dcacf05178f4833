package store

import (
	"slices"
	"time"

	"hvdeck/backend"
)

// HistoryLen is how many samples of a VM or host are kept, at one per poll.
const HistoryLen = 60

// NodeHistoryLen is how many samples of a node under watch are kept.
const NodeHistoryLen = 240

// series is the history of one object; float32 keeps 10,000 of them small.
type series struct {
	last backend.Sample
	seen time.Time // when it came, by our own clock
	cpu  ring[float32]
	mem  ring[float32]
}

type ring[T any] struct {
	buf  []T
	next int
	max  int
}

func (r *ring[T]) add(v T) {
	if len(r.buf) < r.max {
		r.buf = append(r.buf, v)
		return
	}
	r.buf[r.next] = v
	r.next = (r.next + 1) % r.max
}

// each calls f from the oldest to the newest.
func (r *ring[T]) each(f func(T)) {
	for i := range r.buf {
		f(r.buf[(r.next+i)%len(r.buf)])
	}
}

// samplesAtOnce are taken in under one lock: a screen that reads waits no longer.
const samplesAtOnce = 500

// PutSamples takes in load figures.
func (s *Store) PutSamples(samples []backend.Sample) {
	moved := false
	now := s.now()
	for some := range slices.Chunk(samples, samplesAtOnce) {
		moved = s.putSome(some, now) || moved
	}
	if moved {
		s.Bump(TopicSamples)
	}
}

// putSome says whether anything that can be seen has moved.
func (s *Store) putSome(samples []backend.Sample, now time.Time) (moved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sm := range samples {
		se := s.series[sm.Ref]
		if se == nil {
			se = &series{cpu: ring[float32]{max: HistoryLen}, mem: ring[float32]{max: HistoryLen}}
			s.series[sm.Ref] = se
		}
		moved = moved || !sameLoad(se.last, sm) || len(se.cpu.buf) < HistoryLen
		se.last, se.seen = sm, now
		se.cpu.add(float32(sm.CPU))
		se.mem.add(float32(sm.MemUsed / sm.MemTotal * 100))
	}
	return moved
}

func sameLoad(a, b backend.Sample) bool {
	return same(a.CPU, b.CPU) && same(a.MemUsed, b.MemUsed) && same(a.DiskRead, b.DiskRead) &&
		same(a.DiskWrite, b.DiskWrite) && same(a.NetIn, b.NetIn) && same(a.NetOut, b.NetOut)
}

func same(a, b float64) bool { return a == b || (a != a && b != b) }

// Sample gives the last load figures of an object.
func (s *Store) Sample(r backend.Ref) (backend.Sample, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if se := s.series[r]; se != nil {
		return se.last, true
	}
	return backend.Sample{}, false
}

// History gives CPU and memory in percent, oldest first; NaN where unknown.
func (s *Store) History(r backend.Ref) (cpu, mem []float64) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	se := s.series[r]
	if se == nil {
		return nil, nil
	}
	se.cpu.each(func(v float32) { cpu = append(cpu, float64(v)) })
	se.mem.each(func(v float32) { mem = append(mem, float64(v)) })
	return cpu, mem
}

// DropSamples forgets the load of objects of which nothing came since a time: they
// stopped running, and an old figure must not look live.
func (s *Store) DropSamples(conn backend.ConnID, kind backend.Kind, before time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for r, se := range s.series {
		if r.Conn == conn && r.Kind == kind && se.seen.Before(before) {
			delete(s.series, r)
			s.bump(TopicSamples)
		}
	}
}

// node is the history of a node under watch.
type node struct {
	last  *backend.NodeSample
	total ring[backend.CPUShare]
	mem   ring[float64]
	cpus  []ring[float32]
	cells []ring[float32]
}

// NodeView is what the node monitor draws. Histories are percent, oldest first.
type NodeView struct {
	Last   backend.NodeSample
	User   []float64
	System []float64
	IOWait []float64
	Mem    []float64
	CPUs   [][]float64
	Cells  [][]float64
}

// PutNode takes in a node sample.
func (s *Store) PutNode(n *backend.NodeSample) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.nodes[n.Ref]
	if h == nil || len(h.cpus) != len(n.CPUs) || len(h.cells) != len(n.Cells) {
		h = newNode(n)
		s.nodes[n.Ref] = h
	}
	h.last = n
	h.total.add(n.Total)
	h.mem.add(n.Mem.Used() / n.Mem.Total * 100)
	for i, c := range n.CPUs {
		h.cpus[i].add(float32(c.Busy()))
	}
	for i, c := range n.Cells {
		h.cells[i].add(float32(c.Used() / c.Total * 100))
	}
	s.bump(TopicSamples)
}

func newNode(n *backend.NodeSample) *node {
	h := &node{total: ring[backend.CPUShare]{max: NodeHistoryLen}, mem: ring[float64]{max: NodeHistoryLen}}
	for range n.CPUs {
		h.cpus = append(h.cpus, ring[float32]{max: NodeHistoryLen})
	}
	for range n.Cells {
		h.cells = append(h.cells, ring[float32]{max: NodeHistoryLen})
	}
	return h
}

// Node gives the history of a node; false when it was never watched.
func (s *Store) Node(r backend.Ref) (NodeView, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	h := s.nodes[r]
	if h == nil {
		return NodeView{}, false
	}
	v := NodeView{Last: *h.last}
	h.total.each(func(c backend.CPUShare) {
		v.User = append(v.User, c.User)
		v.System = append(v.System, c.System)
		v.IOWait = append(v.IOWait, c.IOWait)
	})
	h.mem.each(func(m float64) { v.Mem = append(v.Mem, m) })
	v.CPUs = histories(h.cpus)
	v.Cells = histories(h.cells)
	return v, true
}

func histories(rs []ring[float32]) [][]float64 {
	out := make([][]float64, len(rs))
	for i := range rs {
		rs[i].each(func(f float32) { out[i] = append(out[i], float64(f)) })
	}
	return out
}
