package vsphere

import (
	"context"
	"slices"
	"testing"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/vcsim"
)

// watched is a watch whose initial set is there, and what it emitted since.
type watched struct {
	*watch
	server  *vcsim.Server
	views   views
	told    map[string]backend.Object // by title
	removed []string                  // moids
}

func watching(t *testing.T, o vcsim.Options) *watched {
	t.Helper()
	s, err := vcsim.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	d, err := New(Options{ID: "vc", URL: s.URL()})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	w := &watched{server: s, told: make(map[string]backend.Object)}
	w.watch = newWatch(b.(*Conn), w.note)
	if w.views, err = w.begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	clear(w.early) // as if the collector had told of them
	if err := w.complete(t.Context()); err != nil {
		t.Fatal(err)
	}
	clear(w.told)
	return w
}

func (w *watched) note(d backend.Delta) {
	switch d := d.(type) {
	case backend.Upsert:
		for _, o := range d.Objects {
			w.told[o.Title()] = o
		}
	case backend.Remove:
		for _, r := range d.Refs {
			w.removed = append(w.removed, r.ID)
		}
	}
}

func enter(moid string) types.ObjectUpdate {
	return types.ObjectUpdate{
		Kind: types.ObjectUpdateKindEnter, Obj: moref{Type: "VirtualMachine", Value: moid},
		ChangeSet: []types.PropertyChange{{Name: "name", Op: types.PropertyChangeOpAssign, Val: moid}},
	}
}

// TestWhatWasToldBehindItsEndGoes: a VM that the server told of and does not have is
// removed by the round; one that the round did not see, and the server has, stays.
func TestWhatWasToldBehindItsEndGoes(t *testing.T) {
	w := watching(t, vcsim.Options{VMs: 3})
	w.update(enter("vm-ghost"))
	there, err := w.readStatus(t.Context(), w.views, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	unseen := slices.IndexFunc(there, func(o types.ObjectContent) bool { return o.Obj.Type == "VirtualMachine" })
	there = slices.Delete(there, unseen, unseen+1)
	before := len(w.entities)

	feed := make(chan func(context.Context) error)
	ended := make(chan error, 1)
	go func() { ended <- w.farewell(t.Context(), feed, there); close(feed) }()
	for apply := range feed {
		if err := apply(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(w.removed, []string{"vm-ghost"}) || len(w.entities) != before-1 {
		t.Errorf("removed %q; %d of %d are left", w.removed, len(w.entities), before)
	}
}

// TestOneThatIsGoneHidesNoOther: of objects that have to be read again one is gone; the
// others are read nevertheless.
func TestOneThatIsGoneHidesNoOther(t *testing.T) {
	w := watching(t, vcsim.Options{VMs: 3})
	var vm moref
	for moid, e := range w.entities {
		if _, ok := e.(*vmState); ok {
			vm = moref{Type: "VirtualMachine", Value: moid}
		}
	}
	delete(w.entities, vm.Value)
	w.again[moref{Type: "VirtualMachine", Value: "vm-ghost"}] = true
	w.again[vm] = true
	if err := w.refetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.entities[vm.Value] == nil {
		t.Error("the other was not read")
	}
}
