package mem_test

import (
	"testing"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/backendtest"
	"hvdeck/backend/mem"
)

const alone = "this host stands alone"

func TestConformance(t *testing.T) {
	variants := []struct {
		name   string
		change func(*mem.Config)
	}{
		{"instant", func(*mem.Config) {}},
		{"clocked", func(c *mem.Config) { c.OpTime = 4 * time.Millisecond }},
		{"duplicates", func(c *mem.Config) { c.DuplicateNames = true }},
		{"uncancellable", func(c *mem.Config) { c.OpTime, c.Uncancellable = 4*time.Millisecond, true }},
	}
	for _, v := range variants {
		cfg := mem.Demo("kvm01")
		cfg.OpTime = 0
		cfg.Specs = append(cfg.Specs,
			mem.VMSpec{Name: "suite-on", State: backend.PowerOn, Agent: true},
			mem.VMSpec{Name: "suite-off", State: backend.PowerOff})
		v.change(&cfg)
		backendtest.Run(t, target(v.name, cfg))
	}
}

func target(name string, cfg mem.Config) backendtest.Target {
	h := mem.New(cfg)
	peer := mem.New(mem.Config{ID: "peer"})
	mem.Join(h, peer)
	return backendtest.Target{
		Name:    name,
		Open:    func(t *testing.T) backend.Backend { return dial(t, h) },
		Running: "suite-on", Off: "suite-off",
		PoolDir: "/var/lib/libvirt",
		Peer:    &backendtest.Peer{Open: func(t *testing.T) backend.Backend { return dial(t, peer) }, URI: "mem:///peer"},
		OpenReadOnly: func(t *testing.T) backend.Backend {
			cfg.ReadOnly = true
			return dial(t, mem.New(cfg))
		},
		SecondActor: func(t *testing.T, name string, state backend.PowerState) {
			if !h.SetPower(h.VM(name), state, "") {
				t.Errorf("no VM %s", name)
			}
		},
		Missing: missing(),
	}
}

// missing is what a libvirt host has not.
func missing() map[string]string {
	all := backendtest.Lacking("not supported by this connection", "place", "link", "file", "ovf", "alarm")
	all["power/on-host"], all["snapshot/revert-host"] = alone, alone
	return all
}

func dial(t *testing.T, h *mem.Hypervisor) backend.Backend {
	t.Helper()
	b, err := h.Dialer().Dial(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}
