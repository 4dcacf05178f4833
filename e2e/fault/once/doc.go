// Package once holds the tests of the built program that lose the answer of what an
// operator does. It promises that each operation reaches the server once, that the screen
// calls its outcome unknown until the object has been looked at, that what virsh or govc
// shows is what the screen says in the end, and that the audit log tells all of it under
// one id.
package once
