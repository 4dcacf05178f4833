package vsphere_test

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

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

// BenchmarkLean is the time of a list of 10,000 VMs beside that of a bare client that
// retrieves the same properties in one call and throws them away. They take turns, so
// that the machine is the same for both.
func BenchmarkLean(b *testing.B) {
	v := lab.StartVcsim(b, "-vms", "10000")
	ours := dial(b, vsphere.Options{URL: v.URL()})
	list(b, ours, backend.Query{Kind: backend.KindFolder}) // names of places, once in a connection
	bare := newBare(b, v.URL())
	var alone, own []time.Duration
	for b.Loop() {
		began := time.Now()
		if n := bare.lean(b); n < 10000 {
			b.Fatalf("%d VMs", n)
		}
		alone = append(alone, time.Since(began))
		began = time.Now()
		if n := len(list(b, ours, backend.Query{Kind: backend.KindVM})); n < 10000 {
			b.Fatalf("%d VMs", n)
		}
		own = append(own, time.Since(began))
	}
	slices.Sort(alone)
	slices.Sort(own)
	b.ReportMetric(float64(alone[len(alone)/2].Milliseconds()), "ms/bare")
	b.ReportMetric(float64(own[len(own)/2].Milliseconds()), "ms/list")
	b.ReportMetric(own[len(own)/2].Seconds()/alone[len(alone)/2].Seconds(), "ratio")
}

// bareClient does nothing but ask.
type bareClient struct{ *govmomi.Client }

func newBare(b *testing.B, at string) *bareClient {
	b.Helper()
	u, err := soap.ParseURL(at)
	if err != nil {
		b.Fatal(err)
	}
	c, err := govmomi.NewClient(context.Background(), u, true)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Logout(context.Background()) })
	return &bareClient{c}
}

// lean retrieves the lean set of all VMs and counts them.
func (c *bareClient) lean(b *testing.B) int {
	b.Helper()
	ctx := context.Background()
	view, err := methods.CreateContainerView(ctx, c.Client, &types.CreateContainerView{
		This: *c.ServiceContent.ViewManager, Container: c.ServiceContent.RootFolder, Type: []string{"VirtualMachine"}, Recursive: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _, _ = methods.DestroyView(ctx, c.Client, &types.DestroyView{This: view.Returnval}) }()
	skip := true
	res, err := methods.RetrieveProperties(ctx, c.Client, &types.RetrieveProperties{
		This: c.ServiceContent.PropertyCollector,
		SpecSet: []types.PropertyFilterSpec{{
			PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: vsphere.LeanVM()}},
			ObjectSet: []types.ObjectSpec{{Obj: view.Returnval, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
				&types.TraversalSpec{Type: "ContainerView", Path: "view"},
			}}},
		}},
	})
	if err != nil {
		b.Fatal(err)
	}
	return len(res.Returnval)
}
