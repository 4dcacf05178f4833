package kind

import (
	"fmt"
	"strings"

	"hvdeck/backend"
	"hvdeck/theme"
	"hvdeck/ui/table"
)

func clusterSpec(e *Env) *Spec {
	cl := func(o backend.Object) *backend.Cluster { return o.(*backend.Cluster) }
	name := table.Column[backend.Object]{Key: "name", Title: "NAME", Sort: 'N', Min: 8, Max: 40, Flex: 2}
	return &Spec{
		Kind: backend.KindCluster, Title: "Clusters", Names: []string{"clusters", "cluster"},
		Columns: []Column{
			e.textColumn(name, theme.Text, backend.Object.Title),
			e.numColumn(columnOf("cpu", "CPU", 'C', 4, 4, 1, false), func(o backend.Object) float64 { return share(cl(o).CPUUsedMHz, cl(o).CPUMHz) }, Percent),
			e.numColumn(columnOf("mem", "MEM", 'M', 4, 4, 2, false), func(o backend.Object) float64 { return share(cl(o).MemoryUsed, cl(o).Memory) }, Percent),
			e.textColumn(columnOf("hosts", "HOSTS", 'H', 5, 7, 3, false), theme.Text,
				func(o backend.Object) string { return fmt.Sprintf("%d/%d", cl(o).HostsUp, cl(o).Hosts) }),
			e.textColumn(columnOf("dc", "DATACENTER", 'D', 6, 20, 5, true), theme.Muted, func(o backend.Object) string { return cl(o).Datacenter }),
			e.connColumn(),
		},
		Field: func(o backend.Object, field string) string {
			switch field {
			case "dc":
				return cl(o).Datacenter
			case "cluster":
				return o.Title()
			case "state":
				return healthWord(cl(o).Alarm)
			}
			return ""
		},
		Haystack: func(o backend.Object) string {
			return strings.Join([]string{o.Title(), cl(o).Datacenter, string(o.Ref().Conn)}, "\n")
		},
		Sections: func(o backend.Object) []Section { return clusterSections(e, cl(o)) },
	}
}

func share[T int | uint64](used, total T) float64 {
	if total == 0 {
		return backend.Unknown()
	}
	return float64(used) / float64(total) * 100
}

func clusterSections(e *Env, c *backend.Cluster) []Section {
	facts := compact([]Fact{
		{"Connection", string(c.ID.Conn), theme.Text},
		{"Datacenter", c.Datacenter, theme.Text},
		{"Hosts", fmt.Sprintf("%d up of %d", c.HostsUp, c.Hosts), theme.Text},
		{"VMs", Count(c.VMs), theme.Text},
		{"CPU", fmt.Sprintf("%d of %d MHz", c.CPUUsedMHz, c.CPUMHz), theme.Text},
		{"Memory", Bytes(float64(c.MemoryUsed)) + " of " + Bytes(float64(c.Memory)), theme.Text},
		e.healthFact(c.Alarm),
		{"DRS", YesNo(c.DRS), theme.Text},
		{"HA", YesNo(c.HA), theme.Text},
	})
	facts = plus(facts, c.Extra)
	return []Section{{Facts: facts}}
}
