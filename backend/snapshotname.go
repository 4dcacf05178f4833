package backend

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckSnapshotName refuses a name for a new or renamed snapshot that no driver
// takes: an empty one, one with a '/', which parts the names in a path, and one
// with characters that XML can't carry or that no screen shows. It is asked by
// every driver before the server is, and by forms; the server may refuse more.
func CheckSnapshotName(doing, vm, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return Refuse(ClassInvalid, doing, vm, "the name of a snapshot must not be empty")
	case strings.Contains(name, "/"):
		return Refuse(ClassInvalid, doing, vm, "the name of a snapshot must not contain '/': %q", name)
	case !utf8.ValidString(name), strings.ContainsFunc(name, unicode.IsControl):
		return Refuse(ClassInvalid, doing, vm, "the name of a snapshot must not contain control characters: %q", name)
	default:
		return nil
	}
}
