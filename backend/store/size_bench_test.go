package store_test

import (
	"fmt"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

// fresh are n VMs as a driver makes them anew for each refresh.
func fresh(n int) []backend.Object {
	vms := make([]backend.Object, n)
	for i := range vms {
		vms[i] = &backend.VM{
			Meta:  backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: fmt.Sprint(i)}, Name: fmt.Sprintf("web-%05d", i)},
			State: backend.PowerOn, IP: "10.0.0.1", HostName: "kvm01",
		}
	}
	return vms
}

// BenchmarkRefresh is a whole list that changed nothing.
func BenchmarkRefresh(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		s := store.New(time.Now)
		s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: fresh(n)})
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			vms := fresh(n)
			b.StartTimer()
			s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: vms})
		}
	})
}

// BenchmarkFirstList is a whole list into an empty store, by pages as a feed sends it.
func BenchmarkFirstList(b *testing.B) {
	const page = 100
	bySize(b, func(b *testing.B, n int) {
		vms := fresh(n)
		b.ReportAllocs()
		for b.Loop() {
			s := store.New(time.Now)
			for from := 0; from < n; from += page {
				s.Apply("c", backend.Upsert{Objects: vms[from : from+page]})
			}
		}
	})
}

// BenchmarkAll is the list that a pane asks for.
func BenchmarkAll(b *testing.B) {
	bySize(b, func(b *testing.B, n int) {
		s := store.New(time.Now)
		s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: fresh(n)})
		b.ReportAllocs()
		for b.Loop() {
			if len(s.All(backend.KindVM)) != n {
				b.Fatal("objects are missing")
			}
		}
	})
}

func bySize(b *testing.B, run func(b *testing.B, n int)) {
	b.Helper()
	for _, n := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { run(b, n) })
	}
}
