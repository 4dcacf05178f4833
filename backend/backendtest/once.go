package backendtest

import (
	"context"
	"errors"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
)

// Once is how a target is held to this: an operation whose answer is lost is sent once,
// comes back as lost, and its effect is found at the server.
type Once struct {
	// Target opens its connections over a line that asks Wire.
	Target
	Wire *Wire
	// Trace notes what is known before an operation, and gives what looks for its effect;
	// nil where nothing can be seen.
	Trace func(op backend.Op, was Known) func(context.Context, backend.Backend) bool
	// Cannot maps the types of operations ("VMMigrateOp") that can't be arranged here to
	// the reason. One that can after all fails a thorough test.
	Cannot map[string]string
	// Harmless are requests that are part of some operations and change nothing that
	// anybody would miss; an operation of these alone is tried with them.
	Harmless []string
	// Only names the types of operations to try; nil: all.
	Only []string
	// Ways to try; nil: AnswerLost and RequestLost, and for an operation of several
	// requests all but Silent.
	Ways []How
	// Thorough tries all but Silent on every operation, and whether what is listed in
	// Cannot really can't be arranged.
	Thorough bool
}

// Known is what is known of a server's objects: effect.Known.
type Known interface {
	Object(r backend.Ref) backend.Object
	Detail(r backend.Ref) *backend.Detail
	Children(k backend.Kind, parent backend.Ref) ([]backend.Object, time.Time)
}

// thoroughVar names the variable of the environment that makes every run thorough.
const thoroughVar = "HVDECK_ONCE_THOROUGH"

// RunOnce runs a subtest for each type of operation.
func RunOnce(t *testing.T, o Once) {
	t.Helper()
	o.Thorough = o.Thorough || os.Getenv(thoroughVar) != ""
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	for _, op := range backend.Ops() {
		name := reflect.TypeOf(op).Name()
		if o.Only != nil && !slices.Contains(o.Only, name) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			why, cannot := o.Cannot[name]
			if cannot && !o.Thorough {
				t.Logf("not arranged: %s", why)
				return
			}
			found := o.record(t, reflect.TypeOf(op))
			switch {
			case found == nil && !cannot:
				t.Fatalf("no case carries it out, and Cannot does not say why")
			case found == nil:
				t.Logf("not arranged: %s", why)
			case cannot:
				t.Fatalf("listed as not arranged (%q), but it is: take it off the list", why)
			default:
				o.breakAll(t, found)
			}
		})
	}
}

// deed is a call of Do in a case that succeeds over a good line.
type deed struct {
	one     testCase
	kind    reflect.Type
	nth     int      // among the calls of its type in the case, from 1
	changes []string // the requests that it makes of the server
	points  []int    // the first and the last of them that matter, from 1
}

// pointsOf are the first and the last request that matter.
func (o Once) pointsOf(changes []string) []int {
	harmless := func(name string) bool { return slices.Contains(o.Harmless, name) }
	var all []int
	for i, name := range changes {
		if !harmless(name) {
			all = append(all, i+1)
		}
	}
	if all == nil {
		return []int{1}
	}
	return slices.Compact([]int{all[0], all[len(all)-1]})
}

// record finds the first case in which an operation of this type succeeds and changes
// something; nil when there is none.
func (o Once) record(t *testing.T, kind reflect.Type) *deed {
	t.Helper()
	for _, one := range cases() {
		_, missing := o.Missing[one.name]
		if missing || len(one.ops) != 1 || reflect.TypeOf(one.ops[0]) != kind {
			continue
		}
		found := &deed{one: one, kind: kind}
		done := false
		o.play(t, one, func(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
			if reflect.TypeOf(op) != kind || done || isAside(ctx) {
				return b.Do(ctx, op, p)
			}
			found.nth++
			o.Wire.arm(Good, 0)
			result, err := b.Do(ctx, op, p)
			if sent, _ := o.Wire.heal(); err == nil && len(sent) > 0 {
				found.changes, found.points, done = sent, o.pointsOf(sent), true
				return result, errEnough
			}
			return result, err
		})
		if done {
			return found
		}
	}
	return nil
}

// errEnough ends a case that has shown what it had to.
var errEnough = &backend.Error{Doing: "go on with", Object: "the case", Message: "it has shown enough"}

type doing func(context.Context, backend.Backend, backend.Op, backend.Progress) (backend.Result, error)

// play runs a case whose operations are done by do. What the case says of them does not
// count: it only brings about what an operation needs, and takes it back.
func (o Once) play(t *testing.T, one testCase, do doing) (said string) {
	t.Helper()
	var mu sync.Mutex
	target := o.Target
	target.Open = func(t *testing.T) backend.Backend {
		open := func() backend.Backend { return o.Open(t) }
		one := func(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			return do(ctx, b, op, p)
		}
		return &sturdy{open: open, wire: o.Wire, do: one}
	}
	r := &run{Target: target, t: t}
	r.play(one)
	return r.failures()
}

