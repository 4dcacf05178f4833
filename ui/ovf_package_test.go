package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packageOf writes a package with a licence, two deployment options, a network and
// properties, and gives its path. more goes into the properties.
func packageOf(t *testing.T, licence, more string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "shop.ovf")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("shop-disk1.vmdk", strings.Repeat("x", 1000))
	write("shop.ovf", strings.NewReplacer("LICENCE", licence, "MORE", more).Replace(descriptorText))
	return path
}

const descriptorText = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
 <References><File ovf:id="file1" ovf:href="shop-disk1.vmdk" ovf:size="1000"/></References>
 <DiskSection><Info>Disks</Info>
  <Disk ovf:diskId="disk1" ovf:fileRef="file1" ovf:capacity="20" ovf:capacityAllocationUnits="byte * 2^30"
   ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/></DiskSection>
 <NetworkSection><Info>Networks</Info><Network ovf:name="VM Network"><Description>to the customers</Description></Network></NetworkSection>
 <DeploymentOptionSection><Info>Sizes</Info>
  <Configuration ovf:id="small" ovf:default="true"><Label>Small</Label><Description>for a trial</Description></Configuration>
  <Configuration ovf:id="large"><Label>Large</Label><Description>for the real thing</Description></Configuration>
 </DeploymentOptionSection>
 <VirtualSystem ovf:id="shop"><Info>A VM</Info><Name>shop</Name>
  <OperatingSystemSection ovf:id="96"><Info>OS</Info><Description>Debian 12</Description></OperatingSystemSection>
  <EulaSection><Info>Licence</Info><License>LICENCE</License></EulaSection>
  <ProductSection><Info>Product</Info><Product>Shop</Product><Vendor>Example</Vendor><Version>2.1</Version>
   <Category>Network</Category>
   <Property ovf:key="hostname" ovf:type="string" ovf:userConfigurable="true" ovf:value="shop"
    ovf:qualifiers="MinLen(2) MaxLen(20)"><Label>Host name</Label><Description>Without the domain.</Description></Property>
   <Property ovf:key="dhcp" ovf:type="boolean" ovf:userConfigurable="true" ovf:value="true"><Label>DHCP</Label></Property>
   <Category>Access</Category>
   <Property ovf:key="admin" ovf:type="string" ovf:userConfigurable="true" ovf:password="true" ovf:qualifiers="MinLen(4)">
    <Label>Password</Label></Property>
   <Property ovf:key="size" ovf:type="uint16" ovf:userConfigurable="true" ovf:value="10"><Label>Cache</Label>
    <Value ovf:configuration="large" ovf:value="99"/></Property>
   <Property ovf:key="fixed" ovf:type="string" ovf:value="no"><Label>Not to be set</Label></Property>MORE
  </ProductSection>
  <VirtualHardwareSection><Info>Hardware</Info>
   <System><vssd:ElementName>Hardware</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>
   <Item><rasd:ElementName>CPU</rasd:ElementName><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType>
    <rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
   <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:ElementName>Memory</rasd:ElementName><rasd:InstanceID>2</rasd:InstanceID>
    <rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>4096</rasd:VirtualQuantity></Item>
   <Item><rasd:ElementName>SCSI</rasd:ElementName><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
    <rasd:ResourceType>6</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:ElementName>Disk</rasd:ElementName><rasd:HostResource>ovf:/disk/disk1</rasd:HostResource>
    <rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
   <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:Connection>VM Network</rasd:Connection><rasd:ElementName>NIC</rasd:ElementName>
    <rasd:InstanceID>5</rasd:InstanceID><rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
  </VirtualHardwareSection>
 </VirtualSystem>
</Envelope>
`

// manyProperties is what a large appliance has.
func manyProperties(n int) string {
	var b strings.Builder
	b.WriteString("<Category>Many</Category>")
	for i := range n {
		fmt.Fprintf(&b, `<Property ovf:key="p%d" ovf:type="string" ovf:userConfigurable="true" ovf:value="v%d"><Label>Setting %d</Label><Description>%s</Description></Property>`,
			i, i, i, strings.Repeat("what it is for ", 400))
	}
	return b.String()
}
