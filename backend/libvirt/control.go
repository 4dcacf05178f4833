package libvirt

import (
	"context"
	"fmt"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	// lookAtControl is how often it is asked why an operation takes its time.
	lookAtControl = 2 * time.Second
	// unresponsive is for how long QEMU may be busy with a command before that is worth
	// a word.
	unresponsive = 3 * time.Second
)

// control is what libvirt knows of its way to a VM's hypervisor, and for how long that
// has been so; OK where it knows nothing. It never waits for the VM. Source:
// virDomainGetControlInfo.
func (c *client) control(ctx context.Context, d libvirt.Domain) (libvirt.DomainControlState, time.Duration) {
	type info struct {
		state uint32
		since uint64 // milliseconds
	}
	got, err := read(ctx, c, "ask for the control of", d.Name, func(lv *libvirt.Libvirt) (info, error) {
		state, _, since, err := lv.DomainGetControlInfo(d, 0)
		return info{state, since}, err
	})
	if err != nil {
		return libvirt.DomainControlOk, 0
	}
	since := time.Duration(min(got.since, uint64(1<<40))) * time.Millisecond //nolint:gosec // bounded
	return libvirt.DomainControlState(got.state), since                      //nolint:gosec // an enum
}

// controlWords says that a VM's hypervisor does not answer, and since when; "" when it
// does or nothing is known.
func (c *client) controlWords(ctx context.Context, d libvirt.Domain) string {
	switch state, since := c.control(ctx, d); {
	case state == libvirt.DomainControlError:
		return c.hypervisorName() + " can't be reached"
	case state == libvirt.DomainControlOccupied && since >= unresponsive:
		return fmt.Sprintf("%s has not answered for %v", c.hypervisorName(), since.Round(time.Second))
	default:
		return ""
	}
}

// hypervisorName is what runs the VMs of this daemon.
func (c *client) hypervisorName() string {
	if c.node.driver == "" {
		return "the hypervisor"
	}
	return c.node.driver
}

// addControl tells when a VM does not answer: all that needs it to is old or missing.
func (c *client) addControl(ctx context.Context, d libvirt.Domain, detail *backend.Detail) {
	if words := c.controlWords(ctx, d); words != "" {
		detail.Fields = append(detail.Fields, backend.Field{Name: "Responds", Value: "no, " + words})
	}
}

// followControl tells what an operation on a VM waits for, until the function that it
// gives is called.
func (c *client) followControl(d libvirt.Domain, progress backend.Progress) (stop func()) {
	if progress.Stalled == nil || d.UUID == (libvirt.UUID{}) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	said := ""
	wait := c.beside(func() {
		for pause(ctx, lookAtControl) {
			words := c.controlWords(ctx, d)
			if ctx.Err() == nil && words != said {
				said = words
				progress.Stalled(words)
			}
		}
	})
	return func() { cancel(); wait() }
}
