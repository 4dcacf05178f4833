package vsphere

import (
	"context"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

// search is one look-up at the server.
type search struct {
	c    *Conn
	text string
	// datacenter is the one to look in; nil for all. all are those it may be.
	datacenter *moref
	all        []moref
	found      []moref
}

// Find implements backend.Finder. What the server does not find is no error.
func (c *Conn) Find(ctx context.Context, by backend.FindBy, text, datacenter string) ([]backend.Ref, error) {
	const doing = "look up"
	text = strings.TrimSpace(text)
	if text == "" {
		return nil, backend.Refuse(backend.ClassInvalid, doing, "", "say what to look for")
	}
	if err := c.learnPlaces(ctx); err != nil {
		return nil, err
	}
	s := &search{c: c, text: text}
	for _, moid := range c.names.datacenters(datacenter) {
		s.all = append(s.all, moref{Type: "Datacenter", Value: moid})
	}
	in := []*moref{nil}
	if datacenter != "" {
		if len(s.all) == 0 {
			return nil, backend.Refuse(backend.ClassNotFound, doing, text, "there is no datacenter %q", datacenter)
		}
		in = nil
		for i := range s.all { // datacenters in different folders may have one name
			in = append(in, &s.all[i])
		}
	}
	ways := map[backend.FindBy]func(context.Context) error{
		backend.FindByName: s.byName, backend.FindByPath: s.byPath, backend.FindByInventory: s.byInventory,
		backend.FindByUUID: s.byUUID, backend.FindByIP: s.byIP, backend.FindByDNS: s.byDNS,
	}
	way, ok := ways[by]
	if !ok {
		return nil, backend.Refuse(backend.ClassInvalid, doing, text, "there is no such way to look for a VM")
	}
	err := c.readWithin(ctx, pageTimeout, doing, text, func(ctx context.Context) error {
		s.found = nil // asked anew with a new session
		for _, s.datacenter = range in {
			if err := way(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.refs(), nil
}

// refs are the VMs among what was found, each once.
func (s *search) refs() []backend.Ref {
	var refs []backend.Ref
	seen := make(map[moref]bool)
	for _, r := range s.found {
		r.ServerGUID = ""
		if r.Type != "VirtualMachine" || seen[r] {
			continue
		}
		seen[r] = true
		refs = append(refs, s.c.ref(backend.KindVM, r.Value))
	}
	return refs
}

func (s *search) index() moref { return *s.c.vc.ServiceContent.SearchIndex }

func (s *search) add(r *moref) {
	if r != nil {
		s.found = append(s.found, *r)
	}
}

// byName reads the names of all VMs, or of those in the datacenter: the server has no
// search by name.
func (s *search) byName(ctx context.Context) error {
	root := s.c.vc.ServiceContent.RootFolder
	if s.datacenter != nil {
		root = *s.datacenter
	}
	res, err := methods.CreateContainerView(ctx, s.c.vc, &types.CreateContainerView{
		This: *s.c.vc.ServiceContent.ViewManager, Container: root, Type: []string{"VirtualMachine"}, Recursive: true,
	})
	if err != nil {
		return err
	}
	defer s.c.destroyView(res.Returnval)
	sets := []types.PropertySpec{{Type: "VirtualMachine", PathSet: []string{"name"}}}
	return s.c.retrieve(ctx, viewSpec(res.Returnval, sets), func(page []types.ObjectContent) {
		for _, o := range page {
			name := as[string](propsOf(o)["name"])
			if name == s.text || unescape(name) == s.text {
				s.found = append(s.found, o.Obj)
			}
		}
	})
}

// byPath asks each datacenter: a datastore path is one of a datacenter.
func (s *search) byPath(ctx context.Context) error {
	in := s.all
	if s.datacenter != nil {
		in = []moref{*s.datacenter}
	}
	for _, dc := range in {
		res, err := methods.FindByDatastorePath(ctx, s.c.vc, &types.FindByDatastorePath{This: s.index(), Datacenter: dc, Path: s.text})
		if err != nil {
			if _, bad := faultOf(err).(*types.InvalidDatastore); bad {
				continue // this datacenter has no datastore of that name
			}
			return err
		}
		s.add(res.Returnval)
	}
	return nil
}

// byInventory takes the path with the slashes of names as %2f. With a datacenter, the
// path may begin below it.
func (s *search) byInventory(ctx context.Context) error {
	path := "/" + strings.Trim(s.text, "/")
	if s.datacenter != nil {
		top := "/" + s.c.names.apiPath(s.datacenter.Value)
		if path != top && !strings.HasPrefix(path, top+"/") {
			path = top + path
		}
	}
	res, err := methods.FindByInventoryPath(ctx, s.c.vc, &types.FindByInventoryPath{This: s.index(), InventoryPath: path})
	if err != nil {
		return err
	}
	s.add(res.Returnval)
	return nil
}

// byUUID looks for the BIOS UUID and for the one that vCenter gave the instance.
func (s *search) byUUID(ctx context.Context) error {
	for _, instance := range []bool{false, true} {
		res, err := methods.FindAllByUuid(ctx, s.c.vc, &types.FindAllByUuid{
			This: s.index(), Datacenter: s.datacenter, Uuid: strings.ToLower(s.text), VmSearch: true, InstanceUuid: &instance,
		})
		if err != nil {
			return err
		}
		s.found = append(s.found, res.Returnval...)
	}
	return nil
}

func (s *search) byIP(ctx context.Context) error {
	res, err := methods.FindAllByIp(ctx, s.c.vc, &types.FindAllByIp{This: s.index(), Datacenter: s.datacenter, Ip: s.text, VmSearch: true})
	if err != nil {
		return err
	}
	s.found = append(s.found, res.Returnval...)
	return nil
}

func (s *search) byDNS(ctx context.Context) error {
	res, err := methods.FindAllByDnsName(ctx, s.c.vc, &types.FindAllByDnsName{This: s.index(), Datacenter: s.datacenter, DnsName: s.text, VmSearch: true})
	if err != nil {
		return err
	}
	s.found = append(s.found, res.Returnval...)
	return nil
}

var _ backend.Finder = (*Conn)(nil)
