// Package mem is a hypervisor in memory, in the manner of a libvirt host, for tests
// of the screens, for tests of scale, and for half of the demo.
//
// It promises: the same configuration gives the same inventory and, at the same
// time of its clock, the same load figures; it reads no clock that was not given to
// it; load is computed when asked for, so that an idle hypervisor costs nothing; it
// keeps the state rules of a real one; volumes have bytes that come back as they were
// sent, in bounded memory; a definition in libvirt's XML has its effect, and what of it
// nobody here understands is kept; a change made by anyone reaches every watcher;
// and it can be told to fail in the ways that real servers do.
package mem
