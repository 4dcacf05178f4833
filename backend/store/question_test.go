package store_test

import (
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

func TestAsking(t *testing.T) {
	s := store.New(time.Now)
	asks := func(id string) *backend.VM {
		v := vm(id, id)
		v.Question = &backend.Question{ID: "7", Text: "moved or copied?"}
		return v
	}
	s.Apply("c", backend.Upsert{Objects: []backend.Object{asks("b"), asks("a"), vm("quiet", "quiet")}})
	want := func(names ...string) {
		t.Helper()
		got := s.Asking()
		if len(got) != len(names) {
			t.Fatalf("%d VMs ask, want %v", len(got), names)
		}
		for i, n := range names {
			if got[i].Name != n {
				t.Errorf("VM %d that asks is %s, want %s", i, got[i].Name, n)
			}
		}
	}
	want("a", "b")
	s.Apply("c", backend.Upsert{Objects: []backend.Object{vm("a", "a")}})
	want("b")
	s.Apply("c", backend.Remove{Refs: []backend.Ref{ref(backend.KindVM, "b")}})
	want()
}
