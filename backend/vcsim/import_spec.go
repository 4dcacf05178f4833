package vcsim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// builder makes the specification of one VM of a package.
type builder struct {
	srv      *Server
	env      *ovf.Envelope
	option   string
	params   types.OvfCreateImportSpecParams
	ds       *simulator.Datastore // nil where nothing will be created
	networks []types.ManagedObjectReference

	devices  object.VirtualDeviceList
	parents  map[string]types.BaseVirtualDevice
	disks    int
	images   int
	items    []types.OvfFileItem
	errors   []types.LocalizedMethodFault
	warnings []types.LocalizedMethodFault
}

// CreateImportSpec makes what ImportVApp takes of a descriptor.
func (m *ovfManager) CreateImportSpec(ctx *simulator.Context, req *types.CreateImportSpec) soap.HasFault {
	body := new(methods.CreateImportSpecBody)
	pool, ok := ctx.Map.Get(req.ResourcePool).(mo.Entity)
	if !ok || !strings.HasPrefix(req.ResourcePool.Type, "ResourcePool") && req.ResourcePool.Type != "VirtualApp" {
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.ResourcePool})
		return body
	}
	ds, ok := ctx.Map.Get(req.Datastore).(*simulator.Datastore)
	if !ok {
		body.Fault_ = simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Datastore})
		return body
	}
	var result types.OvfCreateImportSpecResult
	func() {
		defer guard.Recover("create an import spec", func(err error) {
			result = types.OvfCreateImportSpecResult{Error: []types.LocalizedMethodFault{
				*localized(&types.OvfXmlFormat{Description: err.Error()}, "The OVF descriptor can't be used: "+err.Error())}}
		})
		result = m.spec(ctx, req, pool, ds)
	}()
	if len(result.Error) > 0 { // "the ImportSpec will be missing"
		result.ImportSpec, result.FileItem = nil, nil
	}
	body.Res = &types.CreateImportSpecResponse{Returnval: result}
	return body
}

func (m *ovfManager) spec(ctx *simulator.Context, req *types.CreateImportSpec, pool mo.Entity, ds *simulator.Datastore) types.OvfCreateImportSpecResult {
	var r types.OvfCreateImportSpecResult
	env, fault := envelope(req.OvfDescriptor)
	if fault != nil {
		r.Error = append(r.Error, *fault)
		return r
	}
	params := *req.Cisp.GetOvfCreateImportSpecParams()
	for _, wrong := range []*types.LocalizedMethodFault{badOption(env, params.DeploymentOption), badProvisioning(params.DiskProvisioning)} {
		if wrong != nil {
			r.Error = append(r.Error, *wrong)
		}
	}
	name := params.EntityName
	if name == "" {
		name = defaultName(env)
	}
	var specs []types.BaseImportSpec
	for _, vs := range systems(env) {
		b := &builder{srv: m.srv, env: env, option: params.DeploymentOption, params: params, ds: ds, networks: networksOf(ctx.Map, pool)}
		vm, path := name, name
		if env.VirtualSystemCollection != nil {
			vm = vs.ID
			if vs.Name != nil {
				vm = *vs.Name
			}
			path = name + "/" + vm
		}
		config := b.system(vs, vm, path)
		specs = append(specs, &types.VirtualMachineImportSpec{ConfigSpec: config, ResPoolEntity: &req.ResourcePool})
		r.Error, r.Warning, r.FileItem = append(r.Error, b.errors...), append(r.Warning, b.warnings...), append(r.FileItem, b.items...)
	}
	switch {
	case env.VirtualSystemCollection != nil:
		r.ImportSpec = &types.VirtualAppImportSpec{
			Name: name, VAppConfigSpec: types.VAppConfigSpec{VmConfigSpec: vappConfig(env, params.PropertyMapping)},
			ResourcePoolSpec: types.DefaultResourceConfigSpec(), Child: specs,
		}
	case len(specs) == 1:
		vm := specs[0].(*types.VirtualMachineImportSpec)
		config := vappConfig(env, params.PropertyMapping)
		vm.ConfigSpec.VAppConfig = &config
		r.ImportSpec = vm
	}
	return r
}

// networksOf are the networks of a pool's compute resource.
func networksOf(reg *simulator.Registry, e mo.Entity) []types.ManagedObjectReference {
	for e != nil {
		switch c := e.(type) {
		case *simulator.ClusterComputeResource:
			return c.Network
		case *mo.ComputeResource:
			return c.Network
		}
		up := e.Entity().Parent
		if up == nil {
			return nil
		}
		e, _ = reg.Get(*up).(mo.Entity)
	}
	return nil
}

