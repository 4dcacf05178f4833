package mem

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

// defineWork gives objects a definition in XML.
func (h *Hypervisor) defineWork(op backend.Op) (*work, error) {
	o, ok := op.(backend.DefineOp)
	if !ok {
		return nil, nil //nolint:nilnil // not of this area
	}
	var w *work
	var err error
	switch o.Kind {
	case backend.KindVM:
		w, err = h.defineVM(o)
	case backend.KindSnapshot:
		w, err = h.defineSnapshot(o)
	case backend.KindPool:
		w, err = h.definePoolOp(o)
	case backend.KindVolume:
		w, err = h.defineVolume(o)
	case backend.KindNetwork:
		w, err = h.defineNetworkOp(o)
	case backend.KindInterface:
		w, err = h.defineInterfaceOp(o)
	case backend.KindSecret:
		w, err = h.defineSecretOp(o)
	default:
		return nil, backend.Refuse(backend.ClassUnsupported, op.Title(), "", "a %s has no definition", o.Kind)
	}
	if err != nil {
		return nil, h.problem(err, op.Title(), "", backend.ClassOther)
	}
	w.shared = o.Object.IsZero()
	return w, nil
}

// document is what all documents of libvirtxml are.
type document interface{ Unmarshal(doc string) error }

// parse reads an XML; its error is libvirt's, with the line.
func parse(text, root string, into document) error {
	err := into.Unmarshal(text)
	if err == nil {
		return nil
	}
	var bad *xml.SyntaxError
	if !errors.As(err, &bad) {
		e := backend.Refuse(backend.ClassInvalid, "", "", "XML error: (%s_definition): %v", root, err)
		e.Code = "27"
		return e
	}
	lines := strings.Split(text, "\n")
	line := ""
	if bad.Line >= 1 && bad.Line <= len(lines) {
		line = strings.TrimRight(lines[bad.Line-1], "\r")
	}
	e := backend.Refuse(backend.ClassInvalid, "", "", "(%s_definition):%d: %s\n%s\n%s^", root, bad.Line, bad.Msg, line, strings.Repeat("-", len(line)))
	e.Code = "35"
	return e
}

// sameObject refuses an XML that names another object than the one that is edited.
func sameObject(what, name, uuid, gotName, gotUUID string) error {
	if gotName != name || gotUUID != "" && !strings.EqualFold(gotUUID, uuid) {
		return backend.Refuse(backend.ClassInvalid, "", name, "this is the definition of another %s: %s %s", what, gotName, gotUUID)
	}
	return nil
}

