package vsphere

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/vmware/govmomi/vim25/types"
	"github.com/vmware/govmomi/vim25/xml"

	"hvdeck/backend"
)

// firstReply is what a property collector says first of n VMs.
func firstReply(n int) *types.UpdateSet {
	objects := make([]types.ObjectUpdate, n)
	for i := range objects {
		host := types.ManagedObjectReference{Type: "HostSystem", Value: fmt.Sprintf("host-%d", i%16)}
		name := fmt.Sprintf("web-%05d", i)
		objects[i] = types.ObjectUpdate{
			Kind: types.ObjectUpdateKindEnter, Obj: types.ManagedObjectReference{Type: "VirtualMachine", Value: fmt.Sprintf("vm-%d", i)},
			ChangeSet: []types.PropertyChange{
				assigned("name", name), assigned("runtime.host", host), assigned("overallStatus", types.ManagedEntityStatusGreen),
				assigned("runtime.powerState", types.VirtualMachinePowerStatePoweredOn),
				assigned("runtime.connectionState", types.VirtualMachineConnectionStateConnected),
				assigned("summary.config.numCpu", int32(2)), assigned("summary.config.memorySizeMB", int32(4096)),
				assigned("summary.config.uuid", fmt.Sprintf("564d0000-0000-0000-0000-%012d", i)), assigned("summary.config.template", false),
				assigned("summary.config.vmPathName", "[store] "+name+"/"+name+".vmx"), assigned("guest.ipAddress", "10.0.0.1"),
				assigned("summary.config.guestFullName", "Debian GNU/Linux 12 (64-bit)"),
				assigned("datastore", types.ArrayOfManagedObjectReference{ManagedObjectReference: []types.ManagedObjectReference{{Type: "Datastore", Value: "ds-1"}}}),
			},
		}
	}
	return &types.UpdateSet{Version: "1", FilterSet: []types.PropertyFilterUpdate{{ObjectSet: objects}}}
}

func assigned(path string, val any) types.PropertyChange {
	return types.PropertyChange{Name: path, Op: types.PropertyChangeOpAssign, Val: val}
}

// unconnected is a watch without a server: nothing of the first reply needs one.
func unconnected(emit func(backend.Delta)) *watch {
	return newWatch(&Conn{names: newNames(), skew: &skew{}}, emit)
}

// BenchmarkDecode is the XML of a collector's first reply made into govmomi's values.
func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var text bytes.Buffer
			if err := xml.NewEncoder(&text).Encode(&types.WaitForUpdatesExResponse{Returnval: firstReply(n)}); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(text.Len()))
			b.ReportAllocs()
			for b.Loop() {
				var got types.WaitForUpdatesExResponse
				d := xml.NewDecoder(bytes.NewReader(text.Bytes()))
				d.TypeFunc = types.TypeFunc()
				if err := d.Decode(&got); err != nil {
					b.Fatal(err)
				}
				if len(got.Returnval.FilterSet[0].ObjectSet) != n {
					b.Fatal("VMs are missing")
				}
			}
		})
	}
}

// BenchmarkApply is a collector's first reply made into objects of the contract.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			set := firstReply(n)
			more := true
			set.Truncated = &more // what completes the set asks the server
			b.ReportAllocs()
			for b.Loop() {
				told := 0
				w := unconnected(func(d backend.Delta) {
					if up, ok := d.(backend.Upsert); ok {
						told += len(up.Objects)
					}
				})
				if err := w.apply(context.Background(), set); err != nil {
					b.Fatal(err)
				}
				if told != n {
					b.Fatalf("%d of %d VMs were told", told, n)
				}
			}
		})
	}
}
