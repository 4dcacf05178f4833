// Package ovf reads and writes OVF packages: descriptors, manifests, archives. It needs
// no server.
//
// It promises that nothing that a package holds can make it panic, hang, take memory
// without bound or write outside of where it was told to; that what is wrong with a
// package is said before anything is made of it; that disks pass through as streams, so
// that a package of any size takes the same memory; and that checksums are compared by
// its own code.
//
// Sources: DSP0243 (Open Virtualization Format Specification), versions 1.0 to 2.1.
package ovf
