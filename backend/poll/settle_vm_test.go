package poll_test

import (
	"context"
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/store"
)

func TestSettleKnowsWhatBecameOfAVM(t *testing.T) {
	t.Parallel()
	r := newRig(t, poll.Options{})
	cfg := ticking("k")
	cfg.Specs = append(cfg.Specs,
		mem.VMSpec{Name: "made", State: backend.PowerOff, VCPUs: 3, Memory: 1 << 30},
		mem.VMSpec{Name: "moved", State: backend.PowerOff, Reason: "migrated"})
	h := r.add(cfg)
	r.phase("k", store.Ready)
	a, b := h.VM("a"), h.VM("b")
	nowhere := backend.Ref{Conn: "k", Kind: backend.KindVM, ID: "nowhere"}
	network := backend.Ref{Conn: "k", Kind: backend.KindNetwork, ID: "nowhere"}
	for name, tt := range map[string]struct {
		op   backend.Op
		sure bool
	}{
		"is made":                     {backend.VMNewOp{Host: a, Name: "made", VCPUs: 3}, true},
		"made, may yet start":         {backend.VMNewOp{Host: a, Name: "made", VCPUs: 3, Start: true}, false},
		"made otherwise":              {backend.VMNewOp{Host: a, Name: "made", VCPUs: 2}, false},
		"may yet be made":             {backend.VMNewOp{Host: a, Name: "new", VCPUs: 1}, false},
		"is cloned":                   {backend.VMCloneOp{VM: a, Name: "made"}, true},
		"the original":                {backend.VMCloneOp{VM: a, Name: "a"}, false},
		"may yet be cloned":           {backend.VMCloneOp{VM: a, Name: "new"}, false},
		"is undefined":                {backend.VMUndefineOp{VM: nowhere}, true},
		"may yet be undefined":        {backend.VMUndefineOp{VM: a}, false},
		"its disks may yet go":        {backend.VMUndefineOp{VM: nowhere, Disks: []string{"vda"}}, false},
		"is renamed":                  {backend.VMRenameOp{VM: a, Name: "a"}, true},
		"may yet be renamed":          {backend.VMRenameOp{VM: a, Name: "c"}, false},
		"renamed and gone?":           {backend.VMRenameOp{VM: nowhere, Name: "c"}, false},
		"may yet be saved":            {backend.VMManagedSaveOp{VM: a}, false},
		"is discarded":                {backend.VMManagedSaveRemoveOp{VM: b}, true},
		"autostarts not":              {backend.AutostartOp{Object: a}, true},
		"may yet autostart":           {backend.AutostartOp{Object: a, On: true}, false},
		"of a network that is gone":   {backend.AutostartOp{Object: network}, false},
		"has left":                    {backend.VMMigrateOp{VM: nowhere, Undefine: true}, true},
		"gone, nobody knows where to": {backend.VMMigrateOp{VM: nowhere}, false},
		"left its definition":         {backend.VMMigrateOp{VM: h.VM("moved")}, true},
		"was off anyway":              {backend.VMMigrateOp{VM: b}, false},
		"may yet leave":               {backend.VMMigrateOp{VM: a, Undefine: true}, false},
		"nobody sees its sizes":       {backend.VMResourcesOp{VM: a, VCPUs: 1}, false},
		"nobody sees its keys":        {backend.VMSendKeyOp{VM: a, Keys: "a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := 5 * time.Second
			if !tt.sure {
				limit = 700 * time.Millisecond // one more look
			}
			ctx, cancel := context.WithTimeout(context.Background(), limit)
			defer cancel()
			if sure := r.p.Settle(ctx, tt.op, time.Now()); sure != tt.sure {
				t.Errorf("sure = %v", sure)
			}
		})
	}
}
