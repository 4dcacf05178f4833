// Package edit is what an operator's own editor needs to change a definition: the
// command to run, a private file for it, the checks of what comes back, and the
// difference to what was there.
//
// It promises that the file is readable by its owner alone, holds a text only while
// the editor runs, and that no message of this package has a line of the text in it:
// definitions may hold passwords.
package edit
