package libvirt

import (
	"context"
	"net"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// newPool defines a pool and, as asked, builds, marks and starts it. When a later step
// fails the definition is taken back, so that it can be tried again; what was built
// stays, since it may have been there before.
func (c *client) newPool(ctx context.Context, o backend.PoolNewOp, progress backend.Progress) (backend.Result, error) {
	x, err := poolXML(o)
	if err != nil {
		return backend.Result{}, err
	}
	text, err := x.Marshal()
	if err != nil {
		return backend.Result{}, deed{doing: o.Title()}.failed(err)
	}
	if err := c.nameIsFree(ctx, o); err != nil {
		return backend.Result{}, err
	}
	var pool libvirt.StoragePool
	_, err = c.carry(ctx, plain(o, "", powerLimit, func(lv *libvirt.Libvirt) (err error) {
		pool, err = lv.StoragePoolDefineXML(text, 0)
		return err
	}), progress)
	if err != nil {
		return backend.Result{}, poolRemedy(withStep(err, "define"))
	}
	if err := c.raisePool(ctx, o, pool, progress); err != nil {
		return backend.Result{}, poolRemedy(c.takePoolBack(o, pool, err))
	}
	return backend.Result{Created: c.poolRef(pool.UUID)}, nil
}

// nameIsFree refuses a name that is taken: libvirt would redefine the other pool.
func (c *client) nameIsFree(ctx context.Context, o backend.PoolNewOp) error {
	_, err := read(ctx, c, "find pool", o.Name, func(lv *libvirt.Libvirt) (libvirt.StoragePool, error) {
		return lv.StoragePoolLookupByName(o.Name)
	})
	switch {
	case err == nil:
		return backend.Refuse(backend.ClassConflict, o.Title(), "", "there is a pool of this name")
	case backend.ClassOf(err) == backend.ClassNotFound:
		return nil
	default:
		return err
	}
}

// raisePool does what is asked for after the definition.
func (c *client) raisePool(ctx context.Context, o backend.PoolNewOp, p libvirt.StoragePool, progress backend.Progress) error {
	steps := []struct {
		asked bool
		name  string
		run   func(*libvirt.Libvirt) error
	}{
		{o.Build, "build", func(lv *libvirt.Libvirt) error { return buildPool(lv, p, o.Type, false) }},
		{o.Start, "start", func(lv *libvirt.Libvirt) error { return lv.StoragePoolCreate(p, 0) }},
		{o.Autostart, "autostart", func(lv *libvirt.Libvirt) error { return lv.StoragePoolSetAutostart(p, 1) }},
	}
	for _, s := range steps {
		if !s.asked {
			continue
		}
		if _, err := c.carry(ctx, plain(o, "", poolLimit, s.run), progress); err != nil {
			return withStep(err, s.name)
		}
	}
	return nil
}

// takePoolBack undefines a pool that could not be made whole. After a lost answer nothing
// is known and nothing is done.
func (c *client) takePoolBack(o backend.PoolNewOp, p libvirt.StoragePool, cause error) error {
	if backend.ClassOf(cause) == backend.ClassLost {
		return cause
	}
	_, err := c.carryOut(context.Background(), plain(o, "", powerLimit, func(lv *libvirt.Libvirt) error {
		if active, err := lv.StoragePoolIsActive(p); err == nil && active != 0 {
			if err := lv.StoragePoolDestroy(p); err != nil {
				return err
			}
		}
		return lv.StoragePoolUndefine(p)
	}), backend.Progress{})
	if err != nil {
		return withRemedy(cause, "", "the definition of "+o.Name+" is left behind ("+err.Error()+"): undefine it")
	}
	return cause
}

// poolXML checks the answers that a pool's type needs and puts them in libvirt's form.
func poolXML(o backend.PoolNewOp) (*libvirtxml.StoragePool, error) {
	doing := "create pool"
	if err := checkFileName(doing, "pool", o.Name); err != nil {
		return nil, err
	}
	for _, f := range poolFields(o) {
		if err := plainText(doing, f.what, f.value); err != nil {
			return nil, err
		}
	}
	if err := checkPool(o); err != nil {
		return nil, err
	}
	x := &libvirtxml.StoragePool{Type: o.Type, Name: o.Name, Source: poolSource(o)}
	if path := poolTarget(o); path != "" {
		x.Target = &libvirtxml.StoragePoolTarget{Path: path}
	}
	return x, nil
}

// poolTarget is where a pool's volumes appear; some types have a place of their own.
func poolTarget(o backend.PoolNewOp) string {
	switch {
	case o.Type == "rbd":
		return ""
	case o.Path != "":
		return o.Path
	case o.Type == "logical":
		return "/dev/" + o.SourceName
	case o.Type == "iscsi":
		return "/dev/disk/by-path"
	case o.Type == "disk":
		return "/dev"
	default:
		return ""
	}
}

func poolSource(o backend.PoolNewOp) *libvirtxml.StoragePoolSource {
	if o.Type == "dir" {
		return nil
	}
	s := &libvirtxml.StoragePoolSource{Name: o.SourceName, Host: hostsOf(o.SourceHost)}
	if o.SourceDir != "" {
		s.Dir = &libvirtxml.StoragePoolSourceDir{Path: o.SourceDir}
	}
	for _, device := range devicesOf(o) {
		s.Device = append(s.Device, libvirtxml.StoragePoolSourceDevice{Path: device})
	}
	if o.SourceFormat != "" {
		s.Format = &libvirtxml.StoragePoolSourceFormat{Type: o.SourceFormat}
	}
	if o.Initiator != "" {
		s.Initiator = &libvirtxml.StoragePoolSourceInitiator{IQN: libvirtxml.StoragePoolSourceInitiatorIQN{Name: o.Initiator}}
	}
	if o.AuthUser != "" {
		kind := "chap"
		if o.Type == "rbd" {
			kind = "ceph"
		}
		s.Auth = &libvirtxml.StoragePoolSourceAuth{Type: kind, Username: o.AuthUser,
			Secret: &libvirtxml.StoragePoolSourceAuthSecret{UUID: o.AuthSecret.ID}}
	}
	return s
}

// devicesOf are the devices of a source; a volume group may lie on several.
func devicesOf(o backend.PoolNewOp) []string {
	if o.SourceDevice == "" {
		return nil
	}
	if o.Type != "logical" {
		return []string{o.SourceDevice}
	}
	return commaParts(o.SourceDevice)
}

func commaParts(text string) []string {
	var all []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// hostsOf takes "host", "host:port" and "[address]:port" apart, with commas between.
func hostsOf(text string) []libvirtxml.StoragePoolSourceHost {
	var all []libvirtxml.StoragePoolSourceHost
	for _, part := range commaParts(text) {
		if host, port, err := net.SplitHostPort(part); err == nil {
			all = append(all, libvirtxml.StoragePoolSourceHost{Name: host, Port: port})
			continue
		}
		all = append(all, libvirtxml.StoragePoolSourceHost{Name: strings.Trim(part, "[]")})
	}
	return all
}
