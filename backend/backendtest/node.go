package backendtest

import (
	"time"

	"hvdeck/backend"
)

func nodeCases() []testCase {
	return []testCase{
		{name: "host/tune", ops: []backend.Op{backend.NodeTuneOp{}}, run: hostTune},
		{name: "host/suspend-refused", ops: []backend.Op{backend.NodeSuspendOp{}}, run: hostSuspendRefused},
	}
}

func (r *run) sharing(host backend.Ref) backend.MemorySharing {
	d := r.detail(host)
	if d.Host == nil || d.Host.Sharing == nil {
		r.fatalf("the host does not say how it shares memory pages")
	}
	return *d.Host.Sharing
}

// hostTune changes one value, which must leave the others, and puts it back.
func hostTune(r *run) {
	r.needs(backend.VerbNodeTune)
	host := r.hostRef()
	was := r.sharing(host)
	set := func(pages uint64) {
		r.do(backend.NodeTuneOp{Host: host, PagesToScan: int64(pages), SleepMillis: -1, MergeAcross: -1})
	}
	r.later(func() { set(was.PagesToScan) })
	set(was.PagesToScan + 1)
	now := r.sharing(host)
	if now.PagesToScan != was.PagesToScan+1 || now.SleepMillis != was.SleepMillis || now.MergeAcross != was.MergeAcross {
		r.errorf("from %+v, one page more made %+v", was, now)
	}
	r.refused(backend.NodeTuneOp{Host: host, PagesToScan: -1, SleepMillis: -1, MergeAcross: 7}, backend.ClassInvalid)
}

// hostSuspendRefused never puts a host to sleep.
func hostSuspendRefused(r *run) {
	r.needs(backend.VerbNodeSuspend)
	host := r.hostRef()
	r.refused(backend.NodeSuspendOp{Host: host, To: "mem", For: backend.MinNodeSuspend - time.Second}, backend.ClassInvalid)
	r.refused(backend.NodeSuspendOp{Host: host, To: "nowhere", For: backend.MinNodeSuspend}, backend.ClassInvalid)
}
