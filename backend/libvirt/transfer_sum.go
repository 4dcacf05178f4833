package libvirt

import (
	"crypto/sha256"
	"hash"

	"hvdeck/backend"
)

// digest sums up what a transfer moves: SHA-256, or nothing where the operation says so.
func digest(op backend.Op) hash.Hash {
	none := false
	switch o := op.(type) {
	case backend.VolumeUploadOp:
		none = o.NoChecksum
	case backend.VolumeImportOp:
		none = o.NoChecksum
	case backend.VolumeDownloadOp:
		none = o.NoChecksum
	}
	if none {
		return noDigest{}
	}
	return sha256.New()
}

// sumWords is a checksum as a result has it; "" for none.
func sumWords(sum string) string {
	if sum == "" {
		return ""
	}
	return "SHA-256 " + sum
}

// noDigest sums up nothing.
type noDigest struct{}

func (noDigest) Write(p []byte) (int, error) { return len(p), nil }
func (noDigest) Sum(b []byte) []byte         { return b }
func (noDigest) Reset()                      {}
func (noDigest) Size() int                   { return 0 }
func (noDigest) BlockSize() int              { return 1 }