// sturdy is a connection that is dialled anew after each time that the link has gone.
type sturdy struct {
	backend.Backend // nil: never asked
	open            func() backend.Backend
	wire            *Wire
	do              doing

	mu    sync.Mutex
	epoch int
	now   backend.Backend
}

func (s *sturdy) live() backend.Backend {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch := s.wire.times(); s.now == nil || epoch != s.epoch {
		if s.now != nil {
			_ = s.now.Close()
		}
		s.now, s.epoch = s.open(), epoch
	}
	return s.now
}

func (s *sturdy) Unwrap() backend.Backend { return s.live() }
func (s *sturdy) ID() backend.ConnID      { return s.live().ID() }
func (s *sturdy) About() backend.About    { return s.live().About() }
func (s *sturdy) Caps() backend.Caps      { return s.live().Caps() }
func (s *sturdy) List(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	return s.live().List(ctx, q, emit)
}
func (s *sturdy) Get(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	return s.live().Get(ctx, r)
}
func (s *sturdy) Stats(ctx context.Context, refs []backend.Ref) ([]backend.Sample, error) {
	return s.live().Stats(ctx, refs)
}
func (s *sturdy) Watch(ctx context.Context, emit func(backend.Delta)) error {
	return s.live().Watch(ctx, emit)
}
func (s *sturdy) Do(ctx context.Context, op backend.Op, p backend.Progress) (backend.Result, error) {
	return s.do(ctx, s.live(), op, p)
}
func (s *sturdy) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		return nil
	}
	return s.now.Close()
}

// breakAll breaks the link in every way, at the first and at the last request.
func (o Once) breakAll(t *testing.T, d *deed) {
	t.Logf("%s changes by: %s", d.one.name, strings.Join(d.changes, ", "))
	for _, how := range o.waysOf(d) {
		for _, at := range d.points {
			if t.Failed() {
				return // what failed may have left anything behind
			}
			o.breakAt(t, d, how, at)
		}
	}
}

func (o Once) waysOf(d *deed) []How {
	switch {
	case o.Ways != nil:
		return o.Ways
	case o.Thorough || len(d.points) > 1:
		return []How{AnswerLost, AnswerLostThere, RequestLost, RestLost}
	default:
		return []How{AnswerLost, RequestLost}
	}
}

// breakAt carries the operation out while the link breaks.
func (o Once) breakAt(t *testing.T, d *deed, how How, at int) {
	nth, tried := 0, false
	said := o.play(t, d.one, func(ctx context.Context, b backend.Backend, op backend.Op, p backend.Progress) (backend.Result, error) {
		if reflect.TypeOf(op) != d.kind || tried || isAside(ctx) {
			return b.Do(ctx, op, p)
		}
		if nth++; nth != d.nth {
			return b.Do(ctx, op, p)
		}
		tried = true
		began := time.Now()
		a := attempt{t: t, op: op, d: d, how: how, at: at, seen: o.Trace(op, live{b})}
		o.Wire.arm(how, at)
		_, a.err = b.Do(ctx, op, p)
		a.sent, a.reached = o.Wire.heal()
		a.judge()
		again := o.Open(t)
		defer func() { _ = again.Close() }()
		a.settle(again)
		t.Logf("%s at request %d took %s: %v", how, at, time.Since(began).Round(time.Millisecond), a.err)
		return backend.Result{}, errEnough
	})
	if !tried {
		t.Errorf("%s at request %d: the case did not come to the operation: %s", how, at, said)
	}
}

// attempt is one operation over a link that broke.
type attempt struct {
	t             *testing.T
	op            backend.Op
	d             *deed
	how           How
	at            int
	seen          func(context.Context, backend.Backend) bool
	err           error
	sent, reached []string
}

func (a attempt) errorf(format string, args ...any) {
	a.t.Helper()
	a.t.Errorf("%s, %s at request %d (%s): "+format, append([]any{a.d.one.name, a.how, a.at, a.d.changes[a.at-1]}, args...)...)
}