func (h *Hypervisor) defineSnapshot(o backend.DefineOp) (*work, error) {
	var def libvirtxml.DomainSnapshot
	if err := parse(o.XML, "snapshot", &def); err != nil {
		return nil, err
	}
	under := o.Under
	var old *snap
	for _, m := range h.vms {
		if s := m.snapOf(o.Object); !o.Object.IsZero() && s != nil {
			old, under = s, m.ID
		}
	}
	m, err := h.machineOf(o, under)
	if err != nil {
		return nil, err
	}
	if old == nil {
		return nil, backend.Refuse(backend.ClassUnsupported, "", m.Name, "snapshots are taken, not defined; only one that exists can be redefined")
	}
	w := &work{object: m.Name, quick: true}
	w.check = func() error { return sameObject("snapshot", old.Name, "", def.Name, "") }
	w.apply = func() (backend.Result, error) {
		old.Description = def.Description
		m.SnapshotRev++
		h.changed(m.ID)
		return backend.Result{Created: old.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) definePoolOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.StoragePool
	if err := parse(o.XML, "storage_pool", &def); err != nil {
		return nil, err
	}
	var old *pool
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.poolOf(o.Object); old == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "", "", "Storage pool not found")
	}
	folder := ""
	if def.Target != nil {
		folder = def.Target.Path
	}
	w := &work{object: def.Name}
	w.check = func() error {
		if err := checkNewName("storage pool", def.Name); err != nil {
			return err
		}
		if _, ok := poolKinds()[def.Type]; !ok {
			return backend.Refuse(backend.ClassInvalid, "", "", "unknown storage pool type %q", def.Type)
		}
		if def.Type == "dir" && folder == "" {
			return backend.Refuse(backend.ClassInvalid, "", "", "XML error: missing storage pool target path")
		}
		if old != nil {
			if err := sameObject("pool", old.Name, old.UUID, def.Name, def.UUID); err != nil {
				return err
			}
		}
		if o.Transient && !h.mountable(def.Type, folder) {
			return noFolder(def.Name, folder)
		}
		return h.checkNewPool(def.Name, folder, old)
	}
	w.apply = func() (backend.Result, error) {
		p := h.definePool(&def, old)
		if o.Transient {
			p.Persistent, p.State = false, backend.PoolRunning
		}
		return backend.Result{Created: p.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) defineVolume(o backend.DefineOp) (*work, error) {
	if !o.Object.IsZero() {
		return nil, backend.Refuse(backend.ClassUnsupported, "", "", "a volume can't be redefined")
	}
	var def libvirtxml.StorageVolume
	if err := parse(o.XML, "storage_volume", &def); err != nil {
		return nil, err
	}
	create := backend.VolumeCreateOp{Pool: o.Under, Name: def.Name}
	for size, into := range map[*libvirtxml.StorageVolumeSize]*uint64{def.Capacity: &create.Capacity, def.Allocation: &create.Allocation} {
		if size == nil || size.Value == 0 {
			continue
		}
		var err error
		if *into, err = bytesOf(uint(size.Value), or(size.Unit, "bytes")); err != nil {
			return nil, err
		}
	}
	if def.Target != nil && def.Target.Format != nil {
		create.Format = def.Target.Format.Type
	}
	if def.BackingStore != nil {
		create.Backing = def.BackingStore.Path
		if def.BackingStore.Format != nil {
			create.BackingFormat = def.BackingStore.Format.Type
		}
	}
	return h.volumeCreate(create)
}

func (h *Hypervisor) defineNetworkOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Network
	if err := parse(o.XML, "network", &def); err != nil {
		return nil, err
	}
	var old *network
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.networkOf(o.Object); old == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "", "", "Network not found")
	}
	w := &work{object: def.Name}
	w.check = func() error {
		if err := checkNewName("network", def.Name); err != nil {
			return err
		}
		if old != nil {
			if err := sameObject("network", old.Name, old.UUID, def.Name, def.UUID); err != nil {
				return err
			}
		}
		return h.checkNewNetwork(&def, old)
	}
	w.apply = func() (backend.Result, error) {
		n := h.defineNetwork(&def, old)
		if o.Transient {
			n.Persistent, n.Active = false, true
		}
		return backend.Result{Created: n.ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) defineInterfaceOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Interface
	if err := parse(o.XML, "interface", &def); err != nil {
		return nil, err
	}
	var old *iface
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.interfaceOf(o.Object); old == nil {
		return nil, backend.Refuse(backend.ClassNotFound, "", "", "Interface not found")
	}
	if o.Transient {
		return nil, backend.Refuse(backend.ClassUnsupported, "", "", "an interface has a lasting definition")
	}
	w := &work{object: def.Name}
	w.check = func() error {
		if err := checkNewName("interface", def.Name); err != nil {
			return err
		}
		if old != nil {
			return sameObject("interface", old.Name, "", def.Name, "")
		}
		if h.interfaceOf(h.ref(backend.KindInterface, def.Name)) != nil {
			return exists("interface %s already exists", def.Name)
		}
		return nil
	}
	w.apply = func() (backend.Result, error) {
		return backend.Result{Created: h.defineInterface(&def, old).ID}, nil
	}
	return w, nil
}

func (h *Hypervisor) defineSecretOp(o backend.DefineOp) (*work, error) {
	var def libvirtxml.Secret
	if err := parse(o.XML, "secret", &def); err != nil {
		return nil, err
	}
	var old *secret
	if o.Object.IsZero() {
		if err := h.hostFor(o, o.Under); err != nil {
			return nil, err
		}
	} else if old = h.secretOf(o.Object); old == nil {
		return nil, noSecret("")
	}
	if o.Transient {
		return nil, backend.Refuse(backend.ClassUnsupported, "", "", "ephemeral is part of the definition of a secret")
	}
	w := &work{object: fmt.Sprintf("secret %s", def.UUID)}
	w.check = func() error {
		usage, id := usageOf(&def)
		if old != nil {
			if err := sameObject("secret", old.Name, old.UUID, old.Name, def.UUID); err != nil {
				return err
			}
			if usage != old.Usage || id != old.UsageID {
				return backend.Refuse(backend.ClassInvalid, "", old.Name, "cannot change usage of an existing secret")
			}
		}
		return h.checkSecretNew(&def, old)
	}
	w.apply = func() (backend.Result, error) {
		return backend.Result{Created: h.defineSecret(&def, old).ID}, nil
	}
	return w, nil
}
