package tty

import (
	"bytes"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// said are the answers to ask: all is well, it is not, and the first as some emulators
// write it.
func said() [3]string { return [...]string{"\x1b[0n", "\x1b[3n", "\x1b[?0n"} }

// answers takes what a terminal says to our questions out of what it sends.
type answers struct {
	begun string // of an answer, at the end of what was handed on
}

// take gives what stays of read, in place, and how many answers were in it.
func (a *answers) take(read []byte) (kept []byte, n int) {
	for _, one := range said() {
		rest, is := strings.CutPrefix(one, a.begun)
		if is && a.begun != "" && bytes.HasPrefix(read, []byte(rest)) {
			read = read[:copy(read, read[len(rest):])]
			n++
			break
		}
	}
	a.begun = ""
	for _, one := range said() {
		for i := bytes.Index(read, []byte(one)); i >= 0; i = bytes.Index(read, []byte(one)) {
			read = append(read[:i], read[i+len(one):]...)
			n++
		}
	}
	return read, n
}

// begins gives what may be the beginning of an answer at the end of what was read.
func begins(read []byte) string {
	from := bytes.LastIndexByte(read, ansi.ESC)
	if from < 0 {
		return ""
	}
	tail := string(read[from:])
	for _, one := range said() {
		if len(tail) < len(one) && strings.HasPrefix(one, tail) {
			return tail
		}
	}
	return ""
}