func badProvisioning(kind string) *types.LocalizedMethodFault {
	if kind == "" || slices.Contains(provisionings(), kind) {
		return nil
	}
	return localized(&types.OvfUnsupportedDiskProvisioning{DiskProvisioning: kind, SupportedDiskProvisioning: strings.Join(provisionings(), ",")},
		"The disk provisioning type is not supported: "+kind)
}

func vappConfig(env *ovf.Envelope, values []types.KeyValue) types.VmConfigSpec {
	var v types.VmConfigSpec
	add := types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd}
	for i, p := range products(env) {
		v.Product = append(v.Product, types.VAppProductSpec{ArrayUpdateSpec: add, Info: &types.VAppProductInfo{
			Key: int32(i), ClassId: str(p.Class), InstanceId: str(p.Instance), Name: p.Product, Vendor: p.Vendor, Version: p.Version,
		}})
	}
	for _, info := range infos(env, values) {
		v.Property = append(v.Property, types.VAppPropertySpec{ArrayUpdateSpec: add, Info: &info})
	}
	for _, e := range eulas(env) {
		v.Eula = append(v.Eula, e.License)
	}
	return v
}

// system makes the configuration of one VM; path names it in the ids of devices.
func (b *builder) system(vs ovf.VirtualSystem, name, path string) types.VirtualMachineConfigSpec {
	b.parents = make(map[string]types.BaseVirtualDevice)
	c := types.VirtualMachineConfigSpec{
		Name: name, NumCPUs: 1, NumCoresPerSocket: types.NewInt32(1), MemoryMB: 32,
		GuestId: string(types.VirtualMachineGuestOsIdentifierOtherGuest),
	}
	if vs.Annotation != nil {
		c.Annotation = vs.Annotation.Annotation
	}
	if b.ds != nil {
		c.Files = &types.VirtualMachineFileInfo{VmPathName: (&object.DatastorePath{Datastore: b.ds.Name}).String()}
	}
	b.guest(&c, vs.OperatingSystem)
	if len(vs.VirtualHardware) == 0 {
		b.errors = append(b.errors, *missing("VirtualHardwareSection"))
		return c
	}
	hw := vs.VirtualHardware[0]
	if hw.System != nil && hw.System.VirtualSystemType != nil {
		first, _, _ := strings.Cut(*hw.System.VirtualSystemType, ",")
		c.Version = strings.Fields(first + " ?")[0]
	}
	for _, item := range b.chosen(hw.Item) {
		b.item(&c, item, name, path)
	}
	c.DeviceChange, _ = b.devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	return c
}

func (b *builder) guest(c *types.VirtualMachineConfigSpec, os *ovf.OperatingSystemSection) {
	if os == nil {
		return
	}
	if os.OSType != nil && *os.OSType != "" {
		c.GuestId = strings.TrimPrefix(*os.OSType, "*")
		return
	}
	b.warnings = append(b.warnings, *localized(
		&types.OvfMappedOsId{OvfId: int32(os.ID), OvfDescription: str(os.Description), TargetDescription: "Other"},
		fmt.Sprintf("The operating system %d is mapped to Other.", os.ID)))
}

// chosen are the items of the deployment option; an item of an option replaces the one
// without that has its InstanceID.
func (b *builder) chosen(items []ovf.ResourceAllocationSettingData) []ovf.ResourceAllocationSettingData {
	option := b.option
	if option == "" && b.env.DeploymentOption != nil {
		for i, c := range b.env.DeploymentOption.Configuration {
			if i == 0 || c.Default != nil && *c.Default {
				option = c.ID
			}
		}
	}
	var all []ovf.ResourceAllocationSettingData
	for _, item := range items {
		if item.Configuration != nil && !slices.Contains(strings.Fields(*item.Configuration), option) {
			continue
		}
		at := slices.IndexFunc(all, func(o ovf.ResourceAllocationSettingData) bool { return o.InstanceID == item.InstanceID })
		if at >= 0 && item.Configuration != nil {
			all[at] = item
			continue
		}
		all = append(all, item)
	}
	return all
}

// units multiplies by "byte * 2^20" and the older words for it.
func units(n uint64, unit string) uint64 {
	switch strings.ToLower(strings.TrimSpace(unit)) {
	case "megabytes", "mb":
		return n << 20
	case "gigabytes", "gb":
		return n << 30
	case "kilobytes", "kb":
		return n << 10
	}
	f := strings.Fields(strings.ReplaceAll(unit, "*", " "))
	if len(f) != 2 || f[0] != "byte" {
		return n
	}
	base, power, ok := strings.Cut(f[1], "^")
	x, _ := strconv.ParseFloat(base, 64)
	y, _ := strconv.ParseFloat(power, 64)
	if !ok {
		y = 1
	}
	return n * uint64(math.Pow(x, y))
}
