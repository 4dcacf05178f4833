// Package vsphere holds the tests of the built program against a vCenter that fails: a
// simulator process behind a front or a line that the test makes bad. It promises that the
// keyboard is measured during each fault, that the screen names the state of the connection
// within 10 s, and that afterwards the console recovers by itself, with nothing undone,
// done twice or left behind.
package vsphere
