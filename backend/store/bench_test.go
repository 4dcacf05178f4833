package store_test

import (
	"fmt"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/store"
)

func tenThousand() []backend.Object {
	vms := make([]backend.Object, 10000)
	for i := range vms {
		vms[i] = &backend.VM{
			Meta:  backend.Meta{ID: backend.Ref{Conn: "c", Kind: backend.KindVM, ID: fmt.Sprint(i)}, Name: fmt.Sprintf("web-%05d", i)},
			State: backend.PowerOff,
		}
	}
	return vms
}

// BenchmarkReadWhileReplacing10k gives the longest that a reader waited while a large
// list was refreshed that had not changed, as wait-ns: the mean over all refreshes.
func BenchmarkReadWhileReplacing10k(b *testing.B) {
	s := store.New(time.Now)
	s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: tenThousand()})
	var sum time.Duration
	rounds := 0
	for ; b.Loop(); rounds++ {
		b.StopTimer()
		vms := tenThousand()
		done := make(chan struct{})
		b.StartTimer()
		go func() {
			s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: vms})
			close(done)
		}()
		worst := time.Duration(0)
		for replacing := true; replacing; {
			began := time.Now()
			_ = s.Revs()
			worst = max(worst, time.Since(began))
			select {
			case <-done:
				replacing = false
			default:
			}
		}
		sum += worst
	}
	b.ReportMetric(float64(sum.Nanoseconds())/float64(rounds), "wait-ns")
}

// BenchmarkUpsert is one changed object among many.
func BenchmarkUpsert(b *testing.B) {
	s := store.New(time.Now)
	vms := tenThousand()
	s.Apply("c", backend.Replace{Query: backend.Query{Kind: backend.KindVM}, Objects: vms})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		vm := *vms[i%len(vms)].(*backend.VM)
		s.Apply("c", backend.Upsert{Objects: []backend.Object{&vm}})
	}
}
