package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"hvdeck/backend"
	"hvdeck/backend/linefile"
	"hvdeck/config"
)

// logSize is how long the log grows before it is put aside, at start.
const logSize = 4 << 20

// logFile is where the program's log goes. A line that can't be written is lost, and
// counted in the file where it is missing: the console is needed most when a disk is
// full. It is safe for concurrent use.
type logFile struct {
	path string
	tell func(error) // once each time that writing begins to fail, and when it goes on

	mu   sync.Mutex
	file *linefile.File
}

// openLogFile puts a log that has grown too long aside. Nothing is written yet.
func openLogFile(tell func(error)) *logFile {
	path := filepath.Join(config.StateDir(), "hvdeck.log")
	if st, err := os.Stat(path); err == nil && st.Size() > logSize {
		_ = os.Rename(path, path+".1") // else it grows on
	}
	return &logFile{path: path, tell: tell, file: linefile.New(path, func(lost int) []byte {
		return fmt.Appendf(nil, "level=WARN msg=\"the log\" error=\"%d lines before this one could not be written\"\n", lost)
	})}
}

// Write implements io.Writer for whole lines. It says that all was written: who logs can
// do nothing else.
func (l *logFile) Write(line []byte) (int, error) {
	l.mu.Lock()
	missing := l.file.Lost()
	err := l.file.Append(line, 1)
	change := l.file.Changed(err)
	l.mu.Unlock()
	switch change {
	case linefile.Failed:
		l.tell(backend.FileNotice{File: "log",
			Err: fmt.Errorf("the log can't be written: %w; make room or make it writable: %s", err, l.path)})
	case linefile.Mended:
		l.tell(backend.FileNotice{File: "log", Written: true,
			Err: fmt.Errorf("the log is written again, %d lines are missing in it: %s", missing, l.path)})
	case linefile.Same:
	}
	return len(line), nil
}

// Close implements io.Closer.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}

var _ io.WriteCloser = (*logFile)(nil)
