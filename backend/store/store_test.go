package store_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

func ref(k backend.Kind, id string) backend.Ref { return backend.Ref{Conn: "c", Kind: k, ID: id} }

func vm(id, name string) *backend.VM {
	return &backend.VM{Meta: backend.Meta{ID: ref(backend.KindVM, id), Name: name}}
}

func snapshot(vm, name string) *backend.Snapshot {
	return &backend.Snapshot{Meta: backend.Meta{ID: ref(backend.KindSnapshot, vm+"/"+name), Name: name, Parent: ref(backend.KindVM, vm)}}
}

func vmQuery(refs ...backend.Ref) backend.Query {
	return backend.Query{Kind: backend.KindVM, Refs: refs}
}

func names(s *store.Store) string {
	var out []string
	for _, id := range []string{"1", "2", "3", "4"} {
		if o := s.Object(ref(backend.KindVM, id)); o != nil {
			out = append(out, o.Title())
		}
	}
	return strings.Join(out, " ")
}

func TestDeltas(t *testing.T) {
	replace := func(q backend.Query, o ...backend.Object) backend.Delta { return backend.Replace{Query: q, Objects: o} }
	for name, tt := range map[string]struct {
		deltas []backend.Delta
		want   string
	}{
		"replace":               {[]backend.Delta{replace(vmQuery(), vm("1", "a"), vm("2", "b"))}, "a b"},
		"replace again":         {[]backend.Delta{replace(vmQuery(), vm("1", "a"), vm("2", "b")), replace(vmQuery(), vm("2", "B"))}, "B"},
		"replace by refs":       {[]backend.Delta{replace(vmQuery(), vm("1", "a"), vm("2", "b")), replace(vmQuery(ref(backend.KindVM, "1")), vm("1", "A"))}, "A b"},
		"a ref that is gone":    {[]backend.Delta{replace(vmQuery(), vm("1", "a"), vm("2", "b")), replace(vmQuery(ref(backend.KindVM, "1")))}, "b"},
		"upsert":                {[]backend.Delta{replace(vmQuery(), vm("1", "a")), backend.Upsert{Objects: []backend.Object{vm("1", "A"), vm("2", "b")}}}, "A b"},
		"remove":                {[]backend.Delta{replace(vmQuery(), vm("1", "a"), vm("2", "b")), backend.Remove{Refs: []backend.Ref{ref(backend.KindVM, "1"), ref(backend.KindVM, "9")}}}, "b"},
		"sync sweeps":           {[]backend.Delta{replace(vmQuery(), vm("1", "a"), vm("2", "b")), backend.Syncing{Kinds: []backend.Kind{backend.KindVM}}, backend.Upsert{Objects: []backend.Object{vm("2", "b"), vm("3", "c")}}, backend.Synced{Kinds: []backend.Kind{backend.KindVM}}}, "b c"},
		"no sweep while synced": {[]backend.Delta{replace(vmQuery(), vm("1", "a")), backend.Syncing{Kinds: []backend.Kind{backend.KindVM}}, backend.Upsert{Objects: []backend.Object{vm("2", "b")}}}, "a b"},
		"empty":                 {[]backend.Delta{replace(vmQuery(), vm("1", "a")), replace(vmQuery())}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := store.New(time.Now)
			for _, d := range tt.deltas {
				s.Apply("c", d)
			}
			if got := names(s); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
			if n := len(strings.Fields(tt.want)); s.Count(backend.KindVM) != n || len(s.All(backend.KindVM)) != n {
				t.Errorf("count %d, all %d", s.Count(backend.KindVM), len(s.All(backend.KindVM)))
			}
		})
	}
}

func TestConnectionsDoNotTouchEachOther(t *testing.T) {
	s := store.New(time.Now)
	other := vm("1", "other")
	other.ID.Conn = "d"
	s.Apply("c", backend.Replace{Query: vmQuery(), Objects: []backend.Object{vm("1", "a")}})
	s.Apply("d", backend.Replace{Query: vmQuery(), Objects: []backend.Object{other}})
	s.Apply("c", backend.Replace{Query: vmQuery()})
	if s.Count(backend.KindVM) != 1 || s.Object(other.ID) == nil {
		t.Error("an empty list of one connection took another's objects")
	}
}

