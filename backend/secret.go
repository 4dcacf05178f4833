package backend

// Secret is a secret kept by libvirt, never its value. Its name is what it is used
// for. Source: virSecret.
type Secret struct {
	Meta
	UUID        string
	Usage       string // volume, ceph, iscsi, tls, vtpm, none
	UsageID     string
	Description string `clean:"text"`
	Ephemeral   bool   // kept in memory only
	Private     bool   // the value can't be read
}
