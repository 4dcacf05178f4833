// Package lab brings up real counterparts for tests: private libvirtd instances
// with test and QEMU guests, and vCenter simulators. It promises that what it
// starts is private to one test, needs nothing from the machine's own services,
// and is gone when the test ends, however it ends.
package lab
