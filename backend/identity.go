package backend

import (
	"crypto/rand"
	"fmt"
	"net"
)

// NewUUID makes a random UUID. Source: RFC 9562, version 4.
func NewUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// NewMAC makes a random MAC address in a vendor's range, given as its first three
// bytes: QEMU's is 52:54:00, VMware's for addresses set by hand 00:50:56 (with a
// fourth byte of at most 0x3f).
func NewMAC(vendor [3]byte) string {
	mac := make(net.HardwareAddr, 6)
	_, _ = rand.Read(mac)
	copy(mac, vendor[:])
	if vendor == [3]byte{0x00, 0x50, 0x56} {
		mac[3] &= 0x3f
	}
	return mac.String()
}
