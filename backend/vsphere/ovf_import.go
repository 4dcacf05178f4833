package vsphere

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/ovf"
)

// importing is one import under way.
type importing struct {
	*action
	op    backend.OVFImportOp
	pkg   *ovf.Package
	desc  *ovf.Descriptor // under the deployment option
	at    landing
	spec  types.OvfCreateImportSpecResult
	lease *nfcLease
	check checking
}

// landing is where an import goes.
type landing struct {
	pool   moref // or vApp
	folder *moref
	host   *moref
}

// ovfImport makes a VM or vApp of a package. All that can be known beforehand is checked
// before anything is created. Sources: OvfManager.CreateImportSpec,
// ResourcePool.importVApp, HttpNfcLease.
func (a *action) ovfImport(ctx context.Context, op backend.OVFImportOp) (backend.Result, error) {
	i, err := a.opened(ctx, op)
	if err != nil {
		return backend.Result{}, err
	}
	defer func() { _ = i.pkg.Close() }()
	res, err := i.run(ctx)
	res.Text = i.maskedText(res.Text)
	return res, i.masked(err)
}

func (i *importing) run(ctx context.Context) (backend.Result, error) {
	if wrong := i.refusals(); len(wrong) > 0 {
		return backend.Result{}, wrong[0]
	}
	i.phase("comparing with the manifest")
	if err := i.pkg.Verify(ctx, i.check.teller(i.progress.Bytes, i.desc)); err != nil {
		return backend.Result{}, fail(i.doing, i.object, err)
	}
	if err := i.plan(ctx); err != nil {
		return backend.Result{}, err
	}
	if err := i.specError(); err != nil {
		return backend.Result{}, err
	}
	i.phase("uploading")
	if err := i.move(ctx); err != nil {
		return backend.Result{}, err
	}
	return i.finish(ctx)
}

// opened reads the descriptor of a package.
func (a *action) opened(ctx context.Context, op backend.OVFImportOp) (*importing, error) {
	i := &importing{action: a, op: op}
	if err := a.checkVMName(op.Name); err != nil {
		return nil, err
	}
	if _, err := a.c.retrieveOne(ctx, a.doing, a.c.moref(op.Under), "name"); err != nil {
		return nil, err
	}
	if op.Source == "" {
		return nil, a.refuse(backend.ClassInvalid, "no file was chosen")
	}
	if op.Datastore.IsZero() {
		return nil, a.refuse(backend.ClassInvalid, "no datastore was chosen")
	}
	pkg, err := ovf.Open(ctx, op.Source, ovf.Options{})
	if err != nil {
		return nil, fail(a.doing, a.object, err)
	}
	i.pkg = pkg
	if i.desc, err = pkg.Descriptor.Under(op.Option); err != nil {
		_ = pkg.Close()
		return nil, fail(a.doing, a.object, err)
	}
	return i, nil
}

// plan has the server make the specification of what is to be created.
func (i *importing) plan(ctx context.Context) error {
	var err error
	if i.at, err = i.landing(ctx, i.op); err != nil {
		return err
	}
	manager := i.c.vc.ServiceContent.OvfManager
	if manager == nil {
		return i.refuse(backend.ClassUnsupported, "the server has no OVF manager")
	}
	req := &types.CreateImportSpec{
		This: *manager, OvfDescriptor: string(i.pkg.Text), ResourcePool: i.at.pool, Datastore: i.c.moref(i.op.Datastore), Cisp: i.params(),
	}
	return i.c.readWithin(ctx, pageTimeout, i.doing, i.object, func(ctx context.Context) error {
		res, err := methods.CreateImportSpec(ctx, i.c.vc, req)
		if err == nil {
			i.spec = res.Returnval
		}
		return err
	})
}

// specError is what the server has against the import.
func (i *importing) specError() error {
	if len(i.spec.Error) > 0 {
		var all []string
		for _, f := range i.spec.Error {
			all = append(all, wordsOf(f))
		}
		e := fail(i.doing, i.object, taskFault(&i.spec.Error[0]))
		e.Class = backend.ClassInvalid
		e.Message = "the server can't use the descriptor: " + listed(all)
		return e
	}
	if i.spec.ImportSpec == nil {
		return i.refuse(backend.ClassOther, "the server made no specification of the descriptor, and told no reason")
	}
	return nil
}

