package mem

import (
	"encoding/binary"
	"io"
	"slices"

	"hvdeck/backend"
)

const (
	// blockSize is what a sparse volume is kept in.
	blockSize = 64 << 10
	// maxStored bounds the bytes that all volumes of a hypervisor keep.
	maxStored = 256 << 20
	// madeUpBytes bounds what can be downloaded of a volume that was made up.
	madeUpBytes = 32 * mib
)

// content is the bytes of a volume; blocks that were never written are zero. A block
// is never changed once it is in the map, so clones share them.
type content struct {
	size   int64
	blocks map[int64][]byte
}

func newContent(size uint64) *content {
	return &content{size: int64(min(size, 1<<62)), blocks: map[int64][]byte{}} //nolint:gosec // bounded
}

// readAt fills buf; io.EOF at the end.
func (c *content) readAt(buf []byte, at int64) (int, error) {
	if at >= c.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(buf)), c.size-at))
	clear(buf[:n])
	for done := 0; done < n; {
		pos := at + int64(done)
		step := min(n-done, int(blockSize-pos%blockSize))
		if block := c.blocks[pos/blockSize]; block != nil {
			copy(buf[done:done+step], block[pos%blockSize:])
		}
		done += step
	}
	return n, nil
}

// writeTo puts bytes into a volume and lets it grow. Needs mu.
func (h *Hypervisor) writeTo(c *content, buf []byte, at int64) error {
	for done := 0; done < len(buf); {
		pos := at + int64(done)
		step := min(len(buf)-done, int(blockSize-pos%blockSize))
		block := make([]byte, blockSize)
		if old := c.blocks[pos/blockSize]; old != nil {
			copy(block, old)
		} else {
			if h.stored+blockSize > maxStored {
				return backend.Refuse(backend.ClassOther, "", "", "cannot write data: No space left on device")
			}
			h.stored += blockSize
		}
		copy(block[pos%blockSize:], buf[done:done+step])
		c.blocks[pos/blockSize] = block
		done += step
	}
	c.size = max(c.size, at+int64(len(buf)))
	return nil
}

// cut drops all from a size on, and grows with zeros. Needs mu.
func (h *Hypervisor) cut(c *content, size int64) {
	for at, block := range c.blocks {
		switch rest := size - at*blockSize; {
		case rest <= 0:
			delete(c.blocks, at)
			h.stored -= blockSize
		case rest < blockSize:
			kept := slices.Clone(block)
			clear(kept[rest:])
			c.blocks[at] = kept
		}
	}
	c.size = size
}

// copyOf shares the blocks. Needs mu.
func (h *Hypervisor) copyOf(c *content) *content {
	out := &content{size: c.size, blocks: make(map[int64][]byte, len(c.blocks))}
	for at, block := range c.blocks {
		out.blocks[at] = block
	}
	h.stored += int64(len(c.blocks)) * blockSize
	return out
}

// The header of a qcow2 image, as far as it matters here. Source: QEMU's
// docs/interop/qcow2.txt.
const (
	qcowMagic  = "QFI\xfb"
	qcowSizeAt = 24
	qcowEmpty  = 196_616 // bytes of an empty image
	isoMagicAt = 0x8001
	isoMagic   = "CD001"
)

func qcowHeader(capacity uint64) []byte {
	head := make([]byte, 104)
	copy(head, qcowMagic)
	binary.BigEndian.PutUint32(head[4:], 3)
	binary.BigEndian.PutUint32(head[20:], 16) // clusters of 64 KiB
	binary.BigEndian.PutUint64(head[qcowSizeAt:], capacity)
	return head
}

// probe says what kind of image it is and its capacity.
func probe(read func(buf []byte, at int64) (int, error), size int64) (format string, capacity uint64) {
	head := make([]byte, 32)
	n, _ := read(head, 0)
	if n == len(head) && string(head[:4]) == qcowMagic {
		return "qcow2", binary.BigEndian.Uint64(head[qcowSizeAt:])
	}
	n, _ = read(head[:len(isoMagic)], isoMagicAt)
	if n == len(isoMagic) && string(head[:n]) == isoMagic {
		return "iso", uint64(max(size, 0))
	}
	return "raw", uint64(max(size, 0))
}
