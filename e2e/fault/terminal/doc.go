// Package terminal holds the tests of faults on this side of the console: the operator's
// terminal, their ssh, and the disk of their machine. The program is the built one, the
// counterparts are real: an sshd with a libvirtd behind it, a vCenter of the simulator, file
// systems without room.
//
// It promises that after each fault the program is looked at: the state of the connection
// was on the screen in time, it went on by itself or ended in order, the terminal is as it
// was, nobody is logged in any more, and no process, file or goroutine is left.
package terminal
