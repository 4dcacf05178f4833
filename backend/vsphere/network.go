package vsphere

import (
	"fmt"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// networkState is what is remembered of a Network, a distributed port group or an
// opaque network.
type networkState struct {
	kind, name string
	accessible bool
	vlan, dvs  string
	bridge     string // of a standard port group: told by the hosts
	hosts, vms int
}

func (s *networkState) set(_ *names, path string, val any) bool {
	switch path {
	case "name":
		s.name = unescape(as[string](val))
	case "parent", "overallStatus":
	case "summary":
		s.accessible = accessible(val)
	case "host":
		s.hosts = len(as[types.ArrayOfManagedObjectReference](val).ManagedObjectReference)
	case "vm":
		s.vms = len(as[types.ArrayOfManagedObjectReference](val).ManagedObjectReference)
	case "config.defaultPortConfig":
		s.vlan = vlanWords(val)
	case "config.distributedVirtualSwitch":
		s.dvs = moidOf(val)
	default:
		return false
	}
	return true
}

func accessible(val any) bool {
	switch v := val.(type) {
	case types.NetworkSummary:
		return v.Accessible
	case types.OpaqueNetworkSummary:
		return v.Accessible
	default:
		return false
	}
}

// vlanWords is the VLAN of a distributed port group: an id, a trunk, a private one.
func vlanWords(val any) string {
	cfg, ok := val.(types.VMwareDVSPortSetting)
	if !ok || cfg.Vlan == nil {
		return ""
	}
	switch v := cfg.Vlan.(type) {
	case *types.VmwareDistributedVirtualSwitchVlanIdSpec:
		if v.VlanId == 0 {
			return ""
		}
		return fmt.Sprint(v.VlanId)
	case *types.VmwareDistributedVirtualSwitchPvlanSpec:
		return fmt.Sprintf("private %d", v.PvlanId)
	case *types.VmwareDistributedVirtualSwitchTrunkVlanSpec:
		var ranges []string
		for _, r := range v.VlanId {
			ranges = append(ranges, fmt.Sprintf("%d-%d", r.Start, r.End))
		}
		return "trunk " + strings.Join(ranges, ",")
	default:
		return ""
	}
}

func (s *networkState) object(c *Conn, moid string) backend.Object {
	forward := "standard"
	switch s.kind {
	case "DistributedVirtualPortgroup":
		forward = "distributed"
	case "OpaqueNetwork":
		forward = "opaque"
	}
	net := &backend.Network{
		Meta: backend.Meta{ID: c.ref(backend.KindNetwork, moid), Name: s.name}, Active: s.accessible, Persistent: true,
		Bridge: orDefault(c.names.place(s.dvs), s.bridge), Forward: forward, VLAN: s.vlan, LeaseCount: -1, Hosts: s.hosts, VMs: s.vms,
	}
	if dc := c.names.datacenter(moid); dc != "" {
		net.Extra = append(net.Extra, backend.Field{Name: "Datacenter", Value: dc})
	}
	return net
}
