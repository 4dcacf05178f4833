// Package libvirt does to real libvirt daemons, their guests and the lines to them what
// goes wrong in practice, and looks at the built program meanwhile.
//
// It promises that each fault is a real one (a signal to a process, or bytes changed on a
// real connection), that the keyboard is measured while it lasts, and that afterwards
// the screen is compared with virsh, what was done with the audit log, and what the
// process holds with what it held before.
package libvirt
