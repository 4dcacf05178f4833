package vcsim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/ovf"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"

	"hvdeck/backend/guard"
)

// ovfManager adds what the simulator's OvfManager lacks, and stands in for its
// CreateImportSpec, which panics at many descriptors.
type ovfManager struct {
	Self types.ManagedObjectReference
	srv  *Server
}

// Reference implements mo.Reference.
func (m *ovfManager) Reference() types.ManagedObjectReference { return m.Self }

func (s *Server) ovfReceiver(call *simulator.Method) mo.Reference {
	switch call.Name {
	case "ParseDescriptor", "ValidateHost", "CreateImportSpec", "CreateDescriptor":
		return &ovfManager{Self: call.This, srv: s}
	default:
		return nil
	}
}

// setOVFOptions fills in the options that a server offers.
func (s *Server) setOVFOptions() {
	ref := s.model.ServiceContent.OvfManager
	if ref == nil {
		return
	}
	m, ok := s.model.Map().Get(*ref).(*simulator.OvfManager)
	if !ok {
		return
	}
	info := func(key, text string) types.OvfOptionInfo {
		return types.OvfOptionInfo{Option: key, Description: types.LocalizableMessage{Key: "ovf." + key, Message: text}}
	}
	m.OvfImportOption = []types.OvfOptionInfo{
		info("lax", "Accept descriptors that do not follow the specification"),
		info("allowExtraConfig", "Apply the advanced settings of the descriptor"),
	}
	m.OvfExportOption = []types.OvfOptionInfo{
		info("mac", "Include the MAC addresses of network adapters"),
		info("uuid", "Include the UUID of the virtual machine"),
		info("extraconfig", "Include the advanced settings of the virtual machine"),
	}
}

// envelope reads a descriptor; the fault says what is wrong with it.
func envelope(text string) (env *ovf.Envelope, fault *types.LocalizedMethodFault) {
	bad := func(err error) {
		env = nil
		fault = localized(&types.OvfXmlFormat{Description: err.Error()}, "The OVF descriptor is not valid: "+err.Error())
	}
	defer guard.Recover("read a descriptor", bad)
	env, err := ovf.Unmarshal(strings.NewReader(text))
	switch {
	case err != nil:
		bad(err)
	case env.VirtualSystem == nil && env.VirtualSystemCollection == nil:
		return nil, missing("VirtualSystem")
	}
	return env, fault
}

func localized(f types.BaseMethodFault, text string) *types.LocalizedMethodFault {
	return &types.LocalizedMethodFault{Fault: f, LocalizedMessage: text}
}

func missing(element string) *types.LocalizedMethodFault {
	return localized(&types.OvfMissingElement{OvfElement: types.OvfElement{Name: element}}, "The OVF descriptor lacks the element "+element+".")
}

// systems are the virtual machines of a package.
func systems(env *ovf.Envelope) []ovf.VirtualSystem {
	if env.VirtualSystemCollection != nil {
		return env.VirtualSystemCollection.VirtualSystem
	}
	return []ovf.VirtualSystem{*env.VirtualSystem}
}

// products are all product sections, those of a collection first.
func products(env *ovf.Envelope) []ovf.ProductSection {
	var all []ovf.ProductSection
	if env.VirtualSystemCollection != nil {
		all = slices.Clone(env.VirtualSystemCollection.Product)
	}
	for _, vs := range systems(env) {
		all = append(all, vs.Product...)
	}
	return all
}

// ParseDescriptor says what is in a descriptor.
func (m *ovfManager) ParseDescriptor(_ *simulator.Context, req *types.ParseDescriptor) soap.HasFault {
	return &methods.ParseDescriptorBody{Res: &types.ParseDescriptorResponse{Returnval: parsed(req)}}
}

