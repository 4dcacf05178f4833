package vsphere_test

import (
	"context"
	"slices"
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

// seenVM is the VM that govc switches.
const seenVM = "fast-00500"

// BenchmarkPowerSeen is how long after its start a power-off by govc is seen among 1,000
// VMs, by the driver and by a bare client that waits for the same properties of VMs. They
// take turns and are alone with the server: the simulator collects every filter for each
// change, so that two that wait would slow each other down.
func BenchmarkPowerSeen(b *testing.B) {
	v := lab.StartVcsim(b, "-vms", "1000")
	var alone, own []time.Duration
	for b.Loop() {
		alone = append(alone, powerSeen(b, v, bareWatch))
		own = append(own, powerSeen(b, v, ownWatch))
	}
	slices.Sort(alone)
	slices.Sort(own)
	b.ReportMetric(float64(alone[len(alone)/2].Milliseconds()), "ms/bare")
	b.ReportMetric(float64(own[len(own)/2].Milliseconds()), "ms/seen")
	b.ReportMetric(own[len(own)/2].Seconds()/alone[len(alone)/2].Seconds(), "ratio")
}

// watcher tells the power states of the VM as a client sees them, until ctx ends; done is
// closed when it has ended.
type watcher func(ctx context.Context, b *testing.B, url string, tell func(on bool)) (done <-chan struct{})

// powerSeen switches the VM on, which is waited for, and off, which is measured.
func powerSeen(b *testing.B, v *lab.Vcsim, watch watcher) time.Duration {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	states := make(chan bool, 64)
	done := watch(ctx, b, v.URL(), func(on bool) { states <- on })
	defer func() { cancel(); <-done }()
	await := func(want bool) {
		b.Helper()
		limit := time.After(time.Minute)
		for {
			select {
			case on := <-states:
				if on == want {
					return
				}
			case <-limit:
				b.Fatalf("%s was not seen to be on: %v within a minute", seenVM, want)
			}
		}
	}
	await(false)
	v.Govc("vm.power", "-on", seenVM)
	await(true)
	began := time.Now()
	v.Govc("vm.power", "-off", seenVM)
	await(false)
	return time.Since(began)
}

func ownWatch(ctx context.Context, b *testing.B, url string, tell func(bool)) <-chan struct{} {
	b.Helper()
	conn, err := tryDial(b, vsphere.Options{URL: url}, nil)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	synced := false
	var last *backend.VM
	go func() {
		defer close(done)
		defer func() { _ = conn.Close() }()
		_ = conn.Watch(ctx, func(d backend.Delta) {
			switch d := d.(type) {
			case backend.Upsert:
				for _, o := range d.Objects {
					if vm, ok := o.(*backend.VM); ok && vm.Name == seenVM {
						last = vm
					}
				}
			case backend.Synced:
				synced = true
			}
			if synced && last != nil {
				tell(last.State.Running())
				last = nil
			}
		})
	}()
	return done
}

// bareWatch waits with nothing but the API.
func bareWatch(ctx context.Context, b *testing.B, url string, tell func(bool)) <-chan struct{} {
	b.Helper()
	u, err := soap.ParseURL(url)
	if err != nil {
		b.Fatal(err)
	}
	c, err := govmomi.NewClient(ctx, u, true)
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = c.Logout(context.Background()) }()
		if err := bareUpdates(ctx, c, tell); err != nil && ctx.Err() == nil {
			b.Error(err)
		}
	}()
	return done
}

func bareUpdates(ctx context.Context, c *govmomi.Client, tell func(bool)) error {
	view, err := methods.CreateContainerView(ctx, c, &types.CreateContainerView{
		This: *c.ServiceContent.ViewManager, Container: c.ServiceContent.RootFolder, Type: []string{"VirtualMachine"}, Recursive: true,
	})
	if err != nil {
		return err
	}
	pc, err := methods.CreatePropertyCollector(ctx, c, &types.CreatePropertyCollector{This: c.ServiceContent.PropertyCollector})
	if err != nil {
		return err
	}
	skip := true
	_, err = methods.CreateFilter(ctx, c, &types.CreateFilter{This: pc.Returnval, Spec: types.PropertyFilterSpec{
		PropSet: []types.PropertySpec{{Type: "VirtualMachine", PathSet: vsphere.LeanVM()}},
		ObjectSet: []types.ObjectSpec{{Obj: view.Returnval, Skip: &skip, SelectSet: []types.BaseSelectionSpec{
			&types.TraversalSpec{Type: "ContainerView", Path: "view"},
		}}},
	}})
	if err != nil {
		return err
	}
	var seen types.ManagedObjectReference
	version, limit := "", int32(10)
	for {
		res, err := methods.WaitForUpdatesEx(ctx, c, &types.WaitForUpdatesEx{This: pc.Returnval, Version: version, Options: &types.WaitOptions{MaxWaitSeconds: &limit}})
		if err != nil {
			return err
		}
		if res.Returnval == nil {
			continue
		}
		version = res.Returnval.Version
		for _, f := range res.Returnval.FilterSet {
			for _, o := range f.ObjectSet {
				for _, p := range o.ChangeSet {
					if p.Name == "name" && p.Val == seenVM {
						seen = o.Obj
					}
				}
				if o.Obj == seen {
					bareTell(o, tell)
				}
			}
		}
	}
}

func bareTell(o types.ObjectUpdate, tell func(bool)) {
	for _, p := range o.ChangeSet {
		if p.Name == "runtime.powerState" {
			tell(p.Val == types.VirtualMachinePowerStatePoweredOn)
		}
	}
}
