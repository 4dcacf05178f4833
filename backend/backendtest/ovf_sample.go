package backendtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// OVFSample is a small OVF package for tests.
type OVFSample struct {
	Name  string
	Disks [][]byte
	// Gzip compresses the disks, Chunk cuts them into files of so many bytes.
	Gzip  bool
	Chunk int
	// Digest of the manifest, as in backend.OVFExportOp; "none" leaves it out.
	Digest string
	// Wrong makes the manifest lie about the last file.
	Wrong bool
	// EULA, Property and Option add a licence, properties and deployment options.
	EULA, Property, Option bool
	// Systems above 1 makes a collection, each with the disks.
	Systems int
	// Strange adds hardware that no server knows.
	Strange bool
}

// sampleFile is a file of a package.
type sampleFile struct {
	name    string
	content []byte
}

func (s OVFSample) disk(i int) []byte {
	if !s.Gzip {
		return s.Disks[i]
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(s.Disks[i]) // never fails
	_ = w.Close()
	return b.Bytes()
}

// files are the descriptor, the manifest and the disks, in the order of an archive.
func (s OVFSample) files() []sampleFile {
	all := []sampleFile{{s.Name + ".ovf", []byte(s.Descriptor())}}
	for i := range s.Disks {
		name, content := fmt.Sprintf("%s-disk%d.vmdk", s.Name, i), s.disk(i)
		if s.Chunk == 0 {
			all = append(all, sampleFile{name, content})
			continue
		}
		for n := 0; len(content) > 0; n++ {
			size := min(s.Chunk, len(content))
			all = append(all, sampleFile{fmt.Sprintf("%s.%09d", name, n), content[:size]})
			content = content[size:]
		}
	}
	if s.Digest == "none" {
		return all
	}
	var manifest bytes.Buffer
	for i, f := range all {
		name, h := "SHA256", sha256.New()
		switch s.Digest {
		case "SHA1":
			name, h = "SHA1", sha1.New()
		case "SHA512":
			name, h = "SHA512", sha512.New()
		}
		fmt.Fprintf(&manifest, "%s(%s)= %s\n", name, f.name, s.sum(h, f.content, s.Wrong && i == len(all)-1))
	}
	return append(all[:1:1], append([]sampleFile{{s.Name + ".mf", manifest.Bytes()}}, all[1:]...)...)
}

func (s OVFSample) sum(h hash.Hash, content []byte, wrong bool) string {
	_, _ = h.Write(content) // never fails
	if wrong {
		_, _ = h.Write([]byte{1})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// WriteOVF writes the files into a folder and gives the name of the descriptor.
func (s OVFSample) WriteOVF(dir string) (string, error) {
	for _, f := range s.files() {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.content, 0o600); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, s.Name+".ovf"), nil
}

// WriteOVA writes an archive into a folder and gives its name.
func (s OVFSample) WriteOVA(dir string) (string, error) {
	name := filepath.Join(dir, s.Name+".ova")
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range s.files() {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content)), Typeflag: tar.TypeReg, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(h); err != nil {
			return "", err
		}
		if _, err := io.Copy(w, bytes.NewReader(f.content)); err != nil {
			return "", err
		}
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return name, os.WriteFile(name, b.Bytes(), 0o600)
}

const sampleHead = `<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
  xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
  xmlns:vmw="http://www.vmware.com/schema/ovf"
  xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
`

// Descriptor is the text of the .ovf file.
func (s OVFSample) Descriptor() string {
	var b strings.Builder
	b.WriteString(sampleHead + "  <References>\n")
	for i := range s.Disks {
		more := ""
		if s.Gzip {
			more += ` ovf:compression="gzip"`
		}
		if s.Chunk > 0 {
			more += fmt.Sprintf(` ovf:chunkSize="%d"`, s.Chunk)
		}
		fmt.Fprintf(&b, "    <File ovf:href=\"%s-disk%d.vmdk\" ovf:id=\"file%d\" ovf:size=\"%d\"%s/>\n", s.Name, i, i, len(s.disk(i)), more)
	}
	b.WriteString("  </References>\n  <DiskSection>\n    <Info>Disks</Info>\n")
	for i := range s.Disks {
		fmt.Fprintf(&b, "    <Disk ovf:capacity=\"%d\" ovf:capacityAllocationUnits=\"byte * 2^20\" ovf:diskId=\"vmdisk%d\" ovf:fileRef=\"file%d\""+
			" ovf:format=\"http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized\"/>\n", 64+i, i, i)
	}
	b.WriteString("  </DiskSection>\n  <NetworkSection>\n    <Info>Networks</Info>\n" +
		"    <Network ovf:name=\"net-a\"><Description>A</Description></Network>\n  </NetworkSection>\n")
	if s.Option {
		b.WriteString("  <DeploymentOptionSection>\n    <Info>Sizes</Info>\n    <Configuration ovf:id=\"small\" ovf:default=\"true\"><Label>Small</Label>" +
			"<Description>2 CPUs</Description></Configuration>\n    <Configuration ovf:id=\"large\"><Label>Large</Label><Description>4 CPUs</Description>" +
			"</Configuration>\n  </DeploymentOptionSection>\n")
	}
	if s.Systems > 1 {
		fmt.Fprintf(&b, "  <VirtualSystemCollection ovf:id=\"%s\">\n    <Info>VMs</Info>\n    <Name>%s</Name>\n", s.Name, s.Name)
		for i := range s.Systems {
			s.system(&b, fmt.Sprintf("%s-vm%d", s.Name, i))
		}
		b.WriteString("  </VirtualSystemCollection>\n")
	} else {
		s.system(&b, s.Name)
	}
	b.WriteString("</Envelope>\n")
	return b.String()
}

func (s OVFSample) system(b *strings.Builder, name string) {
	fmt.Fprintf(b, "  <VirtualSystem ovf:id=\"%s\">\n    <Info>A VM</Info>\n    <Name>%s</Name>\n", name, name)
	if s.EULA {
		b.WriteString("    <EulaSection><Info>Licence</Info><License>Pay in cake.</License></EulaSection>\n")
	}
	if s.Property {
		b.WriteString("    <ProductSection ovf:class=\"app\"><Info>Product</Info><Product>Sample</Product><Vendor>Nobody</Vendor><Version>1.0</Version>\n" +
			"      <Property ovf:key=\"port\" ovf:type=\"uint16\" ovf:value=\"80\" ovf:userConfigurable=\"true\"><Label>Port</Label></Property>\n" +
			"      <Property ovf:key=\"fixed\" ovf:type=\"string\" ovf:value=\"x\" ovf:userConfigurable=\"false\"><Label>Fixed</Label></Property>\n" +
			"      <Property ovf:key=\"pass\" ovf:type=\"string\" ovf:password=\"true\" ovf:value=\"\" ovf:userConfigurable=\"true\">" +
			"<Label>Password</Label></Property>\n" +
			"    </ProductSection>\n")
	}
	b.WriteString("    <OperatingSystemSection ovf:id=\"96\" vmw:osType=\"debian10_64Guest\"><Info>OS</Info></OperatingSystemSection>\n" +
		"    <VirtualHardwareSection>\n      <Info>Hardware</Info>\n      <System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName>" +
		"<vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-13</vssd:VirtualSystemType></System>\n")
	b.WriteString(item("", "2 CPUs", 1, "", "", 3, "<rasd:VirtualQuantity>2</rasd:VirtualQuantity>"))
	if s.Option {
		large := item("", "4 CPUs", 1, "", "", 3, "<rasd:VirtualQuantity>4</rasd:VirtualQuantity>")
		b.WriteString(strings.Replace(large, "<Item>", `<Item ovf:configuration="large">`, 1))
	}
	b.WriteString(item("<rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>", "256 MB", 2, "", "", 4, "<rasd:VirtualQuantity>256</rasd:VirtualQuantity>"))
	b.WriteString(item("", "SCSI", 3, "", "<rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>", 6, ""))
	for i := range s.Disks {
		b.WriteString(item(fmt.Sprintf("<rasd:AddressOnParent>%d</rasd:AddressOnParent>", i), fmt.Sprintf("Disk %d", i+1), 10+i,
			"<rasd:Parent>3</rasd:Parent>", "", 17, "", fmt.Sprintf("<rasd:HostResource>ovf:/disk/vmdisk%d</rasd:HostResource>", i)))
	}
	b.WriteString(item("<rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>net-a</rasd:Connection>", "NIC", 4, "",
		"<rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType>", 10, ""))
	if s.Strange {
		b.WriteString(item("", "Tape", 5, "", "", 18, ""))
	}
	b.WriteString("    </VirtualHardwareSection>\n  </VirtualSystem>\n")
}

// item is a piece of hardware with its elements in the order of the schema.
func item(before, name string, id int, parent, sub string, kind int, after string, resource ...string) string {
	return fmt.Sprintf("      <Item>%s<rasd:ElementName>%s</rasd:ElementName>%s<rasd:InstanceID>%d</rasd:InstanceID>%s%s"+
		"<rasd:ResourceType>%d</rasd:ResourceType>%s</Item>\n", before, name, strings.Join(resource, ""), id, parent, sub, kind, after)
}

// Noise is n bytes that do not compress.
func Noise(n int, seed byte) []byte {
	b := make([]byte, n)
	x := uint64(seed) + 0x9e3779b97f4a7c15
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		b[i] = byte(x >> 24)
	}
	return b
}
