// Package demo is the embedded default of hvdeck --demo: a simulated vCenter that is
// reached through the real vSphere driver over its real protocol, on this machine's
// loopback, and two libvirt-like hosts in memory. It promises that nothing outside
// the process is touched, and that Close leaves nothing behind.
package demo

import (
	"context"
	"fmt"
	"time"

	"hvdeck/backend"
	"hvdeck/backend/mem"
	"hvdeck/backend/poll"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

// Demo is a running demo.
type Demo struct {
	Endpoints []poll.Endpoint
	sim       *vcsim.Server
}

// Start starts the simulators.
func Start(context.Context) (*Demo, error) {
	sim, err := vcsim.Start(vcsim.Options{Demo: true})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	vc, err := vsphere.New(vsphere.Options{ID: "dc1", URL: sim.URL(), Version: "demo"})
	if err != nil {
		sim.Close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	d := &Demo{sim: sim, Endpoints: []poll.Endpoint{{ID: "dc1", URI: "simulated vCenter", Dialer: vc}}}
	var hosts []*mem.Hypervisor
	for _, id := range []string{"kvm01", "kvm02"} {
		c := mem.Demo(backend.ConnID(id))
		c.Now, c.OpTime = time.Now, 2*time.Second
		h := mem.New(c)
		hosts = append(hosts, h)
		d.Endpoints = append(d.Endpoints, poll.Endpoint{ID: c.ID, URI: "simulated KVM host", Dialer: h.Dialer()})
	}
	mem.Join(hosts...)
	return d, nil
}

// Close ends the simulators.
func (d *Demo) Close() { d.sim.Close() }
