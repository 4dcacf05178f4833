package libvirt

import (
	"context"
	"slices"
	"strings"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
	"libvirt.org/go/libvirtxml"
)

// secretWork is what is done to secrets (W3). Sources: virSecretDefineXML,
// virSecretSetValue, virSecretUndefine.
func (c *client) secretWork(op backend.Op) work {
	switch o := op.(type) {
	case backend.SecretNewOp:
		return bind(o, c.newSecret)
	case backend.SecretSetOp:
		return c.secretCall(op, func(lv *libvirt.Libvirt, s libvirt.Secret) error { return lv.SecretSetValue(s, o.Value.Reveal(), 0) })
	case backend.UndefineOp:
		if o.Object.Kind != backend.KindSecret {
			return nil
		}
		return c.secretCall(op, (*libvirt.Libvirt).SecretUndefine)
	default:
		return nil
	}
}

func secretVerbs() []backend.Verb {
	return []backend.Verb{
		backend.VerbFor(backend.KindSecret, backend.ActDefine), backend.VerbFor(backend.KindSecret, backend.ActUndefine),
		backend.VerbSecretSet, backend.VerbSecretGet,
	}
}

// maxSecret is the most that a value may have, in bytes. Source:
// REMOTE_SECRET_VALUE_MAX (remote_protocol.x).
const maxSecret = 64 << 10

func checkValue(doing string, value backend.Hidden) error {
	if n := len(value.Reveal()); n > maxSecret {
		return backend.Refuse(backend.ClassInvalid, doing, "", "the value has %d bytes, %d is the most", n, maxSecret)
	}
	return nil
}

func (c *client) secretCall(op backend.Op, fn func(*libvirt.Libvirt, libvirt.Secret) error) work {
	return func(ctx context.Context, progress backend.Progress) (backend.Result, error) {
		if set, ok := op.(backend.SecretSetOp); ok {
			if err := checkValue(op.Title(), set.Value); err != nil {
				return backend.Result{}, err
			}
			if set.Value.Empty() {
				return backend.Result{}, backend.Refuse(backend.ClassInvalid, op.Title(), "", "there is no value to set")
			}
		}
		s, err := c.findSecret(ctx, op.Target())
		if err != nil {
			return backend.Result{}, err
		}
		o, _, err := c.secret(ctx, s)
		if err != nil {
			return backend.Result{}, err
		}
		return c.carry(ctx, plain(op, o.Name, powerLimit, func(lv *libvirt.Libvirt) error { return fn(lv, s) }), progress)
	}
}

// newSecret defines a secret and sets its value. When that fails the definition is
// taken back.
func (c *client) newSecret(ctx context.Context, o backend.SecretNewOp, progress backend.Progress) (backend.Result, error) {
	x, err := secretXML(o)
	if err != nil {
		return backend.Result{}, err
	}
	if err := checkValue(o.Title(), o.Value); err != nil {
		return backend.Result{}, err
	}
	text, err := x.Marshal()
	if err != nil {
		return backend.Result{}, deed{doing: o.Title()}.failed(err)
	}
	var s libvirt.Secret
	_, err = c.carry(ctx, plain(o, o.UsageID, powerLimit, func(lv *libvirt.Libvirt) (err error) {
		s, err = lv.SecretDefineXML(text, 0)
		return err
	}), progress)
	if err != nil {
		return backend.Result{}, withStep(err, "define")
	}
	created := backend.Result{Created: c.ref(backend.KindSecret, uuidText(s.UUID))}
	if o.Value.Empty() {
		return created, nil
	}
	_, err = c.carry(ctx, plain(o, o.UsageID, powerLimit, func(lv *libvirt.Libvirt) error {
		return lv.SecretSetValue(s, o.Value.Reveal(), 0)
	}), progress)
	if err == nil {
		return created, nil
	}
	return backend.Result{}, withStep(c.takeSecretBack(o, s, err), "set value")
}

// takeSecretBack undefines a secret whose value could not be set. After a lost answer
// nothing is known and nothing is done.
func (c *client) takeSecretBack(o backend.SecretNewOp, s libvirt.Secret, cause error) error {
	if backend.ClassOf(cause) == backend.ClassLost {
		return cause
	}
	_, err := c.carryOut(context.Background(), plain(o, o.UsageID, powerLimit, func(lv *libvirt.Libvirt) error {
		return lv.SecretUndefine(s)
	}), backend.Progress{})
	if ignoreGone(err) != nil {
		return withRemedy(cause, "", "the definition of the secret is left behind, without a value ("+err.Error()+"): undefine it")
	}
	return cause
}

// secretXML checks the answers and puts them in libvirt's form. The UUID is ours, so
// that no secret that is there can be meant.
func secretXML(o backend.SecretNewOp) (*libvirtxml.Secret, error) {
	const doing = "create secret"
	refuse := func(format string, args ...any) (*libvirtxml.Secret, error) {
		return nil, backend.Refuse(backend.ClassInvalid, doing, o.UsageID, format, args...)
	}
	if err := plainText(doing, "usage", o.UsageID); err != nil {
		return nil, err
	}
	if err := plainText(doing, "description", strings.ReplaceAll(o.Description, "\n", " ")); err != nil {
		return nil, err
	}
	switch {
	case !slices.Contains(secretUsages(), o.Usage):
		return refuse("%q is no usage; there are %s", o.Usage, strings.Join(secretUsages(), ", "))
	case o.Usage == "none" && o.UsageID != "":
		return refuse("a secret for no certain use has no name of a use")
	case o.Usage == "volume" && !strings.HasPrefix(o.UsageID, "/"):
		return refuse("a secret of a volume needs the path of the volume")
	case o.Usage != "none" && strings.TrimSpace(o.UsageID) == "":
		return refuse("a secret for %s needs a name by which it is referred to", o.Usage)
	}
	x := &libvirtxml.Secret{UUID: backend.NewUUID(), Description: o.Description, Ephemeral: yesNo(o.Ephemeral), Private: yesNo(o.Private)}
	switch o.Usage {
	case "none":
	case "volume":
		x.Usage = &libvirtxml.SecretUsage{Type: o.Usage, Volume: o.UsageID}
	case "iscsi":
		x.Usage = &libvirtxml.SecretUsage{Type: o.Usage, Target: o.UsageID}
	default:
		x.Usage = &libvirtxml.SecretUsage{Type: o.Usage, Name: o.UsageID}
	}
	return x, nil
}

func yesNo(on bool) string {
	if on {
		return "yes"
	}
	return "no"
}
