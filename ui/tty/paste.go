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

// wayOut is the length of a key at the end by which somebody wants out: esc or ctrl-c, in
// the old way and in kitty's; 0: there is none. A lone esc has to be alone: it may begin the
// second mark.
func wayOut(read []byte) int {
	for _, key := range []string{"\x03", "\x1b[27u", "\x1b[27;1u", "\x1b[99;5u"} {
		if bytes.HasSuffix(read, []byte(key)) {
			return len(key)
		}
	}
	if string(read) == "\x1b" {
		return 1
	}
	return 0
}

// ended closes a paste that is still open where its bytes end with a way out: the mark goes
// before that key. p has room for it.
func (p *paste) ended(buf []byte, n int) int {
	p.see(buf[:n])
	key := wayOut(buf[:n])
	if !p.open || key == 0 {
		return n
	}
	copy(buf[n-key+len(pasteEnd):], buf[n-key:n])
	copy(buf[n-key:], pasteEnd)
	*p = paste{}
	return n + len(pasteEnd)
}
