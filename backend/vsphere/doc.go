// Package vsphere is the driver for VMware vCenter and ESXi, on govmomi.
//
// It promises what backend.Backend does, and: one login per Backend, renewed when
// the server ends the session and always logged out by Close; the whole inventory
// kept up to date by one property collector with a lean set of properties, dear
// properties fetched only for the object asked for; a frozen server noticed within
// ten seconds while Watch runs; and faults in words that name the cause, with the
// server's own text added.
//
// Names in this package are those of the vSphere Web Services API: a moid is the
// value of a managed object reference and is used as the ID of a backend.Ref.
package vsphere
