package libvirt

import (
	"context"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

const (
	codesetLinux = 0   // VIR_KEYCODE_SET_LINUX
	holdKeys     = 100 // milliseconds: long enough for a guest to see, too short to repeat
)

// sendKeys presses keys together and lets them go. Source: virDomainSendKey.
func (c *client) sendKeys(ctx context.Context, o backend.VMSendKeyOp, progress backend.Progress) (backend.Result, error) {
	codes, err := keyCodes(o.Title(), o.Keys)
	if err != nil {
		return backend.Result{}, err
	}
	ch, err := c.changeOf(ctx, o)
	if err != nil {
		return backend.Result{}, err
	}
	ch.run = plainly(func(lv *libvirt.Libvirt) error { return lv.DomainSendKey(ch.domain, codesetLinux, holdKeys, codes, 0) })
	return c.carryOut(ctx, ch, progress)
}
