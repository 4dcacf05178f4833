package vsphere

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend"
	"hvdeck/backend/ovf"
)

// exporting is one export under way.
type exporting struct {
	*action
	op       backend.OVFExportOp
	obj      moref
	out      *ovf.Writer
	lease    *nfcLease
	files    []types.OvfFile
	sums     map[string]ovf.FileSum // by key of the device
	checked  int                    // files whose checksum the server confirmed
	warnings []string
}

// ovfExport writes a package of a VM or vApp that is off. Sources: exportVm, exportVApp,
// OvfManager.CreateDescriptor, HttpNfcLease.
func (a *action) ovfExport(ctx context.Context, op backend.OVFExportOp) (backend.Result, error) {
	e := &exporting{action: a, op: op, sums: make(map[string]ovf.FileSum)}
	if err := e.find(ctx); err != nil {
		return backend.Result{}, err
	}
	if err := e.off(ctx); err != nil {
		return backend.Result{}, err
	}
	if _, err := e.describe(ctx); err != nil { // what can't be described need not be downloaded
		return backend.Result{}, err
	}
	var err error
	if e.out, err = ovf.Create(op.File, ovf.WriteOptions{Digest: op.Digest, Overwrite: op.Overwrite}); err != nil {
		return backend.Result{}, fail(a.doing, a.object, err)
	}
	defer func() { _ = e.out.Abort() }()
	e.lease = &nfcLease{what: a.object}
	a.phase("downloading")
	if err := a.underLease(ctx, e.lease, e.begin, e.write); err != nil {
		return backend.Result{}, err
	}
	return backend.Result{Text: e.summary()}, nil
}

// find tells what is to be exported.
func (e *exporting) find(ctx context.Context) error {
	if e.op.File == "" {
		return e.refuse(backend.ClassInvalid, "no file was named")
	}
	var err error
	if e.obj, err = e.poolOrVM(ctx, e.op.Object); err != nil {
		return err
	}
	if e.obj.Type != "VirtualMachine" && e.obj.Type != "VirtualApp" {
		return e.refuse(backend.ClassInvalid, "a VM or a vApp can be exported, not a %s", e.op.Object.Kind)
	}
	return nil
}

// off refuses a VM that runs; the server knows of a vApp.
func (e *exporting) off(ctx context.Context) error {
	if e.obj.Type != "VirtualMachine" {
		return nil
	}
	got, err := e.c.retrieveOne(ctx, e.doing, e.obj, "runtime.powerState")
	if err != nil {
		return err
	}
	state := as[types.VirtualMachinePowerState](got["runtime.powerState"])
	if state != types.VirtualMachinePowerStatePoweredOff {
		r := e.refuse(backend.ClassConflict, "it is %s; it has to be powered off", powerWord(state))
		r.Remedy = "shut it down first"
		return r
	}
	return nil
}

func (e *exporting) begin(ctx context.Context) (moref, error) {
	if e.obj.Type == "VirtualApp" {
		res, err := methods.ExportVApp(ctx, e.c.vc, &types.ExportVApp{This: e.obj})
		if err != nil {
			return moref{}, err
		}
		return res.Returnval, nil
	}
	res, err := methods.ExportVm(ctx, e.c.vc, &types.ExportVm{This: e.obj})
	if err != nil {
		return moref{}, err
	}
	return res.Returnval, nil
}

// describe has the server write the descriptor; without files it is a dry run.
func (e *exporting) describe(ctx context.Context) (string, error) {
	manager := e.c.vc.ServiceContent.OvfManager
	if manager == nil {
		return "", e.refuse(backend.ClassUnsupported, "the server has no OVF manager")
	}
	req := &types.CreateDescriptor{This: *manager, Obj: e.obj, Cdp: types.OvfCreateDescriptorParams{
		OvfFiles: e.files, Name: e.op.Name, Description: e.op.Description, IncludeImageFiles: &e.op.Images, ExportOption: e.op.Options,
	}}
	var r types.OvfCreateDescriptorResult
	err := e.c.readWithin(ctx, pageTimeout, e.doing, e.object, func(ctx context.Context) error {
		res, err := methods.CreateDescriptor(ctx, e.c.vc, req)
		if err == nil {
			r = res.Returnval
		}
		return err
	})
	if err != nil {
		return "", err
	}
	e.warnings = nil
	for _, w := range r.Warning {
		e.warnings = append(e.warnings, wordsOf(w))
	}
	if len(r.Error) > 0 {
		var all []string
		for _, f := range r.Error {
			all = append(all, wordsOf(f))
		}
		bad := fail(e.doing, e.object, taskFault(&r.Error[0]))
		bad.Message = "the server can't describe it: " + listed(all)
		return "", bad
	}
	return r.OvfDescriptor, nil
}

