package vsphere

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// portGroup is what the hosts say of a standard port group: its switches and VLANs,
// which may differ from host to host.
type portGroup struct{ switches, vlans []string }

func (p *portGroup) add(spec types.HostPortGroupSpec) {
	p.switches = addNew(p.switches, spec.VswitchName)
	p.vlans = addNew(p.vlans, standardVLAN(spec.VlanId))
}

func addNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	list = append(list, s)
	slices.Sort(list)
	return list
}

// standardVLAN is the VLAN of a standard port group in words. Source:
// HostPortGroupSpec.vlanId.
func standardVLAN(id int32) string {
	switch id {
	case 0:
		return ""
	case 4095:
		return "all, tagged by the guest"
	default:
		return fmt.Sprint(id)
	}
}

func (p *portGroup) bridge() string { return strings.Join(p.switches, ", ") }
func (p *portGroup) vlan() string   { return strings.Join(p.vlans, ", ") }

// portGroups asks all hosts in one call. Names are of a datacenter: the key is its moid,
// a slash and the name. Source: HostSystem.config.network.portgroup.
func (c *Conn) portGroups(ctx context.Context) (map[string]*portGroup, error) {
	view, err := c.createView(ctx, []string{"HostSystem"})
	if err != nil {
		return nil, err
	}
	defer c.destroyView(view)
	all := make(map[string]*portGroup)
	sets := []types.PropertySpec{{Type: "HostSystem", PathSet: []string{"config.network.portgroup"}}}
	err = c.retrieve(ctx, viewSpec(view, sets), func(page []types.ObjectContent) {
		for _, o := range page {
			for _, g := range as[types.ArrayOfHostPortGroup](propsOf(o)["config.network.portgroup"]).HostPortGroup {
				key := c.portGroupKey(o.Obj.Value, g.Spec.Name)
				if all[key] == nil {
					all[key] = &portGroup{}
				}
				all[key].add(g.Spec)
			}
		}
	})
	return all, err
}

// portGroupKey names a port group by something in its datacenter.
func (c *Conn) portGroupKey(moid, name string) string {
	id, _ := c.names.above(moid, "Datacenter")
	return id + "/" + name
}

// portGroupRound tells the switch and VLAN of standard port groups.
func (w *watch) portGroupRound(ctx context.Context) (func(context.Context) error, error) {
	var all map[string]*portGroup
	err := w.c.once(ctx, pageTimeout, func(ctx context.Context) error {
		var err error
		all, err = w.c.portGroups(ctx)
		return err
	})
	if err != nil {
		return nil, err
	}
	return func(context.Context) error {
		for moid, e := range w.entities {
			if s, ok := e.(*networkState); ok && s.standard(w.c, moid, all) {
				w.put(moid, s)
			}
		}
		w.groups = all
		w.flush()
		return nil
	}, nil
}

// standard takes over what the hosts say of a standard port group, and tells whether
// that is news.
func (s *networkState) standard(c *Conn, moid string, all map[string]*portGroup) bool {
	g := all[c.portGroupKey(moid, s.name)]
	if s.kind != "Network" || g == nil || s.bridge == g.bridge() && s.vlan == g.vlan() {
		return false
	}
	s.bridge, s.vlan = g.bridge(), g.vlan()
	return true
}
