package vsphere

import (
	"context"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
)

var _ backend.OVFOptioner = (*Conn)(nil)

// OVFOptions implements backend.OVFOptioner.
func (c *Conn) OVFOptions(ctx context.Context) (backend.OVFOptions, error) {
	const doing = "ask for the OVF options of"
	manager := c.vc.ServiceContent.OvfManager
	if manager == nil {
		return backend.OVFOptions{}, backend.Refuse(backend.ClassUnsupported, doing, c.end.shown(), "the server has no OVF manager")
	}
	got, err := c.retrieveOne(ctx, doing, *manager, "ovfImportOption", "ovfExportOption")
	if err != nil {
		return backend.OVFOptions{}, err
	}
	return backend.OVFOptions{Import: ovfOptions(got["ovfImportOption"]), Export: ovfOptions(got["ovfExportOption"])}, nil
}

func ovfOptions(v any) []backend.OVFOption {
	var all []backend.OVFOption
	for _, o := range as[types.ArrayOfOvfOptionInfo](v).OvfOptionInfo {
		all = append(all, backend.OVFOption{Key: o.Option, Text: orDefault(o.Description.Message, o.Option)})
	}
	return all
}

// report gathers findings, each text once.
type report struct {
	all  []backend.Finding
	seen map[string]bool
}

func (r *report) add(severity backend.Severity, about backend.Ref, text string) {
	if r.seen == nil {
		r.seen = make(map[string]bool)
	}
	if r.seen[text] {
		return
	}
	r.seen[text] = true
	r.all = append(r.all, backend.Finding{Severity: severity, Text: text, Object: about})
}

func (r *report) faults(severity backend.Severity, about backend.Ref, faults []types.LocalizedMethodFault) {
	for _, f := range faults {
		r.add(severity, about, wordsOf(f))
	}
}

// checkOVFImport asks the server about a package: its descriptor, the host, and the
// specification of what would be created. Nothing is created. Sources:
// OvfManager.ParseDescriptor, ValidateHost, CreateImportSpec.
func (c *Conn) checkOVFImport(ctx context.Context, op backend.OVFImportOp) ([]backend.Finding, error) {
	a := &action{c: c, doing: "check: " + doingOf(op), object: c.names.name(op.Under.ID)}
	i, err := a.opened(ctx, op)
	if err != nil {
		return nil, err
	}
	defer func() { _ = i.pkg.Close() }()
	var r report
	err = i.asked(ctx, &r)
	for n := range r.all {
		r.all[n].Text = i.maskedText(r.all[n].Text)
	}
	return r.all, i.masked(err)
}

func (i *importing) asked(ctx context.Context, r *report) error {
	for _, wrong := range i.refusals() {
		r.add(backend.SeverityError, backend.Ref{}, wrong.Message)
	}
	if err := i.plan(ctx); err != nil {
		return err
	}
	if err := i.parsed(ctx, r); err != nil {
		return err
	}
	if err := i.validated(ctx, r); err != nil {
		return err
	}
	r.faults(backend.SeverityError, i.op.Under, i.spec.Error)
	r.faults(backend.SeverityWarning, i.op.Under, i.spec.Warning)
	return nil
}

func (i *importing) common() types.OvfManagerCommonParams {
	return types.OvfManagerCommonParams{Locale: "US", DeploymentOption: i.op.Option, ImportOption: i.op.Options}
}

// parsed asks what the server makes of the descriptor.
func (i *importing) parsed(ctx context.Context, r *report) error {
	err := i.c.readWithin(ctx, pageTimeout, i.doing, i.object, func(ctx context.Context) error {
		res, err := methods.ParseDescriptor(ctx, i.c.vc, &types.ParseDescriptor{
			This: *i.c.vc.ServiceContent.OvfManager, OvfDescriptor: string(i.pkg.Text), Pdp: types.OvfParseDescriptorParams{OvfManagerCommonParams: i.common()},
		})
		if err == nil {
			r.faults(backend.SeverityError, backend.Ref{}, res.Returnval.Error)
			r.faults(backend.SeverityWarning, backend.Ref{}, res.Returnval.Warning)
		}
		return err
	})
	return unlessUnsupported(err)
}

// validated asks whether the chosen host, or one of the cluster, has the hardware for it.
func (i *importing) validated(ctx context.Context, r *report) error {
	host, err := i.someHost(ctx)
	if err != nil || host == nil {
		return err
	}
	about := i.c.ref(backend.KindHost, host.Value)
	err = i.c.readWithin(ctx, pageTimeout, i.doing, i.object, func(ctx context.Context) error {
		res, err := methods.ValidateHost(ctx, i.c.vc, &types.ValidateHost{
			This: *i.c.vc.ServiceContent.OvfManager, OvfDescriptor: string(i.pkg.Text), Host: *host,
			Vhp: types.OvfValidateHostParams{OvfManagerCommonParams: i.common()},
		})
		if err == nil {
			r.faults(backend.SeverityError, about, res.Returnval.Error)
			r.faults(backend.SeverityWarning, about, res.Returnval.Warning)
		}
		return err
	})
	return unlessUnsupported(err)
}

// someHost is the chosen host, else the first of the cluster; nil where there is none.
func (i *importing) someHost(ctx context.Context) (*moref, error) {
	if i.at.host != nil {
		return i.at.host, nil
	}
	got, err := i.c.retrieveOne(ctx, i.doing, i.at.pool, "owner")
	if err != nil {
		return nil, err
	}
	got, err = i.c.retrieveOne(ctx, i.doing, as[moref](got["owner"]), "host")
	if err != nil {
		return nil, err
	}
	hosts := as[types.ArrayOfManagedObjectReference](got["host"]).ManagedObjectReference
	if len(hosts) == 0 {
		return nil, nil
	}
	return &hosts[0], nil
}

func unlessUnsupported(err error) error {
	if backend.ClassOf(err) == backend.ClassUnsupported {
		return nil
	}
	return err
}

// checkOVFExport has the server describe a VM or vApp without its files. Source:
// OvfManager.CreateDescriptor.
func (c *Conn) checkOVFExport(ctx context.Context, op backend.OVFExportOp) ([]backend.Finding, error) {
	e := &exporting{action: &action{c: c, doing: "check: " + doingOf(op), object: c.names.name(op.Object.ID)}, op: op}
	if err := e.find(ctx); err != nil {
		return nil, err
	}
	var r report
	if err := e.off(ctx); err != nil {
		if backend.ClassOf(err) != backend.ClassConflict {
			return nil, err
		}
		r.add(backend.SeverityError, op.Object, fail("", "", err).Message)
	}
	if _, err := e.describe(ctx); err != nil {
		if f := fail("", "", err); f.Code == "" {
			return r.all, err
		}
		r.add(backend.SeverityError, op.Object, fail("", "", err).Message)
	}
	for _, w := range e.warnings {
		r.add(backend.SeverityWarning, op.Object, w)
	}
	return r.all, nil
}
