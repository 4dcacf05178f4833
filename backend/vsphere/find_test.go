package vsphere_test

import (
	"testing"

	"github.com/vmware/govmomi/simulator"

	"hvdeck/backend"
	"hvdeck/backend/lab"
	"hvdeck/backend/vcsim"
	"hvdeck/backend/vsphere"
)

func TestFind(t *testing.T) {
	v := lab.StartVcsim(t, "-vm", "1", "-dc", "2")
	v.Govc("vm.change", "-vm", "/DC0/vm/DC0_H0_VM0", "-e", "SET.guest.ipAddress=10.20.30.40", "-e", "SET.guest.hostName=web.example.net")
	v.Govc("vm.clone", "-vm", "/DC1/vm/DC1_H0_VM0", "-on=false", "-dc", "DC1", "-host", "DC1_H0", "DC0_H0_VM0")
	b := dial(t, vsphere.Options{URL: v.URL()})
	f, ok := backend.As[backend.Finder](b)
	if !ok {
		t.Fatal("no Finder")
	}
	var here, there *backend.VM
	for _, o := range list(t, b, backend.Query{Kind: backend.KindVM}) {
		if vm := o.(*backend.VM); vm.Name == "DC0_H0_VM0" && vm.Datacenter == "DC0" {
			here = vm
		} else if vm.Name == "DC0_H0_VM0" {
			there = vm
		}
	}
	instance := v.Govc("object.collect", "-s", "/DC0/vm/DC0_H0_VM0", "config.instanceUuid")
	for _, c := range []struct {
		by   backend.FindBy
		text string
		dc   string
		want []backend.Ref
	}{
		{backend.FindByName, "DC0_H0_VM0", "", []backend.Ref{here.ID, there.ID}},
		{backend.FindByName, "DC0_H0_VM0", "DC1", []backend.Ref{there.ID}},
		{backend.FindByName, "DC0_H0_VM", "", nil},
		{backend.FindByPath, here.Path, "", []backend.Ref{here.ID, there.ID}},
		{backend.FindByPath, here.Path, "DC0", []backend.Ref{here.ID}},
		{backend.FindByPath, "[LocalDS_0] none/none.vmx", "", nil},
		{backend.FindByPath, "[none] none/none.vmx", "", nil},
		{backend.FindByInventory, "/DC0/vm/DC0_H0_VM0", "", []backend.Ref{here.ID}},
		{backend.FindByInventory, "DC1/vm/DC0_H0_VM0", "", []backend.Ref{there.ID}},
		{backend.FindByInventory, "vm/DC0_H0_VM0", "DC1", []backend.Ref{there.ID}},
		{backend.FindByInventory, "/DC0/vm/none", "", nil},
		{backend.FindByInventory, "/DC0/host/DC0_H0", "", nil},
		{backend.FindByUUID, here.UUID, "", []backend.Ref{here.ID}},
		{backend.FindByUUID, instance, "", []backend.Ref{here.ID}},
		{backend.FindByUUID, "00000000-0000-4000-8000-00000000dead", "", nil},
		{backend.FindByIP, "10.20.30.40", "", []backend.Ref{here.ID}},
		{backend.FindByIP, "10.20.30.41", "", nil},
		{backend.FindByDNS, "web.example.net", "", []backend.Ref{here.ID}},
		{backend.FindByDNS, "none.example.net", "DC0", nil},
	} {
		got, err := f.Find(t.Context(), c.by, c.text, c.dc)
		if err != nil || !sameRefs(got, c.want) {
			t.Errorf("by %d, %q in %q: %v %v, want %v", c.by, c.text, c.dc, got, err, c.want)
		}
	}
	if _, err := f.Find(t.Context(), backend.FindByName, "x", "none"); backend.ClassOf(err) != backend.ClassNotFound {
		t.Errorf("an unknown datacenter: %v", err)
	}
	if _, err := f.Find(t.Context(), backend.FindByName, " ", ""); backend.ClassOf(err) != backend.ClassInvalid {
		t.Errorf("nothing: %v", err)
	}
}

func sameRefs(a, b []backend.Ref) bool {
	has := make(map[backend.Ref]bool)
	for _, r := range a {
		has[r] = true
	}
	for _, r := range b {
		if !has[r] {
			return false
		}
	}
	return len(a) == len(b)
}

func TestFindOnASingleHost(t *testing.T) {
	s := sim(t, vcsim.Options{ESX: true})
	vm := s.Model().Map().Any("VirtualMachine").(*simulator.VirtualMachine)
	b := dial(t, vsphere.Options{URL: s.URL()})
	f, _ := backend.As[backend.Finder](b)
	for by, text := range map[backend.FindBy]string{
		backend.FindByName: vm.Name, backend.FindByPath: vm.Config.Files.VmPathName, backend.FindByUUID: vm.Config.Uuid,
		backend.FindByInventory: "/ha-datacenter/vm/" + vm.Name,
	} {
		got, err := f.Find(t.Context(), by, text, "")
		if err != nil || len(got) != 1 || got[0].ID != vm.Self.Value {
			t.Errorf("by %d, %q: %v %v", by, text, got, err)
		}
	}
}
