package vsphere

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"hvdeck/backend"
)

// maxElement is the longest name in a path that VMFS and NFS take, in bytes.
const maxElement = 255

// splitVolume gives the datastore and the path in it of a file; "" is its top.
func (c *Conn) splitVolume(r backend.Ref) (pool backend.Ref, rel string) {
	moid, rel, _ := strings.Cut(r.ID, "/")
	return c.ref(backend.KindPool, moid), rel
}

// volumeRef names a file: "<datastore moid>/<path>".
func (c *Conn) volumeRef(pool backend.Ref, rel string) backend.Ref {
	return c.ref(backend.KindVolume, pool.ID+"/"+rel)
}

// badPath says why a path below a datastore is not taken; "" when it is.
func badPath(rel string) string {
	switch {
	case rel == "":
		return "say which path below the datastore"
	case !utf8.ValidString(rel) || strings.IndexFunc(rel, unicode.IsControl) >= 0:
		return "the path holds characters that no name may have"
	case strings.HasPrefix(rel, "/"):
		return "the path begins below the datastore, without a slash before it"
	case strings.TrimSpace(rel) != rel:
		return "the path begins or ends with a space"
	}
	for part := range strings.SplitSeq(rel, "/") {
		switch {
		case part == "":
			return "the path has an empty name in it"
		case part == "." || part == "..":
			return "the path may not go upwards"
		case len(part) > maxElement:
			return "a name in the path is longer than 255 bytes"
		}
	}
	return ""
}

func (a *action) checkPath(rel string) error {
	if why := badPath(rel); why != "" {
		return a.refuse(backend.ClassInvalid, "%s", why)
	}
	return nil
}

// parentOf is the folder that a path is in; "" for the top.
func parentOf(rel string) string {
	if dir := path.Dir(rel); dir != "." {
		return dir
	}
	return ""
}

// extents are the endings of files with a virtual disk's data, beside its descriptor.
func extents() []string {
	return []string{"-flat", "-delta", "-sesparse", "-rdm", "-rdmp", "-ctk", "-digest-flat"}
}

// descriptorOf is the descriptor of the virtual disk that a file belongs to: itself
// where it is one. ok is false for files that are not of a disk.
func descriptorOf(rel string) (descriptor string, ok bool) {
	base, isDisk := strings.CutSuffix(rel, ".vmdk")
	if !isDisk {
		return "", false
	}
	for _, end := range extents() {
		if plain, cut := strings.CutSuffix(base, end); cut {
			return plain + ".vmdk", true
		}
	}
	return rel, true
}

// isDescriptor tells whether a file stands for a whole virtual disk.
func isDescriptor(rel string) bool {
	d, ok := descriptorOf(rel)
	return ok && d == rel
}
