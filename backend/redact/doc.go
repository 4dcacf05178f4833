// Package redact knows where libvirt's texts have passwords, and takes them out. It is
// the one list of such places: what is shown, what is traced and what is repeated in an
// error all go by it.
//
// It promises that a document keeps its lines and what else is in it, and that a
// fragment, which may be cut off anywhere, shows no value of which the beginning is
// there. It hides too much rather than too little. What can't be told by its place, such
// as a password in a description, is not found; nor is the beginning, in digits alone, of
// a cut off password in a URL, which looks like a port.
//
// Sources: the formats of domains, storage pools, volumes and secrets;
// VIR_DOMAIN_XML_SECURE; QEMU's secret objects and the options of its drivers.
package redact
