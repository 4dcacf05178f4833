package backend

// FileNotice tells that a file which the program keeps for itself, a log, can't be written,
// or is written again. It is an error, so that it goes the way of all that is told of files.
type FileNotice struct {
	File    string // what it is, "audit log"
	Written bool   // it is written again
	Err     error  // the words of it
}

// Error implements error.
func (n FileNotice) Error() string { return n.Err.Error() }

// Unwrap gives the reason.
func (n FileNotice) Unwrap() error { return n.Err }