// judge holds what was sent and what came back to the promise.
func (a attempt) judge() {
	a.t.Helper()
	sent, reached := a.at, a.at
	if a.how == RequestLost {
		reached--
	}
	if !a.sentOnce(sent) {
		a.errorf("the driver sent %v, want %v", a.sent, a.d.changes[:sent])
	}
	if !slices.Equal(a.reached, a.d.changes[:reached]) && !isLocal(a.op) {
		a.errorf("the server got %v, want %v", a.reached, a.d.changes[:reached])
	}
	var e *backend.Error
	switch class := backend.ClassOf(a.err); {
	case a.err == nil && a.how == RestLost && a.at == a.d.points[len(a.d.points)-1]: // the answer was all
	case a.err == nil:
		a.errorf("said that it was done")
	case !errors.As(a.err, &e):
		a.errorf("the error is a %T", a.err)
	case class == backend.ClassUnreachable && a.how == RestLost && !a.wentOn():
		a.t.Logf("part of it was done, and it did not go on: %v", a.err)
	case class == backend.ClassUnreachable && isLocal(a.op): // what it writes can be written again
	case class != backend.ClassLost:
		a.errorf("the error is %q, want %q: %v", class, backend.ClassLost, a.err)
	}
}

// sentOnce: nothing was sent again. One more may be the next request, which was on its
// way when the link broke, or one that takes back what will not be finished: the way of
// what goes through this machine, and of what was not sent to its end.
func (a attempt) sentOnce(want int) bool {
	if len(a.sent) == want+1 && (a.how == RestLost || isLocal(a.op)) {
		more := a.sent[want]
		return slices.Equal(a.sent[:want], a.d.changes[:want]) && (a.wentOn() || strings.HasSuffix(more, "DELETE") || strings.HasPrefix(more, "Delete"))
	}
	return slices.Equal(a.sent, a.d.changes[:want])
}

// wentOn: the next request was sent, into nothing.
func (a attempt) wentOn() bool {
	return len(a.sent) == a.at+1 && a.at < len(a.d.changes) && a.sent[a.at] == a.d.changes[a.at]
}

func isLocal(op backend.Op) bool {
	_, is := op.(backend.Local)
	return is
}

// guestDecides is for what a server passes on: whether it has any effect nobody knows.
func guestDecides(op backend.Op) bool {
	switch op.(type) {
	case backend.ShutdownOp, backend.RebootOp, backend.StandbyOp:
		return true
	default:
		return false
	}
}

// settle looks for the effect as a task does whose answer was lost.
func (a attempt) settle(b backend.Backend) {
	a.t.Helper()
	if a.seen == nil || guestDecides(a.op) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settles)
	defer cancel()
	switch {
	case a.how == RequestLost && a.at == a.d.points[0]:
		if a.seen(ctx, b) {
			a.errorf("its effect is seen, and it was never done")
		}
	case a.at == a.d.points[len(a.d.points)-1] && a.how != RequestLost:
		for !a.seen(ctx, b) {
			if ctx.Err() != nil {
				a.errorf("its effect is not seen")
				return
			}
			time.Sleep(poll)
		}
	}
}

// settles is how long an effect may take to show.
const settles = 10 * time.Second

// live is what a server tells at once: what a store would know.
type live struct{ b backend.Backend }

func (l live) Object(r backend.Ref) backend.Object {
	q := backend.Query{Kind: r.Kind, Refs: []backend.Ref{r}}
	switch r.Kind {
	case backend.KindSnapshot:
		return l.snapshot(r)
	case backend.KindVolume:
		pool, _, _ := strings.Cut(r.ID, "/")
		q.Parent = backend.Ref{Conn: r.Conn, Kind: backend.KindPool, ID: pool}
	default:
	}
	all, _ := l.list(q)
	i := slices.IndexFunc(all, func(o backend.Object) bool { return o.Ref() == r })
	if i < 0 {
		return nil
	}
	return all[i]
}

// snapshot looks through all VMs: not every reference of a snapshot says which it is of.
func (l live) snapshot(r backend.Ref) backend.Object {
	vms, _ := l.list(backend.Query{Kind: backend.KindVM})
	for _, vm := range vms {
		all, _ := l.list(backend.Query{Kind: r.Kind, Parent: vm.Ref()})
		if i := slices.IndexFunc(all, func(o backend.Object) bool { return o.Ref() == r }); i >= 0 {
			return all[i]
		}
	}
	return nil
}

func (l live) list(q backend.Query) ([]backend.Object, error) {
	ctx, cancel := context.WithTimeout(context.Background(), settles)
	defer cancel()
	var all []backend.Object
	err := l.b.List(ctx, q, func(page []backend.Object) { all = append(all, page...) })
	return all, err
}

func (l live) Detail(r backend.Ref) *backend.Detail {
	ctx, cancel := context.WithTimeout(context.Background(), settles)
	defer cancel()
	d, err := l.b.Get(ctx, r)
	if err != nil {
		return nil
	}
	return d
}

func (l live) Children(k backend.Kind, parent backend.Ref) ([]backend.Object, time.Time) {
	if parent.ID == "" {
		parent = backend.Ref{} // all of the connection
	}
	all, err := l.list(backend.Query{Kind: k, Parent: parent})
	if err != nil {
		return nil, time.Time{}
	}
	return all, time.Now()
}
