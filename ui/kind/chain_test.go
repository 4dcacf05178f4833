package kind

import (
	"slices"
	"testing"

	"hvdeck/backend"
)

func TestChainLines(t *testing.T) {
	snap := func(name, image, overlay string) backend.Object {
		return &backend.Snapshot{Meta: backend.Meta{Name: name}, Disks: []backend.SnapshotDisk{{Label: "vda", Image: image, Overlay: overlay}}}
	}
	tree := []backend.Object{snap("inner", "/i/a.qcow2", ""), snap("outer", "/i/a.qcow2", "/i/a.outer"), snap("top", "/i/a.outer", "/i/a.top")}
	for _, c := range []struct {
		name string
		disk backend.Disk
		want []string
	}{
		{"external over internal", backend.Disk{Label: "vda", Path: "/i/a.top", Backing: []string{"/i/a.outer", "/i/a.qcow2"}}, []string{
			"in /i", "a.top  now; since top", "└─ a.outer  since outer; as of top", "   └─ a.qcow2  as of outer; inside: inner",
		}},
		{"another disk", backend.Disk{Label: "vdb", Path: "/i/a.top"}, []string{"in /i", "a.top  now"}},
		{"two directories", backend.Disk{Label: "vda", Path: "/i/a.outer", Backing: []string{"/j/base"}}, []string{
			"/i/a.outer  now; since outer; as of top", "└─ /j/base",
		}},
		{"an empty drive", backend.Disk{Label: "sda"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := chainLines(c.disk, tree); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
