// Package backend is the contract between the console and the hypervisors: the
// objects an operator sees, the operations that change them, what an endpoint can
// do, and the classes an error falls into.
//
// It promises neutrality: nothing here knows a driver, a screen or a key. Drivers
// (backend/libvirt, backend/vsphere, backend/mem) translate a hypervisor into it;
// everything above reads only it. All types that cross the line are plain values;
// an object handed over by a driver belongs to the receiver and is never written
// to or read by the driver again.
package backend
