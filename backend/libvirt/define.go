package libvirt

import (
	"context"
	"errors"

	"hvdeck/backend"

	libvirt "github.com/digitalocean/go-libvirt"
)

// definitionWork is DefineOp for every kind (P3, I8).
func (c *client) definitionWork(op backend.Op) work {
	o, ok := op.(backend.DefineOp)
	if !ok {
		return nil
	}
	return bind(o, c.define)
}

func definitionVerbs() []backend.Verb {
	var verbs []backend.Verb
	for _, k := range []backend.Kind{backend.KindVM, backend.KindPool, backend.KindVolume, backend.KindNetwork,
		backend.KindInterface, backend.KindSecret, backend.KindSnapshot} {
		verbs = append(verbs, backend.VerbFor(k, backend.ActDefine))
	}
	for _, k := range []backend.Kind{backend.KindVM, backend.KindPool, backend.KindNetwork} {
		verbs = append(verbs, backend.VerbFor(k, backend.ActCreate))
	}
	return verbs
}

// defining is a DefineOp whose XML has been looked at.
type defining struct {
	backend.DefineOp
	head xmlHead
	deed deed
}

// define checks the XML, sends it with the server's validation, and names what was
// made. Nothing goes out that would change another object than the one meant.
func (c *client) define(ctx context.Context, o backend.DefineOp, progress backend.Progress) (backend.Result, error) {
	doing := o.Title()
	head, err := readHead(doing, o.Kind, o.XML)
	if err != nil {
		return backend.Result{}, err
	}
	def := defining{DefineOp: o, head: head,
		deed: deed{doing: doing, object: head.name, limit: powerLimit, change: true}}
	if def.deed.object == "" {
		def.deed.object = head.uuid // a secret has no name
	}
	if err := def.check(); err != nil {
		return backend.Result{}, err
	}
	run, err := c.defineCall(ctx, def)
	if err != nil {
		return backend.Result{}, err
	}
	result, err := c.carryOut(ctx, change{deed: def.deed, run: run}, progress)
	if err != nil {
		return backend.Result{}, withDefineRemedy(def, head.withoutSecrets(err))
	}
	if !o.Object.IsZero() {
		result.Created = backend.Ref{}
	}
	return result, nil
}

// check refuses XML that is not about the object meant.
func (d defining) check() error {
	refuse := func(format string, args ...any) error {
		return backend.Refuse(backend.ClassInvalid, d.deed.doing, clip(d.deed.object), format, args...)
	}
	if d.Object.IsZero() {
		return nil
	}
	if d.Object.Kind != d.Kind {
		return refuse("a %s can't be redefined as a %s", d.Object.Kind, d.Kind)
	}
	if d.Transient {
		return refuse("only a new %s can be created without a lasting definition", d.Kind)
	}
	switch d.Kind {
	case backend.KindVolume:
		return refuse("libvirt can't redefine a volume: create another one, or resize this")
	case backend.KindInterface:
		if d.head.name != d.Object.ID {
			return refuse("the XML names the interface %q, but %q is being changed", clip(d.head.name), d.Object.ID)
		}
	case backend.KindSnapshot:
		if _, name, err := snapshotKey(d.Object); err != nil || name != d.head.name {
			return refuse("the XML names the snapshot %q, but %q is being changed", clip(d.head.name), name)
		}
	default:
		if d.head.uuid == "" {
			return refuse("the XML has no <uuid>: with it libvirt knows which %s is meant; it is %s", d.Kind, d.Object.ID)
		}
		if !sameUUID(d.head.uuid, d.Object.ID) {
			return refuse("the XML has the UUID of another object, %s; this %s has %s", clip(d.head.uuid), d.Kind, d.Object.ID)
		}
	}
	return nil
}

// sameName refuses a new name in the XML of an object that has one: libvirt would
// refuse it for VMs, and make pools and networks anew under the same UUID.
func (d defining) sameName(name string) error {
	if d.Object.IsZero() || name == d.head.name {
		return nil
	}
	return backend.Refuse(backend.ClassInvalid, d.deed.doing, name,
		"the XML has another name, %q: a definition can't rename it", clip(d.head.name))
}

// withDefineRemedy says what helps where the name is taken.
func withDefineRemedy(d defining, err error) error {
	e, ok := backendError(err)
	if !ok || !d.Object.IsZero() || e.Class != backend.ClassConflict || d.Kind == backend.KindVolume {
		return err
	}
	clean := *e
	clean.Remedy = "give the new " + d.Kind.String() + " another name and UUID, or edit the one that exists"
	return &clean
}

// validated makes a call with the server's validation, and without where the server
// is too old to know it: it has then refused before doing anything.
func validated[T any](call func(validate bool) (T, error)) (T, error) {
	v, err := call(true)
	if err != nil && tooOld(err) {
		return call(false)
	}
	return v, err
}

// tooOld reports whether a server refused a call or a flag that it does not know.
func tooOld(err error) bool {
	if errors.Is(err, libvirt.ErrUnsupported) || hasCode(err, libvirt.ErrNoSupport) {
		return true
	}
	return hasCode(err, libvirt.ErrInvalidArg) && unsupported(deed{}.failed(err))
}
