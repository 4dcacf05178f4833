package kind

import (
	"fmt"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

func resourcePoolSpec(e *Env) *Spec {
	rp := func(o backend.Object) *backend.ResourcePool { return o.(*backend.ResourcePool) }
	path := table.Column[backend.Object]{Key: "path", Title: "POOL", Sort: 'N', Min: 8, Max: 60, Flex: 2}
	return &Spec{
		Kind: backend.KindResourcePool, Title: "Resource pools", Names: []string{"resource-pools", "pool"},
		Columns: []Column{
			e.textColumn(path, theme.Text, func(o backend.Object) string { return orWord(rp(o).Path, o.Title()) }),
			e.numColumn(columnOf("vms", "VMS", 'V', 3, 6, 1, false),
				func(o backend.Object) float64 { return float64(rp(o).VMs) }, func(f float64) string { return Count(int(f)) }),
			e.textColumn(columnOf("type", "TYPE", 'T', 4, 4, 4, true), theme.Muted, func(o backend.Object) string { return poolWord(rp(o)) }),
			e.numColumn(columnOf("cpu", "MHZ", 'C', 4, 7, 2, false),
				func(o backend.Object) float64 { return float64(rp(o).CPUUsedMHz) }, func(f float64) string { return Count(int(f)) }),
			e.numColumn(columnOf("mem", "MEM", 'M', 4, 6, 3, false), func(o backend.Object) float64 { return float64(rp(o).MemoryUsed) }, Short),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "cluster":
				return rp(o).Cluster
			case "pool", "path":
				return orWord(rp(o).Path, o.Title())
			case "type":
				return poolWord(rp(o))
			case "state":
				return healthWord(rp(o).Alarm)
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			return strings.Join([]string{rp(o).Path, rp(o).Cluster, string(o.Ref().Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section { return resourcePoolSections(e, rp(o)) },
	}
}

// poolWord says what it is.
func poolWord(p *backend.ResourcePool) string {
	if p.VApp {
		return "vApp"
	}
	return "pool"
}

func resourcePoolSections(e *Env, p *backend.ResourcePool) []Section {
	limit := "unlimited"
	if p.CPULimitMHz >= 0 {
		limit = fmt.Sprintf("%d MHz", p.CPULimitMHz)
	}
	memLimit := "unlimited"
	if p.MemoryLimit >= 0 {
		memLimit = Bytes(float64(p.MemoryLimit))
	}
	return []Section{{Facts: plus(compact([]Fact{
		{"Connection", string(p.ID.Conn), theme.Text},
		{"Type", poolWord(p), theme.Text},
		{"Path", p.Path, theme.Text},
		{"Cluster", p.Cluster, theme.Text},
		{"VMs", Count(p.VMs), theme.Text},
		{"CPU", fmt.Sprintf("%d MHz of %s", p.CPUUsedMHz, limit), theme.Text},
		{"Memory", Bytes(float64(p.MemoryUsed)) + " of " + memLimit, theme.Text},
		e.healthFact(p.Alarm),
	}), p.Extra)}}
}
