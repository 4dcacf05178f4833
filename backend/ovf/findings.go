package ovf

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// known are the sections and other children that a system, a collection or an envelope
// may have. Sources: DSP0243 9, VMware's extensions.
func known(n *node) bool {
	return slices.Contains([]string{
		"Info", "Name", "AnnotationSection", "OperatingSystemSection", "VirtualHardwareSection",
		"ResourceAllocationSection", "StartupSection", "InstallSection", "SharedDiskSection", "ScaleOutSection",
		"PlacementGroupSection", "PlacementSection", "EncryptionSection", "EnvironmentFilesSection", "BootDeviceSection",
		"IpAssignmentSection", "BootOrderSection", "StorageSection", "StorageGroupSection",
		"vServiceDependencySection", "TagBasedPlacementSection", "TagBasedPlacementGroupSection",
		"CpuCompatibilitySection", "MigrationUpgradeRequisitesSection", "VirtualDeviceGroupSection",
	}, n.name)
}

// unknown tells of a section that is not understood: a required one makes the package
// useless, by DSP0243 7.1; those of VMware's other products are known to be left out.
func (r *reader) unknown(n *node) {
	switch {
	case known(n):
	case n.attr("required") == "false" || strings.HasPrefix(n.space, "http://www.vmware.com/vcloud/"):
		r.warn(n, "the section %s is not known and is left out", n.name)
	default:
		r.fail(n, "the section %s is required and not known", n.name)
	}
}

// badHref is why a href must not be followed; "" when it may be. Packages name files
// beside the descriptor or below it, never elsewhere.
func badHref(href string) string {
	if href == "" {
		return "has no href"
	}
	u, err := url.Parse(href)
	if err == nil && (u.IsAbs() || u.Host != "") {
		return "is named by a URL; only files beside the descriptor are read"
	}
	plain, err := url.PathUnescape(href)
	if err != nil {
		plain = href
	}
	return badName(plain)
}

// badName is why a file must not have such a name; "" when it may.
func badName(name string) string {
	switch {
	case name == "" || name == ".":
		return "has no name"
	case strings.ContainsRune(name, '\\'):
		return "has a backslash in its name"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "has a control character in its name"
	case path.IsAbs(name):
		return "has an absolute name"
	case slices.Contains(strings.Split(name, "/"), ".."):
		return "has a name that leaves its directory"
	case len(name) > 1024:
		return "has a name of more than 1024 bytes"
	}
	return ""
}

// check looks for references that lead nowhere.
func (r *reader) check() {
	disks := map[string]bool{}
	for _, d := range r.d.Disks {
		disks[d.ID] = true
	}
	files := map[string]bool{}
	for _, f := range r.d.Files {
		files[f.ID] = true
	}
	networks := map[string]bool{}
	for _, n := range r.d.Networks {
		networks[n.Name] = true
	}
	for _, d := range r.d.Disks {
		if d.File != "" && !files[d.File] {
			r.fail(nil, "the disk %s is in the file %q, which is not there", d.ID, d.File)
		}
		if d.Parent != "" && !disks[d.Parent] {
			r.fail(nil, "the disk %s has the parent %q, which is not there", d.ID, d.Parent)
		}
		if r.seen["used disk\x00"+d.ID] {
			continue
		}
		if r.d.Option == "" {
			r.warn(nil, "the disk %s is used by no device", d.ID)
		}
	}
	for _, s := range r.d.Systems {
		r.checkSystem(s, disks, files, networks)
	}
}

func (r *reader) checkSystem(s System, disks, files, networks map[string]bool) {
	for _, d := range s.Devices {
		switch {
		case d.Kind == "network adapter" && d.Connection == "":
			r.warn(nil, "the network adapter %s of %s is connected to no network", d.ID, s.ID)
		case d.Kind == "network adapter" && !networks[d.Connection]:
			r.fail(nil, "the network adapter %s of %s is connected to the network %q, which is not there", d.ID, s.ID, d.Connection)
		case d.file && !files[d.Connection]:
			r.fail(nil, "the device %s of %s uses the file %q, which is not there", d.ID, s.ID, d.Connection)
		}
	}
	for _, id := range s.Disks {
		if !disks[id] {
			r.fail(nil, "%s has the disk %q, which is not there", s.ID, id)
		}
	}
}
