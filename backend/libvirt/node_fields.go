package libvirt

import (
	"context"
	"fmt"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// hostFields are the further facts about the host (N3). The memory of virNodeInfo is
// that of the NUMA cells, without what was added while the host ran; the memory of
// virNodeGetMemoryStats is what the kernel has. Both are shown, as they differ.
func (c *client) hostFields(ctx context.Context, info nodeInfo) []backend.Field {
	all := fields("CPU model", c.node.cpuModel)
	if info.mhz > 0 {
		all = append(all, backend.Field{Name: "Frequency", Value: fmt.Sprintf("%d MHz", info.mhz)})
	}
	all = append(all, fields("Memory of the cells", binarySize(info.memory))...)
	if m, err := c.nodeMem(ctx, allOfThem); err == nil && backend.Known(m.Total) {
		all = append(all, fields("Memory of the kernel", binarySize(uint64(m.Total)))...)
	}
	if free, err := read(ctx, c, "describe host", c.node.name, (*libvirt.Libvirt).NodeGetFreeMemory); err == nil {
		all = append(all, fields("Free memory", binarySize(free))...)
	}
	return append(all, fields("Hypervisor", words(c.about.Product, c.about.Version), "Library and daemon", c.about.API, "Model", c.node.model)...)
}

// binarySize is a size in words: "6.4 GiB"; "" for none.
func binarySize(bytes uint64) string {
	if bytes == 0 {
		return ""
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, i := float64(bytes), 0
	for v >= 1024 && i < len(units)-1 {
		v, i = v/1024, i+1
	}
	if v == float64(uint64(v)) {
		return fmt.Sprintf("%.0f %s", v, units[i])
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}
