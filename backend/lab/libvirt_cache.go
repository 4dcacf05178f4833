package lab

import (
	"os"
	"path/filepath"
)

// libvirtCacheDir is where the lab keeps what is dear to make and the same for all
// tests of a machine: HVDECK_LAB_CACHE, or a folder in the user's own cache.
func libvirtCacheDir() (string, error) {
	base := os.Getenv("HVDECK_LAB_CACHE")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			user = os.TempDir()
		}
		base = filepath.Join(user, "hvdeck-lab")
	}
	return base, os.MkdirAll(base, 0o755)
}

// libvirtCapabilities is where the answers of QEMU to libvirt's probing are kept:
// probing takes seconds for each fresh instance. libvirt itself checks whether they
// still fit the installed programs. Empty when there is no cache.
func libvirtCapabilities() string {
	base, err := libvirtCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(base, "capabilities")
}

func (l *Libvirtd) capabilities() string {
	return filepath.Join(l.dir, "cache/qemu/capabilities")
}

// copyCapabilities copies what is not there yet. A failure costs only time.
func (l *Libvirtd) copyCapabilities(from, to string) {
	if from == "" || to == "" || os.MkdirAll(to, 0o755) != nil {
		return
	}
	files, _ := filepath.Glob(filepath.Join(from, "*.xml"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue
		}
		copyOnce(filepath.Join(to, filepath.Base(f)), text)
	}
}

// copyOnce writes a file whole or not at all; several tests may do so at once.
func copyOnce(path string, text []byte) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".copy-*")
	if err != nil {
		return
	}
	_, err = tmp.Write(text)
	if cerr := tmp.Close(); err != nil || cerr != nil {
		_ = os.Remove(tmp.Name())
		return
	}
	_ = os.Chmod(tmp.Name(), 0o644)
	if os.Rename(tmp.Name(), path) != nil {
		_ = os.Remove(tmp.Name())
	}
}
