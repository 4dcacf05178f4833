package soak

import (
	"strings"
	"time"
)

// within is how long a call of govc may take: the server answers at once or not at all.
const within = 20 * time.Second

func (s *Soak) govcDo(args ...string) bool {
	s.govc.begin(args...)
	_, err := s.vcsim.GovcWithin(within, args...)
	if err != nil {
		s.govc.trail.add("-", firstLine(err.Error()))
	}
	return err == nil
}

// changeVsphere makes one change, or a fault when it is time for one.
func (s *Soak) changeVsphere(c *churn) {
	if time.Now().After(c.fault) {
		c.fault = time.Now().Add(time.Duration((0.5 + c.random.Float64()) * float64(s.plan.Fault)))
		s.faultVsphere(c)
		return
	}
	c.one(append(s.machines(c), s.things(c)...))
}

func (s *Soak) machines(c *churn) []change {
	return []change{
		{4, func() {
			name := c.fresh("b-v")
			if len(c.known["vm"]) < most && s.govcDo("vm.create", "-on=false", "-ds", "LocalDS_0", "-pool", "/DC0/host/DC0_C0/Resources", "-net", "VM Network", name) {
				c.has("vm", name)
			}
		}},
		{3, func() {
			if name := c.any("vm"); name != "" && s.govcDo("vm.destroy", name) {
				c.gone("vm", name)
			}
		}},
		{3, func() {
			was, name := c.any("vm"), c.fresh("z-v")
			if was != "" && s.govcDo("object.rename", "/DC0/vm/"+was, name) {
				c.gone("vm", was)
				c.has("vm", name)
			}
		}},
		{6, func() {
			if name := c.any("vm"); name != "" {
				s.govcDo("vm.power", []string{"-on", "-off", "-suspend"}[c.random.IntN(3)], name)
			}
		}},
		{4, func() {
			vm, name := c.any("vm"), c.fresh("s-v")
			if vm != "" && len(c.known["snapshot"]) < most && s.govcDo("snapshot.create", "-vm", vm, name) {
				c.has("snapshot", vm+" "+name)
			}
		}},
		{4, func() {
			if vm, name, ok := strings.Cut(c.any("snapshot"), " "); ok {
				s.govcDo("snapshot.remove", "-vm", vm, name)
				c.gone("snapshot", vm+" "+name)
			}
		}},
	}
}

// things are folders, files and networks.
func (s *Soak) things(c *churn) []change {
	return []change{
		{2, func() {
			if name := c.fresh("f-v"); len(c.known["folder"]) < 4 && s.govcDo("folder.create", "/DC0/vm/"+name) {
				c.has("folder", name)
			}
		}},
		{2, func() {
			if name := c.any("folder"); name != "" && s.govcDo("object.destroy", "/DC0/vm/"+name) {
				c.gone("folder", name)
			}
		}},
		{2, func() {
			if name := c.fresh("d-v"); len(c.known["file"]) < most && s.govcDo("datastore.mkdir", "-ds", "LocalDS_0", name) {
				c.has("file", name)
			}
		}},
		{2, func() {
			if name := c.any("file"); name != "" && s.govcDo("datastore.rm", "-ds", "LocalDS_0", name) {
				c.gone("file", name)
			}
		}},
		{1, func() {
			if name := c.fresh("g-v"); len(c.known["network"]) < 4 && s.govcDo("dvs.portgroup.add", "-dvs", "DVS0", "-type", "earlyBinding", "-nports", "4", name) {
				c.has("network", name)
			}
		}},
		{1, func() {
			if name := c.any("network"); name != "" && s.govcDo("object.destroy", "/DC0/network/"+name) {
				c.gone("network", name)
			}
		}},
	}
}

// faultVsphere freezes the vCenter, ends the program's session, or starts the vCenter
// again, which then has what it had at first.
func (s *Soak) faultVsphere(c *churn) {
	c.made++
	switch c.random.IntN(4) {
	case 0:
		c.begin("vCenter frozen")
		s.vcsim.Freeze()
		time.Sleep(9 * time.Second)
		s.vcsim.Thaw()
	case 1, 2:
		c.begin("session ended")
		out, err := s.vcsim.GovcWithin(within, "session.ls")
		if err != nil {
			return
		}
		for line := range strings.Lines(out) {
			if f := strings.Fields(line); strings.Contains(line, "hvdeck/") && len(f) > 0 {
				s.govcDo("session.rm", f[0])
			}
		}
	case 3:
		c.begin("vCenter started again")
		s.vcsim.Restart()
		c.known = map[string][]string{}
	}
}