func parsed(req *types.ParseDescriptor) types.OvfParseDescriptorResult {
	var r types.OvfParseDescriptorResult
	env, fault := envelope(req.OvfDescriptor)
	if fault != nil {
		r.Error = append(r.Error, *fault)
		return r
	}
	r.VirtualApp = env.VirtualSystemCollection != nil
	r.DefaultEntityName = defaultName(env)
	if env.Network != nil {
		for _, n := range env.Network.Networks {
			r.Network = append(r.Network, types.OvfNetworkInfo{Name: n.Name, Description: n.Description})
		}
	}
	for _, e := range eulas(env) {
		r.Eula = append(r.Eula, e.License)
	}
	r.Property = infos(env, nil)
	if env.DeploymentOption != nil {
		for i, c := range env.DeploymentOption.Configuration {
			r.DeploymentOption = append(r.DeploymentOption, types.OvfDeploymentOption{Key: c.ID, Label: c.Label, Description: c.Description})
			if i == 0 || c.Default != nil && *c.Default {
				r.DefaultDeploymentOption = c.ID
			}
		}
	}
	for _, f := range env.References {
		r.ApproximateDownloadSize += int64(f.Size)
	}
	if wrong := badOption(env, req.Pdp.DeploymentOption); wrong != nil {
		r.Error = append(r.Error, *wrong)
	}
	return r
}

func defaultName(env *ovf.Envelope) string {
	for _, p := range products(env) {
		if p.Product != "" {
			return p.Product
		}
	}
	if env.VirtualSystemCollection != nil {
		return env.VirtualSystemCollection.ID
	}
	return env.VirtualSystem.ID
}

func eulas(env *ovf.Envelope) []ovf.EulaSection {
	var all []ovf.EulaSection
	if env.VirtualSystemCollection != nil {
		all = slices.Clone(env.VirtualSystemCollection.Eula)
	}
	for _, vs := range systems(env) {
		all = append(all, vs.Eula...)
	}
	return all
}

// infos are the properties with these values.
func infos(env *ovf.Envelope, values []types.KeyValue) []types.VAppPropertyInfo {
	var all []types.VAppPropertyInfo
	for _, product := range products(env) {
		for _, one := range product.PropertiesWithCategory() {
			p := one.Property
			info := types.VAppPropertyInfo{
				Key: int32(len(all)), ClassId: str(product.Class), InstanceId: str(product.Instance), Id: p.Key, Category: one.Category,
				Label: str(p.Label), Type: p.Type, UserConfigurable: p.UserConfigurable, DefaultValue: str(p.Default), Description: str(p.Description),
			}
			for _, kv := range values {
				if kv.Key == product.Key(p) {
					info.Value = kv.Value
				}
			}
			all = append(all, info)
		}
	}
	return all
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// badOption is the fault for a deployment option that a descriptor has not.
func badOption(env *ovf.Envelope, option string) *types.LocalizedMethodFault {
	if option == "" {
		return nil
	}
	if env.DeploymentOption != nil {
		for _, c := range env.DeploymentOption.Configuration {
			if c.ID == option {
				return nil
			}
		}
	}
	f := &types.OvfInvalidValueConfiguration{}
	f.ElementName, f.AttributeName, f.Value = "Configuration", "id", option
	return localized(f, fmt.Sprintf("The deployment option %q does not exist.", option))
}

// ValidateHost says whether a host supports the hardware that a descriptor asks for.
func (m *ovfManager) ValidateHost(ctx *simulator.Context, req *types.ValidateHost) soap.HasFault {
	if _, ok := ctx.Map.Get(req.Host).(*simulator.HostSystem); !ok {
		return &methods.ValidateHostBody{Fault_: simulator.Fault("", &types.ManagedObjectNotFound{Obj: req.Host})}
	}
	r := types.OvfValidateHostResult{SupportedDiskProvisioning: provisionings()}
	env, fault := envelope(req.OvfDescriptor)
	if fault != nil {
		r.Error = append(r.Error, *fault)
		return &methods.ValidateHostBody{Res: &types.ValidateHostResponse{Returnval: r}}
	}
	for _, f := range env.References {
		r.DownloadSize += int64(f.Size)
	}
	for _, vs := range systems(env) {
		b := &builder{srv: m.srv, env: env, option: req.Vhp.DeploymentOption}
		b.system(vs, "validated", "validated")
		r.Error = append(r.Error, b.errors...)
		r.Warning = append(r.Warning, b.warnings...)
	}
	return &methods.ValidateHostBody{Res: &types.ValidateHostResponse{Returnval: r}}
}

func provisionings() []string {
	return []string{"monolithicSparse", "monolithicFlat", "thin", "thick", "eagerZeroedThick", "sparse", "flat", "seSparse"}
}
