package backend

import "context"

// OVFOptioner is implemented by backends that import and export OVF.
type OVFOptioner interface {
	// OVFOptions are what the server offers. Sources: OvfManager.ovfImportOption,
	// ovfExportOption.
	OVFOptions(ctx context.Context) (OVFOptions, error)
}

// OVFOptions are the keys that OVFImportOp.Options and OVFExportOp.Options take.
type OVFOptions struct{ Import, Export []OVFOption }

// OVFOption is one of them.
type OVFOption struct {
	Key  string `clean:"keep"`
	Text string `clean:"text"`
}
