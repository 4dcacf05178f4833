package kind

import (
	"testing"

	"hvdeck/backend"
	"hvdeck/keymap"
)

func TestCheckFilePath(t *testing.T) {
	for path, want := range map[string]bool{
		"iso/debian.iso": true, "a b/ü.vmdk": true, "...": true, "": false, "/abs": false, "..": false, "../x": false,
		"a/../b": false, "a//b": false, "a/": false, "a\nb": false, ".": false,
	} {
		if ok := checkFilePath(path) == ""; ok != want {
			t.Errorf("%q: taken %v, want %v", path, ok, want)
		}
	}
}

// TestPlaceIn: something new goes into the pool, or below the folder that is open.
func TestPlaceIn(t *testing.T) {
	pool := backend.Ref{Conn: "vc", Kind: backend.KindPool, ID: "datastore-1"}
	dir := &backend.Volume{Meta: backend.Meta{ID: backend.Ref{Conn: "vc", Kind: backend.KindVolume, ID: "datastore-1/a b"}, Name: "a b", Parent: pool}, Path: "[ds] x/a b", Type: "dir"}
	for _, c := range []struct {
		under backend.Object
		want  string
	}{{dir, "x/a b/new.iso"}, {&backend.Pool{Meta: backend.Meta{ID: pool, Name: "ds"}}, "new.iso"}} {
		if at, name := placeIn(c.under, "new.iso"); at != pool || name != c.want {
			t.Errorf("under %s: %v %q, want %q", c.under.Title(), at, name, c.want)
		}
	}
	if why := whenRoom(keymap.Selection{}, &backend.Volume{Type: "file"}); why == "" {
		t.Error("something can be put into a file")
	}
}

// TestRegisterOnlyWhatIsNobodys: a .vmx file that a VM has is not registered again.
func TestRegisterOnlyWhatIsNobodys(t *testing.T) {
	a := volumeRegister()
	for name, c := range map[string]struct {
		file backend.Volume
		ok   bool
	}{
		"a .vmx file":   {backend.Volume{Meta: backend.Meta{Name: "web.VMX"}}, true},
		"a template":    {backend.Volume{Meta: backend.Meta{Name: "web.vmtx"}}, true},
		"a disk":        {backend.Volume{Meta: backend.Meta{Name: "web.vmdk"}}, false},
		"one that runs": {backend.Volume{Meta: backend.Meta{Name: "web.vmx"}, UsedBy: []string{"web"}}, false},
	} {
		if why := a.When(keymap.Selection{}, &c.file); (why == "") != c.ok {
			t.Errorf("%s: %q", name, why)
		}
	}
}
