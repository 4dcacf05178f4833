package kind

import (
	"strings"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func secretActions() []keymap.Action {
	return []keymap.Action{secretSet(), undefineAction(backend.KindSecret, keymap.Irreversible,
		"The value goes with it. What needs it, such as an encrypted volume, can't be opened."), secretNew()}
}

func secretSet() keymap.Action {
	a := manageAction(backend.KindSecret, "set", "Set the value…", "s", "Sets the value, typed, from a file or from a command.", backend.VerbSecretSet, keymap.Disruptive)
	a.Form = func(keymap.Selection) []keymap.Field { return valueFields(false) }
	a.Gather, a.Seal = readValue, sealValue
	a.Loses = says("The value it has now, if any, is replaced.")
	a.Op = func(o backend.Object, _ keymap.Selection, _ keymap.Args) backend.Op {
		return backend.SecretSetOp{Secret: o.Ref()}
	}
	return a
}

func secretNew() keymap.Action {
	a := newAction(backend.KindSecret, backend.KindHost, "new", "Secret…", "n", "Defines a secret.", backend.VerbFor(backend.KindSecret, backend.ActDefine))
	a.Form = func(keymap.Selection) []keymap.Field {
		fields := []keymap.Field{
			{Name: "usage", Label: "For", Type: keymap.ChoiceField, Default: "ceph", Choices: []keymap.FieldChoice{
				{Value: "ceph", Label: "ceph: a Ceph client's key"}, {Value: "iscsi", Label: "iscsi: a CHAP password"},
				{Value: "volume", Label: "volume: an encrypted volume"}, {Value: "tls", Label: "tls: a private key's passphrase"},
				{Value: "vtpm", Label: "vtpm: an emulated TPM's state"}, {Value: "none", Label: "nothing in particular"},
			}},
			{Name: "id", Label: "Volume", Hint: "path of the encrypted volume at the host", Check: absolutePath, Only: onlyIf("usage", "volume")},
			{Name: "id", Label: "Name", Hint: "by which definitions refer to it", Required: true, Only: onlyIf("usage", "ceph", "iscsi", "tls", "vtpm")},
			{Name: "description", Label: "Description"},
			{Name: "ephemeral", Label: "Ephemeral", Hint: "kept in the daemon's memory only, gone when it ends", Type: keymap.ToggleField, Default: "no"},
			{Name: "private", Label: "Private", Hint: "the value can never be read again", Type: keymap.ToggleField, Default: "no"},
		}
		return append(fields, valueFields(true)...)
	}
	a.Gather, a.Seal = readValue, sealValue
	a.Op = func(o backend.Object, _ keymap.Selection, args keymap.Args) backend.Op {
		return backend.SecretNewOp{
			Host: o.Ref(), Usage: args["usage"], UsageID: strings.TrimSpace(args["id"]), Description: args["description"],
			Ephemeral: args.On("ephemeral"), Private: args.On("private"),
		}
	}
	return a
}

// valueFields ask where a secret's value comes from.
func valueFields(mayLack bool) []keymap.Field {
	from := []keymap.FieldChoice{{Value: "typed", Label: "typed here"}, {Value: "file", Label: "a file of this machine"}, {Value: "command",
		Label: "what a command prints"}}
	first := "typed"
	if mayLack {
		first, from = "later", append([]keymap.FieldChoice{{Value: "later", Label: "set later"}}, from...)
	}
	return []keymap.Field{
		{Name: "from", Label: "Value", Type: keymap.ChoiceField, Default: first, Choices: from},
		{Name: "value", Label: "Secret value", Type: keymap.SecretField, Required: true, Only: onlyIf("from", "typed")},
		{Name: "file", Label: "File", Hint: "every byte of it is the value", Type: keymap.PathField, Required: true, Only: onlyIf("from", "file")},
		{Name: "command", Label: "Command", Hint: "such as: pass show ceph/admin; its output without the last line break", Required: true,
			Only: onlyIf("from", "command")},
	}
}

// sealValue puts a value into an operation on a secret.
func sealValue(op backend.Op, value backend.Hidden) backend.Op {
	switch o := op.(type) {
	case backend.SecretSetOp:
		o.Value = value
		return o
	case backend.SecretNewOp:
		o.Value = value
		return o
	default:
		return op
	}
}
