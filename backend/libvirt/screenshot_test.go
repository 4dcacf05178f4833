package libvirt

import (
	"bytes"
	"errors"
	"image/color"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestPictureOfADisplay(t *testing.T) {
	ppm := []byte("P6\n# made by hand\n2 1\n255\n\xff\x00\x00\x00\x00\xff")
	data, err := asPNG(ppm)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil || img.Bounds().Dx() != 2 || img.Bounds().Dy() != 1 {
		t.Fatalf("%v %v", img, err)
	}
	if img.At(0, 0) != (color.RGBA{R: 255, A: 255}) && img.At(0, 0) != (color.NRGBA{R: 255, A: 255}) {
		t.Errorf("%v", img.At(0, 0))
	}
	if again, err := asPNG(data); err != nil || !bytes.Equal(again, data) {
		t.Errorf("PNG: %v", err)
	}
	for _, bad := range []string{"", "P6", "P6 2 2 255\n123", "P6 99999999 99999999 255\n1", "P6 -1 2 255\n", "P6 2 1 65535\n12345678", "P6 0 0 255\n", "GIF89a", "P6 #"} {
		if _, err := asPNG([]byte(bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestWriteNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	if err := writeNew(path, []byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another: %v", err)
	}
	if err := copyNew(path, []byte("two")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("copied over another: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info, err)
	}
	if got, _ := os.ReadFile(path); string(got) != "one" {
		t.Errorf("%q", got)
	}
	if all, _ := os.ReadDir(filepath.Dir(path)); len(all) != 1 {
		t.Errorf("left behind: %v", all)
	}
	if err := writeNew(filepath.Join(t.TempDir(), "none", "a"), nil); err == nil {
		t.Error("no error without a directory")
	}
}
