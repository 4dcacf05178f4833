package backendtest

import (
	"bytes"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"hvdeck/backend"
)

func vmSendKey(r *run) {
	r.needs(backend.VerbSendKey)
	vm := r.ensureOff(r.Off)
	r.refused(backend.VMSendKeyOp{VM: vm, Keys: "ctrl"}, backend.ClassConflict)
	vm = r.ensureOn(r.Running)
	r.do(backend.VMSendKeyOp{VM: vm, Keys: "ctrl"})
	r.do(backend.VMSendKeyOp{VM: vm, Keys: "alt+f2"})
	for _, bad := range []string{"", "ctrl+nonsense", "+"} {
		r.refused(backend.VMSendKeyOp{VM: vm, Keys: bad}, backend.ClassInvalid)
	}
}

func vmScreenshot(r *run) {
	r.needs(backend.VerbScreenshot)
	dir := r.t.TempDir()
	file := filepath.Join(dir, "screen.png")
	off := filepath.Join(r.t.TempDir(), "off.png")
	r.idle(backend.VMScreenshotOp{VM: r.ensureOff(r.Off), File: off})
	vm := r.ensureOn(r.Running)
	r.do(backend.VMScreenshotOp{VM: vm, File: file})
	if _, err := png.Decode(bytes.NewReader(r.bytesOf(file))); err != nil {
		r.errorf("the screenshot is no PNG: %v", err)
	}
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		r.fatalf("write a file: %v", err)
	}
	r.refused(backend.VMScreenshotOp{VM: vm, File: file}, backend.ClassConflict, backend.ClassInvalid)
	if !strings.HasPrefix(string(r.bytesOf(file)), "mine") {
		r.errorf("a screenshot overwrote a file")
	}
	r.holds(dir, "screen.png")
}