// move creates it and uploads its files.
func (i *importing) move(ctx context.Context) error {
	kind := "the VM "
	if i.desc.Collection {
		kind = "the vApp "
	}
	i.lease = &nfcLease{
		what: kind + i.op.Name, imports: true, checked: i.check.done, nursery: &nursery{at: i.at, name: i.op.Name},
	}
	begin := func(ctx context.Context) (moref, error) {
		res, err := methods.ImportVApp(ctx, i.c.vc, &types.ImportVApp{
			This: i.at.pool, Spec: i.spec.ImportSpec, Folder: i.at.folder, Host: i.at.host,
		})
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	}
	return i.underLease(ctx, i.lease, begin, i.upload)
}

// upload sends the files in the order that the server wants them in.
func (i *importing) upload(ctx context.Context) error {
	parts, err := i.parts()
	if err != nil {
		return err
	}
	k := i.lease.courier()
	defer k.close()
	for _, p := range parts {
		if err := i.send(ctx, k, p); err != nil {
			return err
		}
	}
	return nil
}

// part is one file to upload.
type part struct {
	file   ovf.File
	item   types.OvfFileItem
	device types.HttpNfcLeaseDeviceUrl
}

// parts finds the file and the address of each item, before the first is sent.
func (i *importing) parts() ([]part, error) {
	var all []part
	total := int64(0)
	for _, item := range i.spec.FileItem {
		p := part{item: item}
		if !i.fileOf(&p) {
			return nil, i.refuse(backend.ClassInvalid, "the server asks for the file %q, which the package does not name", item.Path)
		}
		found := false
		for _, d := range i.lease.info.DeviceUrl {
			if d.ImportKey == item.DeviceId {
				p.device, found = d, true
			}
		}
		if !found {
			return nil, i.refuse(backend.ClassOther, "the server gave no address for the file %q (device %s)", item.Path, item.DeviceId)
		}
		if p.file.Compression != "" || p.file.Size < 0 {
			total = -1
		} else if total >= 0 {
			total += p.file.Size
		}
		all = append(all, p)
	}
	i.lease.total.Store(max(total, 0))
	return all, nil
}

func (i *importing) fileOf(p *part) bool {
	for _, f := range i.desc.Files {
		if f.Href == p.item.Path {
			p.file = f
			return true
		}
	}
	return false
}

func (i *importing) send(ctx context.Context, k *courier, p part) error {
	return k.send(ctx, p.device, p.item, func(ctx context.Context) (io.ReadCloser, int64, error) {
		return i.pkg.OpenFile(ctx, p.file)
	})
}

// finish powers on what was made, and says what happened.
func (i *importing) finish(ctx context.Context) (backend.Result, error) {
	made := i.lease.info.Entity
	kind := backend.KindVM
	if made.Type == "VirtualApp" {
		kind = backend.KindResourcePool
	}
	res := backend.Result{Created: i.c.ref(kind, made.Value), Text: i.summary()}
	if !i.op.PowerOn {
		return res, nil
	}
	on := startOf(i.c, methods.PowerOnVM_Task, &types.PowerOnVM_Task{This: made})
	if kind == backend.KindResourcePool {
		on = startOf(i.c, methods.PowerOnVApp_Task, &types.PowerOnVApp_Task{This: made})
	}
	_, err := i.task(ctx, on)
	if err != nil {
		e := fail(i.doing, i.object, err)
		state := "but is not powered on"
		if e.Class == backend.ClassLost {
			state = "and whether it is powered on is not known"
		}
		e.Message = "it was imported, " + state + ": " + e.Message
		return res, e
	}
	return res, nil
}

func (i *importing) summary() string {
	files := "no files"
	if n := len(i.spec.FileItem); n == 1 {
		files = "1 file"
	} else if n > 1 {
		files = fmt.Sprintf("%d files", n)
	}
	text := fmt.Sprintf("%s, %d bytes sent; %s", files, i.lease.moved.Load(), manifestWords(i.pkg))
	for _, w := range i.spec.Warning {
		text += "\nwarning: " + wordsOf(w)
	}
	return text
}

// manifestWords say what is known of the checksums.
func manifestWords(p *ovf.Package) string {
	if p.Manifest == nil {
		return "no manifest, so no checksums were checked"
	}
	used := map[string]bool{}
	var names []string
	for _, s := range p.Manifest.Sums {
		if !used[s.Algorithm] {
			used[s.Algorithm] = true
			names = append(names, s.Algorithm)
		}
	}
	text := strings.Join(names, ", ") + " checksums of the manifest are right"
	if p.Signed {
		text += "; the signature was not checked"
	}
	return text
}
