package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

func named(id int, name string) *backend.VM {
	return &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: fmt.Sprint(id)}, Name: name}}
}

// TestReplaceBesideOtherWriters: whatever is written meanwhile, what was given last
// for a list is what is there.
func TestReplaceBesideOtherWriters(t *testing.T) {
	s := store.New(time.Now)
	const n = 200
	vms := backend.Query{Kind: backend.KindVM}
	list := func(name string) (all []backend.Object) {
		for i := range n {
			all = append(all, named(i, name))
		}
		return all
	}
	var writers sync.WaitGroup
	writers.Go(func() {
		for i := range 200 {
			s.Apply("c", backend.Upsert{Objects: []backend.Object{named(i%n, "other"), named(n+i, "gone soon")}})
		}
	})
	writers.Go(func() {
		for i := range 200 {
			s.Apply("c", backend.Remove{Refs: []backend.Ref{named(i%n, "").ID}})
		}
	})
	for range 50 {
		s.Apply("c", backend.Replace{Query: vms, Objects: list("mine")})
		_ = s.All(backend.KindVM)
	}
	writers.Wait()
	s.Apply("c", backend.Replace{Query: vms, Objects: list("mine")})
	if got := s.Count(backend.KindVM); got != n {
		t.Errorf("%d VMs, want %d", got, n)
	}
	for _, o := range s.All(backend.KindVM) {
		if o.Title() != "mine" {
			t.Fatalf("%s is %q", o.Ref().ID, o.Title())
		}
	}
}

func TestReplaceTakesTheLastOfTwo(t *testing.T) {
	s := store.New(time.Now)
	vms := backend.Query{Kind: backend.KindVM}
	s.Apply("c", backend.Replace{Query: vms, Objects: []backend.Object{named(1, "new")}})
	s.Apply("c", backend.Replace{Query: vms, Objects: []backend.Object{named(1, "old"), named(1, "new")}})
	if got := s.Object(named(1, "").ID).Title(); got != "new" {
		t.Errorf("name = %q", got)
	}
}

// TestReplaceWithinASync: what is listed between Syncing and Synced is not dropped.
func TestReplaceWithinASync(t *testing.T) {
	s := store.New(time.Now)
	vms := backend.Query{Kind: backend.KindVM}
	given := func() backend.Replace { return backend.Replace{Query: vms, Objects: []backend.Object{named(1, "a")}} }
	s.Apply("c", given())
	s.Apply("c", backend.Syncing{Kinds: []backend.Kind{backend.KindVM}})
	s.Apply("c", given())
	s.Apply("c", backend.Synced{Kinds: []backend.Kind{backend.KindVM}})
	if s.Count(backend.KindVM) != 1 {
		t.Error("what was listed is gone")
	}
}

func TestAListIsWholeWhenAllOfItHasCome(t *testing.T) {
	s := store.New(time.Now)
	vm := func(id string) backend.Object {
		return &backend.VM{Meta: backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: id}, Name: id}}
	}
	whole := func(want bool, after string) {
		t.Helper()
		if got := s.Whole("c", backend.KindVM); got != want {
			t.Errorf("after %s whole is %v", after, got)
		}
	}
	whole(false, "nothing")
	s.Apply("c", backend.Upsert{Objects: []backend.Object{vm("a")}})
	whole(false, "a first page")
	s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM, Refs: []backend.Ref{vm("a").Ref()}}, Objects: []backend.Object{vm("a")}})
	whole(false, "one that was asked for by itself")
	before := s.Revs()
	s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: []backend.Object{vm("a")}})
	whole(true, "a whole list")
	if s.Revs() == before {
		t.Error("nobody is told that the list is whole")
	}
	s.Apply("c", backend.Synced{Kinds: []backend.Kind{backend.KindHost}})
	if !s.Whole("c", backend.KindHost) {
		t.Error("an empty list that the watch keeps is not whole after Synced")
	}
}
