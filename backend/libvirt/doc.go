// Package libvirt is the driver for everything that a libvirt daemon serves: QEMU
// and KVM, the test driver, Xen, LXC and the rest.
//
// It promises that nothing a daemon, a dead link or the client library does can
// block its callers: every connection is fenced (frames are checked, silence is
// noticed by pings of its own, at most four calls are in flight) and every call
// returns when its context or its own deadline ends. It asks for lists in bulk and
// never waits for a VM that hangs.
package libvirt
