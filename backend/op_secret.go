package backend

// SecretNewOp defines a secret and, when one is given, sets its value. Source: the
// secret XML format; virSecretDefineXML, virSecretSetValue.
type SecretNewOp struct {
	Host Ref
	// Usage is what it is for: "volume", "ceph", "iscsi", "tls", "vtpm", or "none".
	Usage string
	// UsageID is the volume's path, or the name that others refer to it by.
	UsageID     string
	Description string
	Ephemeral   bool // kept in the daemon's memory only
	Private     bool // the value can never be read again
	Value       Hidden
}

// SecretSetOp sets the value of a secret. Source: virSecretSetValue.
type SecretSetOp struct {
	Secret Ref
	Value  Hidden
}

// Target implements Op.
func (o SecretNewOp) Target() Ref { return o.Host }
func (o SecretSetOp) Target() Ref { return o.Secret }

// Verb implements Op.
func (o SecretNewOp) Verb() Verb { return VerbFor(KindSecret, ActDefine) }
func (o SecretSetOp) Verb() Verb { return VerbSecretSet }

// Title implements Op.
func (o SecretNewOp) Title() string { return "create secret" }
func (o SecretSetOp) Title() string { return "set value of secret" }

func secretOps() []Op { return []Op{SecretNewOp{}, SecretSetOp{}} }