// write downloads the files and writes the descriptor.
func (e *exporting) write(ctx context.Context) error {
	e.askSums(ctx)
	k := e.lease.courier()
	defer k.close()
	disks, others := 0, 0
	for _, d := range e.lease.info.DeviceUrl {
		var name string
		switch kindOfDevice(d) {
		case deviceDisk:
			disks++
			name = e.name("disk", disks, ".vmdk")
		case deviceImage:
			if !e.op.Images {
				continue
			}
			fallthrough
		default:
			others++
			name = e.name("file", others, strings.ToLower(filepath.Ext(nameOfDevice(d))))
		}
		if err := e.download(ctx, k, d, name); err != nil {
			return err
		}
	}
	if err := e.compare(ctx); err != nil {
		return err
	}
	text, err := e.describe(ctx)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.out.Finish([]byte(text)); err != nil {
		return fail(e.doing, e.object, err)
	}
	return nil
}

// The kinds of files under an export's lease.
const (
	deviceDisk = iota
	deviceImage
	deviceState // NVRAM, without which some guests do not boot
)

func kindOfDevice(d types.HttpNfcLeaseDeviceUrl) int {
	ext := strings.ToLower(filepath.Ext(nameOfDevice(d)))
	switch {
	case d.Disk != nil && *d.Disk, d.Disk == nil && ext == ".vmdk":
		return deviceDisk
	case ext == ".nvram":
		return deviceState
	default:
		return deviceImage
	}
}

// stemMost keeps the names of files below what an archive takes, in bytes.
const stemMost = 80

// name is that of a file in the package.
func (e *exporting) name(kind string, n int, ext string) string {
	stem := filepath.Base(e.op.File)
	stem = stem[:len(stem)-len(filepath.Ext(stem))]
	for len(stem) > stemMost {
		_, size := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-size]
	}
	if len(ext) > 8 || strings.ContainsFunc(ext, func(r rune) bool { return r != '.' && (r < '0' || r > '9') && (r < 'a' || r > 'z') }) {
		ext = ""
	}
	return fmt.Sprintf("%s-%s%d%s", stem, kind, n, ext)
}

func (e *exporting) download(ctx context.Context, k *courier, d types.HttpNfcLeaseDeviceUrl, name string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := k.fetch(ctx, d)
	if err != nil {
		return err
	}
	src := &nfcSource{r: readAhead(body), l: e.lease}
	defer func() {
		_ = src.close()
		cancel()
		src.r.wait()
		_ = body.Close()
	}()
	sum, err := e.out.File(name, src)
	if bad := src.close(); bad != nil {
		return k.worded(ctx, "download", nameOfDevice(d), bad)
	}
	if err != nil {
		return fail(e.doing, e.object, err)
	}
	e.sums[d.Key] = sum
	e.files = append(e.files, types.OvfFile{DeviceId: d.Key, Path: name, Size: sum.Size})
	return nil
}

func (e *exporting) summary() string {
	total := int64(0)
	for _, f := range e.files {
		total += f.Size
	}
	text := fmt.Sprintf("%d files, %d bytes; ", len(e.files), total)
	if e.op.Digest == "none" {
		text += "no manifest"
	} else {
		text += orDefault(e.op.Digest, "SHA256") + " manifest"
	}
	if e.checked > 0 && e.checked == len(e.files) {
		text += "; the server's own checksums are the same"
	}
	if e.lease.unsaid != "" {
		text += "\nwarning: " + e.lease.unsaid
	}
	for _, w := range e.warnings {
		text += "\nwarning: " + w
	}
	return text
}