func TestChildrenGoWithTheirParent(t *testing.T) {
	s := store.New(time.Now)
	s.Apply("c", backend.Replace{Query: vmQuery(), Objects: []backend.Object{vm("1", "a"), vm("2", "b")}})
	for _, id := range []string{"1", "2"} {
		q := backend.Query{Kind: backend.KindSnapshot, Parent: ref(backend.KindVM, id)}
		s.Apply("c", backend.Replace{Query: q, Objects: []backend.Object{snapshot(id, "base")}})
	}
	s.PutDetail(&backend.Detail{Ref: ref(backend.KindVM, "1")})
	s.PutSamples([]backend.Sample{{Ref: ref(backend.KindVM, "1"), CPU: 5}})
	before := s.Revs()[store.Of(backend.KindSnapshot)]
	s.Apply("c", backend.Remove{Refs: []backend.Ref{ref(backend.KindVM, "1")}})
	if kids, at := s.Children(backend.KindSnapshot, ref(backend.KindVM, "1")); len(kids) != 0 || !at.IsZero() {
		t.Errorf("the snapshots of a VM that is gone: %v at %v", kids, at)
	}
	if kids, at := s.Children(backend.KindSnapshot, ref(backend.KindVM, "2")); len(kids) != 1 || at.IsZero() {
		t.Errorf("the snapshots of another: %v at %v", kids, at)
	}
	if s.Detail(ref(backend.KindVM, "1")) != nil {
		t.Error("its details are left")
	}
	if _, ok := s.Sample(ref(backend.KindVM, "1")); ok {
		t.Error("its load is left")
	}
	if s.Revs()[store.Of(backend.KindSnapshot)] == before {
		t.Error("nobody is told that snapshots are gone")
	}
}

// A list of all snapshots, which no driver should be asked for, hides none.
func TestObjectFindsChildrenWhateverElseWasListed(t *testing.T) {
	s := store.New(time.Now)
	q := backend.Query{Kind: backend.KindSnapshot, Parent: ref(backend.KindVM, "1")}
	s.Apply("c", backend.Replace{Query: q, Objects: []backend.Object{snapshot("1", "base")}})
	s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindSnapshot}})
	if s.Object(ref(backend.KindSnapshot, "1/base")) == nil {
		t.Error("the snapshot is not found")
	}
}

func TestWhatIsTheSameBumpsNothing(t *testing.T) {
	s := store.New(time.Now)
	all := func() backend.Delta {
		return backend.Replace{Query: vmQuery(), Objects: []backend.Object{vm("1", "a"), vm("2", "b")}}
	}
	s.Apply("c", all())
	detail := func(at time.Time) *backend.Detail {
		return &backend.Detail{Ref: ref(backend.KindVM, "1"), At: at, Raw: "<x/>"}
	}
	s.PutDetail(detail(time.Now()))
	before := s.Revs()
	<-s.Changed()
	s.Apply("c", all())
	s.Apply("c", backend.Upsert{Objects: []backend.Object{vm("1", "a")}})
	s.Apply("c", backend.Remove{Refs: []backend.Ref{ref(backend.KindVM, "9")}})
	s.PutDetail(detail(time.Now().Add(time.Second)))
	s.Touch("c")
	if s.Revs() != before {
		t.Error("a revision moved although nothing has changed")
	}
	select {
	case <-s.Changed():
		t.Error("a notice came although nothing has changed")
	default:
	}
}

func TestOneNoticeIsOutstanding(t *testing.T) {
	s := store.New(time.Now)
	for i := range 100 {
		s.Apply("c", backend.Upsert{Objects: []backend.Object{vm("1", fmt.Sprint(i))}})
	}
	<-s.Changed()
	select {
	case <-s.Changed():
		t.Error("a second notice was queued")
	default:
	}
	if s.Object(ref(backend.KindVM, "1")).Title() != "99" {
		t.Error("the newest state did not win")
	}
}

