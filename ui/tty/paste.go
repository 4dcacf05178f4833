package tty

import (
	"bytes"
	"slices"
)

// The marks around a paste.
const pasteStart, pasteEnd = "\x1b[200~", "\x1b[201~"

// paste follows what is pasted. All keys between the marks are text: where the line lost
// the second one, they would be for ever.
type paste struct {
	open bool
	tail []byte // may be the beginning of a mark
}

// see looks at bytes that were read.
func (p *paste) see(read []byte) {
	all := slices.Concat(p.tail, read)
	start, end := bytes.LastIndex(all, []byte(pasteStart)), bytes.LastIndex(all, []byte(pasteEnd))
	if start >= 0 || end >= 0 {
		p.open = start > end
	}
	p.tail = all[max(0, len(all)-len(pasteStart)+1):]
}

// wayOut reports whether bytes end with a key by which somebody wants out: esc or ctrl-c, in
// the old way and in kitty's. A lone esc has to be alone: it may begin the second mark.
func wayOut(read []byte) bool {
	for _, key := range []string{"\x03", "\x1b[27u", "\x1b[27;1u", "\x1b[99;5u"} {
		if bytes.HasSuffix(read, []byte(key)) {
			return true
		}
	}
	return string(read) == "\x1b"
}
