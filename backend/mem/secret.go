package mem

import (
	"context"
	"slices"

	"hvdeck/backend"

	"libvirt.org/go/libvirtxml"
)

var _ backend.SecretReader = (*conn)(nil)

func (h *Hypervisor) addSecret(spec SecretSpec) {
	def := secretDef(backend.SecretNewOp{Usage: spec.Usage, UsageID: spec.ID, Description: spec.Description, Private: spec.Private})
	def.UUID = h.uuid()
	h.defineSecret(def, nil).value = []byte(spec.Value)
}

// secretDef is the definition of a secret; it never holds the value.
func secretDef(o backend.SecretNewOp) *libvirtxml.Secret {
	def := &libvirtxml.Secret{Description: o.Description, Ephemeral: yesNo(o.Ephemeral), Private: yesNo(o.Private)}
	switch o.Usage {
	case "", "none":
	case "volume":
		def.Usage = &libvirtxml.SecretUsage{Type: o.Usage, Volume: o.UsageID}
	case "iscsi":
		def.Usage = &libvirtxml.SecretUsage{Type: o.Usage, Target: o.UsageID}
	default:
		def.Usage = &libvirtxml.SecretUsage{Type: o.Usage, Name: o.UsageID}
	}
	return def
}

func yesNo(v bool) string {
	if v {
		return "yes"
	}
	return "no"
}

// usageOf gives what a secret is for, and for which.
func usageOf(def *libvirtxml.Secret) (usage, id string) {
	if def.Usage == nil {
		return "none", ""
	}
	return def.Usage.Type, or(or(def.Usage.Volume, def.Usage.Name), def.Usage.Target)
}

// defineSecret makes a secret of its XML, or changes old by it. Needs mu, or is
// called by New.
func (h *Hypervisor) defineSecret(def *libvirtxml.Secret, old *secret) *secret {
	s := old
	if s == nil {
		uuid := or(def.UUID, backend.NewUUID())
		s = &secret{Secret: backend.Secret{Meta: backend.Meta{ID: h.ref(backend.KindSecret, uuid)}, UUID: uuid}}
		h.secrets = append(h.secrets, s)
	}
	s.Usage, s.UsageID = usageOf(def)
	s.Name = or(s.UsageID, s.UUID)
	s.Description, s.Ephemeral, s.Private = def.Description, def.Ephemeral == "yes", def.Private == "yes"
	h.changed(s.ID)
	return s
}

func (h *Hypervisor) secretOf(r backend.Ref) *secret {
	i := slices.IndexFunc(h.secrets, func(s *secret) bool { return s.ID == r })
	if i < 0 {
		return nil
	}
	return h.secrets[i]
}

func noSecret(doing string) error {
	e := backend.Refuse(backend.ClassNotFound, doing, "", "Secret not found: no secret with matching uuid")
	e.Code = "60"
	return e
}

// secretWork makes secrets and sets their values.
func (h *Hypervisor) secretWork(op backend.Op) (*work, error) {
	switch o := op.(type) {
	case backend.SecretNewOp:
		if err := h.hostFor(o, o.Host); err != nil {
			return nil, err
		}
		w := &work{object: or(o.UsageID, "new"), shared: true}
		w.check = func() error { return h.checkSecretNew(secretDef(o), nil) }
		w.apply = func() (backend.Result, error) {
			s := h.defineSecret(secretDef(o), nil)
			s.value = slices.Clone(o.Value.Reveal())
			return backend.Result{Created: s.ID}, nil
		}
		return w, nil
	case backend.SecretSetOp:
		s := h.secretOf(o.Secret)
		if s == nil {
			return nil, noSecret(o.Title())
		}
		w := &work{object: s.Name, check: always}
		w.apply = done(func() { s.value = slices.Clone(o.Value.Reveal()) })
		return w, nil
	default:
		return nil, nil //nolint:nilnil // not of this area
	}
}

func (h *Hypervisor) checkSecretNew(def *libvirtxml.Secret, self *secret) error {
	usage, id := usageOf(def)
	if !slices.Contains([]string{"volume", "ceph", "iscsi", "tls", "vtpm", "none"}, usage) {
		return backend.Refuse(backend.ClassInvalid, "", "", "unknown secret usage type %q", usage)
	}
	if usage == "none" {
		return nil
	}
	if id == "" {
		return backend.Refuse(backend.ClassInvalid, "", "", "a secret for %s has to say for which", usage)
	}
	for _, s := range h.secrets {
		if s != self && s.Usage == usage && s.UsageID == id {
			e := backend.Refuse(backend.ClassConflict, "", "", "internal error: a secret with UUID %s is already defined for use with %s", s.UUID, id)
			e.Code = "1"
			return e
		}
	}
	return nil
}

// SecretValue implements backend.SecretReader.
func (c *conn) SecretValue(ctx context.Context, r backend.Ref) (backend.Hidden, error) {
	const doing = "read secret"
	_, release, err := c.call(ctx, CallSecret)
	if err != nil {
		return backend.Hidden{}, c.failed(err, doing, "")
	}
	defer release()
	h := c.h
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.secretOf(r)
	switch {
	case s == nil:
		return backend.Hidden{}, noSecret(doing)
	case h.cfg.ReadOnly:
		return backend.Hidden{}, backend.Refuse(backend.ClassDenied, doing, s.Name, "operation forbidden: the connection is read-only")
	case s.Private:
		return backend.Hidden{}, backend.Refuse(backend.ClassDenied, doing, s.Name, "Requested operation is not valid: secret is private")
	case s.value == nil:
		e := backend.Refuse(backend.ClassNotFound, doing, s.Name, "Secret not found: secret '%s' does not have a value", s.UUID)
		e.Code = "60"
		return backend.Hidden{}, e
	}
	return backend.Hide(slices.Clone(s.value)), nil
}