func TestBounds(t *testing.T) {
	clock := time.Unix(0, 0)
	s := store.New(func() time.Time { return clock })
	for i := range 500 {
		s.PutDetail(&backend.Detail{Ref: ref(backend.KindVM, fmt.Sprint(i)), At: clock.Add(time.Duration(i) * time.Second)})
	}
	kept := 0
	for i := range 500 {
		if s.Detail(ref(backend.KindVM, fmt.Sprint(i))) != nil {
			kept++
		}
	}
	if kept == 0 || kept > 64 || s.Detail(ref(backend.KindVM, "499")) == nil {
		t.Errorf("%d details are kept", kept)
	}
	for i := range 5000 {
		s.AddEvent(backend.Event{Text: fmt.Sprint(i)})
	}
	events := s.Events()
	if len(events) < 1000 || len(events) > 1500 || events[len(events)-1].Text != "4999" {
		t.Errorf("%d events are kept, the last is %q", len(events), events[len(events)-1].Text)
	}
	for range 300 {
		s.PutSamples([]backend.Sample{{Ref: ref(backend.KindVM, "1"), CPU: 1, MemUsed: 1, MemTotal: 2}})
		s.PutNode(&backend.NodeSample{Ref: ref(backend.KindHost, "h"), CPUs: []backend.CPUShare{{Idle: 50}}})
	}
	cpu, mem := s.History(ref(backend.KindVM, "1"))
	node, _ := s.Node(ref(backend.KindHost, "h"))
	if len(cpu) != store.HistoryLen || len(mem) != store.HistoryLen || mem[0] != 50 || len(node.CPUs[0]) != store.NodeHistoryLen {
		t.Errorf("histories of %d, %d, %d", len(cpu), len(mem), len(node.CPUs[0]))
	}
}

func TestDropSamples(t *testing.T) {
	now := time.Now()
	s := store.New(func() time.Time { return now })
	s.PutSamples([]backend.Sample{{Ref: ref(backend.KindVM, "old")}, {Ref: ref(backend.KindHost, "h")}})
	now = now.Add(time.Minute)
	s.PutSamples([]backend.Sample{{Ref: ref(backend.KindVM, "new")}})
	s.DropSamples("c", backend.KindVM, now)
	if _, ok := s.Sample(ref(backend.KindVM, "old")); ok {
		t.Error("the load of a VM that no longer runs looks live")
	}
	for _, r := range []backend.Ref{ref(backend.KindVM, "new"), ref(backend.KindHost, "h")} {
		if _, ok := s.Sample(r); !ok {
			t.Errorf("%v was dropped", r)
		}
	}
}

func TestForeignTextIsCleanedOnItsWayIn(t *testing.T) {
	const evil = "\x1b]0;x\x07\x1b[2J\u202eweb\nline"
	s := store.New(time.Now)
	s.Apply("c", backend.Upsert{Objects: []backend.Object{&backend.VM{Meta: backend.Meta{ID: ref(backend.KindVM, "1"), Name: evil, Extra: []backend.Field{{Name: evil, Value: evil}}}, Guest: evil, IP: evil, Question: &backend.Question{Text: evil}}}})
	s.PutDetail(&backend.Detail{Ref: ref(backend.KindVM, "1"), Raw: evil, VM: &backend.VMDetail{Notes: evil, NICs: []backend.NIC{{Label: evil}}}})
	s.AddEvent(backend.Event{Text: evil, Name: evil, User: evil})
	s.SetConn(store.ConnStatus{ID: "c", Err: evil, Remedy: evil, About: backend.About{Product: evil, Fields: []backend.Field{{Value: evil}}}})
	v := s.Object(ref(backend.KindVM, "1")).(*backend.VM)
	conn, _ := s.Conn("c")
	d := s.Detail(ref(backend.KindVM, "1"))
	for name, text := range map[string]string{
		"name": v.Name, "guest": v.Guest, "ip": v.IP, "extra": v.Extra[0].Value, "question": v.Question.Text, "raw": d.Raw, "notes": d.VM.Notes,
		"nic": d.VM.NICs[0].Label, "event": s.Events()[0].Text, "user": s.Events()[0].User, "error": conn.Err, "product": conn.About.Product,
	} {
		if strings.ContainsAny(text, "\x1b\x07\u202e") || !strings.Contains(text, "web") {
			t.Errorf("%s is %q", name, text)
		}
	}
	if strings.Contains(v.Name, "\n") {
		t.Errorf("a name of two lines: %q", v.Name)
	}
}

func TestConcurrentUse(*testing.T) {
	s := store.New(time.Now)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 300 {
				id := fmt.Sprint((i + g) % 10)
				s.Apply("c", backend.Upsert{Objects: []backend.Object{vm(id, id)}})
				s.Apply("c", backend.Remove{Refs: []backend.Ref{ref(backend.KindVM, fmt.Sprint(i%10))}})
				s.PutSamples([]backend.Sample{{Ref: ref(backend.KindVM, id), At: time.Now()}})
				s.All(backend.KindVM)
				s.Revs()
				s.Conns()
				s.SetConn(store.ConnStatus{ID: backend.ConnID(id)})
			}
		})
	}
	wg.Wait()
}
