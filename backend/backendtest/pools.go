package backendtest

import "hvdeck/backend"

func poolCases() []testCase {
	return []testCase{
		{name: "pool/new", ops: []backend.Op{backend.PoolNewOp{}}, run: poolNew},
		{name: "pool/new-refused", ops: []backend.Op{backend.PoolNewOp{}}, run: poolNewRefused},
		{name: "pool/quotes", ops: []backend.Op{backend.PoolNewOp{}}, run: poolQuotes},
		{name: "pool/start", ops: []backend.Op{backend.StartOp{}}, run: poolStart},
		{name: "pool/stop", ops: []backend.Op{backend.StopOp{}}, run: poolStop},
		{name: "pool/autostart", ops: []backend.Op{backend.AutostartOp{}}, run: poolAutostart},
		{name: "pool/undefine", ops: []backend.Op{backend.UndefineOp{}}, run: poolUndefine},
		{name: "pool/build", ops: []backend.Op{backend.PoolBuildOp{}}, run: poolBuild},
		{name: "pool/refresh", ops: []backend.Op{backend.PoolRefreshOp{}}, run: poolRefresh},
		{name: "pool/watched", run: poolWatched},
		{name: "pool/delete", ops: []backend.Op{backend.PoolDeleteOp{}}, run: poolDelete},
	}
}

func (r *run) poolState(ref backend.Ref) backend.PoolState {
	return byRef[*backend.Pool](r, ref, backend.Ref{}).State
}

func (r *run) poolIs(ref backend.Ref, want backend.PoolState) {
	if got := r.poolState(ref); got != want {
		r.errorf("the pool is %s, want %s", got, want)
	}
}

func poolNew(r *run) {
	op := r.dirPool(prefix + "pool")
	op.Build, op.Start, op.Autostart = true, true, true
	p := byRef[*backend.Pool](r, r.makePool(op), backend.Ref{})
	if p.State != backend.PoolRunning || p.Type != "dir" || p.Path != op.Path || !p.Persistent || !p.Autostart {
		r.errorf("the new pool is %+v", p)
	}
	r.refused(op, backend.ClassConflict)
	r.poolIs(p.ID, backend.PoolRunning)
}

func poolNewRefused(r *run) {
	op := r.dirPool(prefix + "pool")
	r.needs(op.Verb())
	before := len(r.seen(backend.KindPool, backend.Ref{}))
	for _, name := range badNames() {
		bad := op
		bad.Name = name
		r.refused(bad, backend.ClassInvalid)
	}
	bad := op
	bad.Type = "nonsense"
	r.refused(bad, backend.ClassInvalid, backend.ClassUnsupported)
	bad = op
	bad.Path = ""
	r.refused(bad, backend.ClassInvalid)
	if after := len(r.seen(backend.KindPool, backend.Ref{})); after != before {
		r.errorf("refused pools left %d behind", after-before)
	}
}

// poolQuotes makes a pool whose name is full of what XML has to escape, unless the
// server refuses it.
func poolQuotes(r *run) {
	op := r.dirPool(prefix + "quotes")
	op.Name = quotes
	r.needs(op.Verb())
	r.later(func() { r.dropPool(op.Name) })
	result, err := r.try(op)
	if err != nil {
		r.class("create a pool with quotes in its name", err, backend.ClassInvalid)
		r.absent(backend.KindPool, backend.Ref{}, op.Name)
		return
	}
	if p := byRef[*backend.Pool](r, result.Created, backend.Ref{}); p.Name != op.Name || p.Path != op.Path {
		r.errorf("made pool %q in %q, want %q in %q", p.Name, p.Path, op.Name, op.Path)
	}
}

func poolStart(r *run) {
	op := r.dirPool(prefix + "pool")
	op.Build = true
	p := r.makePool(op)
	r.poolIs(p, backend.PoolInactive)
	r.do(backend.StartOp{Object: p})
	r.poolIs(p, backend.PoolRunning)
	r.refused(backend.StartOp{Object: p}, backend.ClassConflict)
}

func poolStop(r *run) {
	p := r.pool()
	v := r.rawVolume(p, "kept", mib)
	r.do(backend.StopOp{Object: p})
	r.poolIs(p, backend.PoolInactive)
	r.idle(backend.StopOp{Object: p})
	r.do(backend.StartOp{Object: p})
	byRef[*backend.Volume](r, v.ID, p)
}

func poolAutostart(r *run) {
	p := r.pool()
	for _, on := range []bool{true, false} {
		r.do(backend.AutostartOp{Object: p, On: on})
		if got := byRef[*backend.Pool](r, p, backend.Ref{}).Autostart; got != on {
			r.errorf("autostart is %v, want %v", got, on)
		}
	}
}

func poolUndefine(r *run) {
	p := r.pool()
	r.refused(backend.UndefineOp{Object: p}, backend.ClassConflict)
	r.poolIs(p, backend.PoolRunning)
	r.do(backend.StopOp{Object: p})
	// Its directory is of no more use, and nothing could delete it afterwards.
	r.quietly(backend.PoolDeleteOp{Pool: p})
	r.do(backend.UndefineOp{Object: p})
	r.absent(backend.KindPool, backend.Ref{}, prefix+"pool")
	r.refused(backend.UndefineOp{Object: p}, backend.ClassNotFound)
}

func poolBuild(r *run) {
	r.needs(backend.VerbPoolBuild)
	p := r.makePool(r.dirPool(prefix + "pool"))
	r.do(backend.PoolBuildOp{Pool: p})
	r.do(backend.StartOp{Object: p})
	r.poolIs(p, backend.PoolRunning)
}

func poolRefresh(r *run) {
	r.needs(backend.VerbPoolRefresh)
	p := r.pool()
	r.do(backend.PoolRefreshOp{Pool: p})
	r.poolIs(p, backend.PoolRunning)
	r.do(backend.StopOp{Object: p})
	r.refused(backend.PoolRefreshOp{Pool: p}, backend.ClassConflict)
}

func poolDelete(r *run) {
	r.needs(backend.VerbPoolDelete)
	p := r.pool()
	r.refused(backend.PoolDeleteOp{Pool: p}, backend.ClassConflict)
	r.poolIs(p, backend.PoolRunning)
	r.do(backend.StopOp{Object: p})
	r.do(backend.PoolDeleteOp{Pool: p})
	r.poolIs(p, backend.PoolInactive)
}

func poolWatched(r *run) {
	op := r.dirPool(prefix + "pool")
	r.dropPool(op.Name)
	w := r.onlooker()
	p := r.makePool(op)
	r.await("the watcher sees the new pool", func() bool { return w.has(p) })
	r.dropPool(op.Name)
	r.await("the watcher sees that the pool is gone", func() bool { return !w.has(p) })
}
