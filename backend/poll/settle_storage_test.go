package poll

import (
	"context"
	"errors"
	"testing"
	"time"

	"hvdeck/backend"
)

// shelf is a server of which only List is asked.
type shelf struct {
	backend.Backend
	objects []backend.Object
	fails   bool
}

func (s shelf) List(_ context.Context, q backend.Query, emit func([]backend.Object)) error {
	if s.fails {
		return errors.New("gone")
	}
	for _, o := range s.objects {
		if o.Ref().Kind == q.Kind && (q.Parent.IsZero() || o.Owner() == q.Parent) && (len(q.Refs) == 0 || o.Ref() == q.Refs[0]) {
			emit([]backend.Object{o})
		}
	}
	return nil
}

func TestStorageEffects(t *testing.T) {
	t.Parallel()
	ref := func(k backend.Kind, id string) backend.Ref { return backend.Ref{Conn: "c", Kind: k, ID: id} }
	on, off, none := ref(backend.KindPool, "on"), ref(backend.KindPool, "off"), ref(backend.KindPool, "none")
	net, gone := ref(backend.KindNetwork, "net"), ref(backend.KindNetwork, "gone")
	vol := ref(backend.KindVolume, "on/v")
	s := shelf{objects: []backend.Object{
		&backend.Pool{Meta: backend.Meta{ID: on}, State: backend.PoolRunning, Autostart: true, Persistent: true},
		&backend.Pool{Meta: backend.Meta{ID: off}, State: backend.PoolInactive, Persistent: true},
		&backend.Network{Meta: backend.Meta{ID: net}, Active: true},
		&backend.Volume{Meta: backend.Meta{ID: vol, Name: "v", Parent: on}, Capacity: 5, Format: "raw"},
	}}
	create := backend.VolumeCreateOp{Pool: on, Name: "v", Capacity: 5, Format: "raw"}
	for name, tt := range map[string]struct {
		op   backend.Op
		sure bool
	}{
		"pool runs":                    {backend.StartOp{Object: on}, true},
		"pool may yet start":           {backend.StartOp{Object: off}, false},
		"no such pool started":         {backend.StartOp{Object: none}, false},
		"pool stopped":                 {backend.StopOp{Object: off}, true},
		"no such pool stopped":         {backend.StopOp{Object: none}, false},
		"network runs":                 {backend.StartOp{Object: net}, true},
		"network may yet stop":         {backend.StopOp{Object: net}, false},
		"autostart set":                {backend.AutostartOp{Object: on, On: true}, true},
		"autostart may yet clear":      {backend.AutostartOp{Object: on}, false},
		"undefined":                    {backend.UndefineOp{Object: none}, true},
		"undefined, runs on":           {backend.UndefineOp{Object: net}, true},
		"network undefined":            {backend.UndefineOp{Object: gone}, true},
		"may yet be undefined":         {backend.UndefineOp{Object: on}, false},
		"volume deleted":               {backend.VolumeDeleteOp{Volume: ref(backend.KindVolume, "on/w")}, true},
		"volume may yet be deleted":    {backend.VolumeDeleteOp{Volume: vol}, false},
		"volume of a pool that is off": {backend.VolumeDeleteOp{Volume: ref(backend.KindVolume, "off/w")}, false},
		"volume of no pool":            {backend.VolumeDeleteOp{Volume: ref(backend.KindVolume, "none/w")}, false},
		"resized":                      {backend.VolumeResizeOp{Volume: vol, Capacity: 5}, true},
		"may yet be resized":           {backend.VolumeResizeOp{Volume: vol, Capacity: 6}, false},
		"created":                      {create, true},
		"another of its name":          {backend.VolumeCreateOp{Pool: on, Name: "v", Capacity: 6, Format: "raw"}, false},
		"leaves no trace":              {backend.PoolRefreshOp{Pool: on}, false},
	} {
		if sure := effect(t.Context(), s, tt.op, time.Now()); sure != tt.sure {
			t.Errorf("%s: sure = %v", name, sure)
		}
		if effect(t.Context(), shelf{fails: true}, tt.op, time.Now()) {
			t.Errorf("%s: sure, though nobody answers", name)
		}
	}
}
