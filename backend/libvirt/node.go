package libvirt

import (
	"context"
	"fmt"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// nodeInfo is virNodeInfo.
type nodeInfo struct {
	model                                     string
	memory                                    uint64 // bytes
	cpus, mhz, cells, sockets, cores, threads int
}

func (c *client) readNodeInfo(ctx context.Context) (nodeInfo, error) {
	return read(ctx, c, "describe host", c.node.name, func(lv *libvirt.Libvirt) (nodeInfo, error) {
		model, memory, cpus, mhz, cells, sockets, cores, threads, err := lv.NodeGetInfo()
		return nodeInfo{
			model: fixedString(model[:]), memory: sized(memory, 1<<10), cpus: int(max(cpus, 0)), mhz: int(max(mhz, 0)),
			cells: int(max(cells, 0)), sockets: int(max(sockets, 0)), cores: int(max(cores, 0)), threads: int(max(threads, 0)),
		}, err
	})
}

func fixedString(b []int8) string {
	var s strings.Builder
	for _, ch := range b {
		if ch == 0 {
			break
		}
		s.WriteByte(byte(ch)) //nolint:gosec // C char
	}
	return s.String()
}

// listHosts gives the one host. Sources: virNodeGetInfo, virConnectNumOfDomains,
// virConnectNumOfDefinedDomains.
func (c *client) listHosts(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	if want := wanted(q); want != nil && !want[c.node.ref.ID] {
		return nil
	}
	active, err := read(ctx, c, "list hosts", "", (*libvirt.Libvirt).ConnectNumOfDomains)
	if err != nil {
		return err
	}
	off, err := read(ctx, c, "list hosts", "", (*libvirt.Libvirt).ConnectNumOfDefinedDomains)
	if err != nil {
		return err
	}
	info := c.node.info
	emit([]backend.Object{&backend.Host{
		Meta: backend.Meta{ID: c.node.ref, Name: c.node.name},
		Link: backend.LinkConnected, Version: strings.TrimSpace(c.about.Product + " " + c.about.Version),
		Model: c.node.model, CPUModel: c.node.cpuModel, CPUs: info.cpus, MHz: info.mhz, Memory: info.memory,
		VMs: int(active + off), Active: int(active),
	}})
	return nil
}

// getHost adds topology and free memory (N3). Sources: virNodeGetInfo,
// virNodeGetCPUMap, virNodeGetCellsFreeMemory, virConnectGetCapabilities.
func (c *client) getHost(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	if r != c.node.ref {
		return nil, backend.Refuse(backend.ClassNotFound, "show host", "", "this connection has no such host")
	}
	info, err := c.readNodeInfo(ctx)
	if err != nil {
		return nil, err
	}
	h := &backend.HostDetail{
		Sockets: info.sockets, Cores: info.cores, Threads: info.threads, Cells: info.cells,
		Hypervisor: strings.TrimSpace(c.about.Product + " " + c.about.Version), Library: c.about.API,
	}
	if m, err := c.cpuMap(ctx); err == nil {
		h.CPUMap = m.text()
	}
	free, err := read(ctx, c, "describe host", c.node.name, func(lv *libvirt.Libvirt) ([]uint64, error) {
		return lv.NodeGetCellsFreeMemory(0, int32(max(info.cells, 1))) //nolint:gosec // a small number
	})
	if err == nil {
		h.CellFree = free
	}
	if backend.ClassOf(err) == backend.ClassUnreachable {
		return nil, err
	}
	if h.Sharing, err = c.sharing(ctx); err != nil && !missing(err) {
		return nil, err
	}
	return &backend.Detail{Ref: r, At: time.Now(), Host: h, Fields: c.hostFields(ctx, info), Raw: c.node.capabilities}, nil
}

// cpuMap is which CPUs are present and online. Source: virNodeGetCPUMap.
type cpuMap struct {
	online  []int
	present int
}

func (c *client) cpuMap(ctx context.Context) (cpuMap, error) {
	return read(ctx, c, "describe host", c.node.name, func(lv *libvirt.Libvirt) (cpuMap, error) {
		bits, _, present, err := lv.NodeGetCPUMap(1, 1, 0)
		m := cpuMap{present: int(present)}
		for i := range min(int(present), 8*len(bits)) {
			if bits[i/8]&(1<<(i%8)) != 0 {
				m.online = append(m.online, i)
			}
		}
		return m, err
	})
}

// text is "0-3,8 online of 16 present".
func (m cpuMap) text() string {
	var parts []string
	for i := 0; i < len(m.online); {
		j := i
		for j+1 < len(m.online) && m.online[j+1] == m.online[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, fmt.Sprint(m.online[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", m.online[i], m.online[j]))
		}
		i = j + 1
	}
	return fmt.Sprintf("%s online of %d present", strings.Join(parts, ","), m.present)
}
