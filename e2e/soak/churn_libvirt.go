package soak

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// most is how much of a kind another actor leaves lying about.
const most = 12

// prepare gives libvirt its inventory and both servers their other actors.
func (s *Soak) prepare() {
	s.t.Helper()
	s.virsh, s.govc = newChurn(s.plan.Seed, 1<<40), newChurn(s.plan.Seed, 1<<41)
	s.virsh.uri = s.libvirtd.URI
	s.t.Cleanup(func() {
		for _, sh := range s.virsh.shells {
			sh.close()
		}
	})
	s.libvirtd.DefineMany(6)
	s.populate()
}

// populate gives the test driver its many domains: it forgets them with the daemon.
func (s *Soak) populate() {
	for i := range 30 {
		s.define("test", fmt.Sprintf("t%03d", i))
	}
}

func (s *Soak) define(driver, name string) bool {
	text := fmt.Sprintf("<domain type='%s'><name>%s</name><memory unit='MiB'>64</memory><vcpu>2</vcpu><os><type arch='%s'>hvm</type></os></domain>",
		driver, name, map[string]string{"qemu": "x86_64", "test": "i686"}[driver])
	return s.virsh.do(driver, "define "+s.write(name+".xml", text))
}

// write leaves a text where virsh finds it.
func (s *Soak) write(name, text string) string {
	path := filepath.Join(s.libvirtd.Dir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Error(err)
	}
	return path
}

// changeLibvirt makes one change, or a fault when it is time for one.
func (s *Soak) changeLibvirt(c *churn) {
	if time.Now().After(c.fault) {
		c.fault = time.Now().Add(time.Duration((0.5 + c.random.Float64()) * float64(s.plan.Fault)))
		s.faultLibvirt(c)
		return
	}
	driver := "test"
	if c.random.IntN(3) == 0 {
		driver = "qemu"
	}
	var of []change
	of = append(of, s.domains(c, driver)...)
	of = append(of, s.states(c)...)
	of = append(of, s.storage(c, driver)...)
	of = append(of, s.networks(c, driver)...)
	c.one(of)
}

func (s *Soak) domains(c *churn, driver string) []change {
	kind := driver + " domain"
	return []change{
		{6, func() {
			if len(c.known[kind]) >= most {
				s.vanish(c, driver)
				return
			}
			if name := c.fresh("a-k"); s.define(driver, name) {
				c.has(kind, name)
			}
		}},
		{5, func() { s.vanish(c, driver) }},
		{3, func() {
			was, name := c.any(kind), c.fresh("n-k")
			if was != "" && c.do(driver, "domrename "+was+" "+name) {
				c.gone(kind, was)
				c.has(kind, name)
			}
		}},
	}
}

func (s *Soak) vanish(c *churn, driver string) {
	kind := driver + " domain"
	name := c.any(kind)
	if name == "" {
		return
	}
	c.do(driver, "destroy "+name)
	if c.do(driver, "undefine --snapshots-metadata "+name) {
		c.gone(kind, name)
	}
}

// states are changes of what a domain does.
func (s *Soak) states(c *churn) []change {
	some := func() string { return fmt.Sprintf("t%03d", c.random.IntN(30)) }
	var out []change
	for _, verb := range []string{"start", "destroy", "suspend", "resume"} {
		out = append(out, change{4, func() { c.do("test", verb+" "+some()) }})
	}
	for _, verb := range []string{"suspend", "resume"} {
		out = append(out, change{2, func() { c.do("qemu", verb+" guest") }})
	}
	return append(out,
		change{1, func() { c.do("qemu", "start guest") }},
		change{1, func() { c.do("qemu", "destroy spare") }},
		change{1, func() { c.do("qemu", fmt.Sprintf("destroy m%05d", c.random.IntN(6))) }},
		change{5, func() {
			domain, name := some(), c.fresh("s-k")
			if len(c.known["snapshot"]) < most && c.do("test", "snapshot-create-as "+domain+" "+name) {
				c.has("snapshot", domain+" "+name)
			}
		}},
		change{5, func() {
			if name := c.any("snapshot"); name != "" {
				c.do("test", "snapshot-delete "+name)
				c.gone("snapshot", name)
			}
		}})
}

func (s *Soak) storage(c *churn, driver string) []change {
	pool, volume := driver+" pool", driver+" volume"
	return []change{
		{2, func() {
			name := c.fresh("p-k")
			dir := filepath.Join(s.libvirtd.Dir(), "images", name)
			if len(c.known[pool]) >= 4 || os.MkdirAll(dir, 0o750) != nil {
				return
			}
			if c.do(driver, "pool-define-as "+name+" dir --target "+dir) {
				c.has(pool, name)
				c.do(driver, "pool-start "+name)
			}
		}},
		{2, func() {
			if name := c.any(pool); name != "" {
				c.do(driver, "pool-destroy "+name)
				if c.random.IntN(2) == 0 && c.do(driver, "pool-undefine "+name) {
					c.gone(pool, name)
				}
			}
		}},
		{1, func() {
			if name := c.any(pool); name != "" {
				c.do(driver, "pool-start "+name)
			}
		}},
		{4, func() {
			name, in := c.fresh("v-k"), c.any(pool)
			if in != "" && len(c.known[volume]) < most && c.do(driver, "vol-create-as "+in+" "+name+" 1M") {
				c.has(volume, name+" "+in)
			}
		}},
		{3, func() {
			if name := c.any(volume); name != "" {
				c.do(driver, "vol-delete "+name)
				c.gone(volume, name)
			}
		}},
	}
}

func (s *Soak) networks(c *churn, driver string) []change {
	kind := driver + " network"
	return []change{
		{2, func() {
			name := c.fresh("w-k")
			if len(c.known[kind]) >= 4 {
				return
			}
			text := fmt.Sprintf("<network><name>%s</name><bridge name='vk%d'/></network>", name, c.serial)
			if c.do(driver, "net-define "+s.write("network.xml", text)) {
				c.has(kind, name)
				c.do(driver, "net-start "+name)
			}
		}},
		{2, func() {
			if name := c.any(kind); name != "" {
				c.do(driver, "net-destroy "+name)
				if c.do(driver, "net-undefine "+name) {
					c.gone(kind, name)
				}
			}
		}},
	}
}

// faultLibvirt freezes the daemon or a guest, or kills the daemon.
func (s *Soak) faultLibvirt(c *churn) {
	c.made++
	switch c.random.IntN(3) {
	case 0:
		c.begin("libvirtd frozen")
		s.libvirtd.Freeze()
		time.Sleep(9 * time.Second) // longer than the program waits for a sign of life
		s.libvirtd.Thaw()
	case 1:
		c.begin("the guest frozen")
		if out, err := c.virsh("qemu", "domstate guest"); err == nil && firstLine(out) == "running" {
			thaw := s.libvirtd.FreezeGuest("guest")
			time.Sleep(6 * time.Second)
			thaw()
		}
	case 2:
		c.begin("libvirtd killed")
		s.libvirtd.Kill()
		time.Sleep(2 * time.Second)
		s.libvirtd.Restart()
		for kind := range c.known { // what the test driver had is gone; of qemu's, what was not defined
			if kind == "snapshot" || kind[:4] == "test" {
				delete(c.known, kind)
			}
		}
		for driver, sh := range c.shells {
			sh.close()
			delete(c.shells, driver)
		}
		s.populate()
	}
}
