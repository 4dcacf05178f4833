package libvirt

import (
	"context"
	"strings"
	"time"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

var _ backend.SecretReader = (*client)(nil)

// secretUsages are the names of virSecretUsageType, in its order.
func secretUsages() []string { return []string{"none", "volume", "ceph", "iscsi", "tls", "vtpm"} }

// listSecrets lists secrets, never their values (W3). Sources:
// virConnectListAllSecrets, virSecretGetXMLDesc.
func (c *client) listSecrets(ctx context.Context, q backend.Query, emit func([]backend.Object)) error {
	all, err := read(ctx, c, "list secrets", "", func(lv *libvirt.Libvirt) ([]libvirt.Secret, error) {
		all, _, err := lv.ConnectListAllSecrets(1, 0)
		return all, err
	})
	if err != nil {
		return ignoreUnsupported(err)
	}
	return emitEach(ctx, q, all, func(s libvirt.Secret) string { return uuidText(s.UUID) },
		func(ctx context.Context, s libvirt.Secret) (backend.Object, error) {
			o, _, err := c.secret(ctx, s)
			return o, err
		}, emit)
}

// secret reads one secret; its XML comes along.
func (c *client) secret(ctx context.Context, s libvirt.Secret) (*backend.Secret, string, error) {
	id := uuidText(s.UUID)
	text, err := read(ctx, c, "read secret", id, func(lv *libvirt.Libvirt) (string, error) {
		return lv.SecretGetXMLDesc(s, 0)
	})
	if err != nil {
		return nil, "", err
	}
	o := &backend.Secret{Meta: backend.Meta{ID: c.ref(backend.KindSecret, id)}, UUID: id, UsageID: s.UsageID}
	if t := int(s.UsageType); t >= 0 && t < len(secretUsages()) {
		o.Usage = secretUsages()[t]
	}
	describeSecret(o, text)
	return o, text, nil
}

// describeSecret takes over what the XML tells, and finds a name.
func describeSecret(o *backend.Secret, text string) {
	var x libvirtxml.Secret
	if x.Unmarshal(text) == nil {
		o.Description, o.Ephemeral, o.Private = x.Description, x.Ephemeral == "yes", x.Private == "yes"
	}
	o.Name = secretName(o)
}

// secretName is what a secret is called, which has no name of its own: what it is used
// for, else how it is described, else its UUID.
func secretName(s *backend.Secret) string {
	if s.UsageID != "" {
		return s.UsageID
	}
	first, _, _ := strings.Cut(strings.TrimSpace(s.Description), "\n")
	if first = strings.TrimSpace(first); first != "" {
		return first
	}
	return s.UUID
}

// findSecret looks a secret up by its reference.
func (c *client) findSecret(ctx context.Context, r backend.Ref) (libvirt.Secret, error) {
	id, err := parseUUID(r.ID)
	if err != nil || r.Kind != backend.KindSecret {
		return libvirt.Secret{}, backend.Refuse(backend.ClassNotFound, "find secret", "", "no secret has the id %q", r.ID)
	}
	return read(ctx, c, "find secret", r.ID, func(lv *libvirt.Libvirt) (libvirt.Secret, error) {
		return lv.SecretLookupByUUID(id)
	})
}

func (c *client) getSecret(ctx context.Context, r backend.Ref) (*backend.Detail, error) {
	s, err := c.findSecret(ctx, r)
	if err != nil {
		return nil, err
	}
	_, text, err := c.secret(ctx, s)
	if err != nil {
		return nil, err
	}
	return &backend.Detail{Ref: r, At: time.Now(), Raw: text}, nil
}

// SecretValue implements backend.SecretReader. A private secret, and one that has no
// value yet, are refused by the server.
func (c *client) SecretValue(ctx context.Context, r backend.Ref) (backend.Hidden, error) {
	const doing = "read the value of secret"
	if why := c.caps.Why(backend.VerbSecretGet); why != "" {
		class := backend.ClassUnsupported
		if c.caps.ReadOnly {
			class = backend.ClassDenied
		}
		return backend.Hidden{}, backend.Refuse(class, doing, "", "%s", why)
	}
	s, err := c.findSecret(ctx, r)
	if err != nil {
		return backend.Hidden{}, err
	}
	o, _, err := c.secret(ctx, s)
	if err != nil {
		return backend.Hidden{}, err
	}
	if o.Private {
		return backend.Hidden{}, backend.Refuse(backend.ClassDenied, doing, o.Name, "it is private: libvirt gives its value to nobody")
	}
	value, err := read(ctx, c, doing, o.Name, func(lv *libvirt.Libvirt) ([]byte, error) { return lv.SecretGetValue(s, 0) })
	if err != nil {
		return backend.Hidden{}, withoutValue(err)
	}
	return backend.Hide(value), nil
}

// withoutValue is the error for a secret that has no value yet, which libvirt gives the
// number of one that is not there.
func withoutValue(err error) error {
	e, ok := backendError(err)
	if !ok || !strings.Contains(e.Message, "does not have a value") {
		return err
	}
	out := *e
	out.Class, out.Remedy = backend.ClassConflict, "set its value first"
	return &out
}
