package vsphere_test

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vsphere"
)

// BenchmarkFirstVM is the time from Dial to the first VM and to the complete set,
// with 10,000 VMs on a vcsim process.
func BenchmarkFirstVM(b *testing.B) {
	v := lab.StartVcsim(b, "-vms", "10000")
	for b.Loop() {
		began := time.Now()
		conn, err := tryDial(b, vsphere.Options{URL: v.URL()}, nil)
		if err != nil {
			b.Fatal(err)
		}
		dialled := time.Since(began)
		ctx, cancel := context.WithCancel(context.Background())
		var first, all time.Duration
		ended := make(chan error, 1)
		go func() {
			ended <- conn.Watch(ctx, func(d backend.Delta) {
				switch d := d.(type) {
				case backend.Upsert:
					if _, vm := d.Objects[len(d.Objects)-1].(*backend.VM); vm && first == 0 {
						first = time.Since(began)
					}
				case backend.Synced:
					all = time.Since(began)
					cancel()
				}
			})
		}()
		<-ended
		_ = conn.Close()
		b.ReportMetric(float64(dialled.Milliseconds()), "ms/dial")
		b.ReportMetric(float64(first.Milliseconds()), "ms/first-VM")
		b.ReportMetric(float64(all.Milliseconds()), "ms/all")
	}
}

// BenchmarkMemory is the resident memory of a process that watches 10,000 VMs and
// keeps every object, as the store does.
func BenchmarkMemory(b *testing.B) {
	if url := os.Getenv("HVDECK_BENCH_MEMORY"); url != "" {
		b.Skip("this is the measured process")
	}
	v := lab.StartVcsim(b, "-vms", "10000")
	for b.Loop() {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestMemoryChild$", "-test.v")
		cmd.Env = append(os.Environ(), "HVDECK_BENCH_MEMORY="+v.URL())
		out, err := cmd.CombinedOutput()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		_, after, _ := strings.Cut(string(out), "RSS ")
		number, _, _ := strings.Cut(after, " ")
		mib, err := strconv.ParseFloat(number, 64)
		if err != nil {
			b.Fatalf("%v in %s", err, out)
		}
		b.ReportMetric(mib, "MiB-RSS")
	}
}

// TestMemoryChild is the process that BenchmarkMemory measures.
func TestMemoryChild(t *testing.T) {
	url := os.Getenv("HVDECK_BENCH_MEMORY")
	if url == "" {
		return // a plain test run has nothing to measure here
	}
	m := watch(t, dial(t, vsphere.Options{URL: url}))
	deadline := time.Now().Add(60 * time.Second)
	for m.count(backend.KindVM) < 10000 && time.Now().Before(deadline) {
		<-m.wake
	}
	peak := rss(t, os.Getpid())
	t.Logf("RSS %.1f MiB with %d VMs", peak, m.count(backend.KindVM))
}
