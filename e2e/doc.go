// Package e2e holds the tests of the built program: it runs in a pseudo-terminal
// against real counterparts, with virsh and govc as the second actors.
//
// It promises that what a test asserts was decided by the program and a real server;
// nothing here is faked but the terminal.
package e2e
