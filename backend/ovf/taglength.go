package ovf

import (
	"bytes"
	"fmt"
)

// maxTag is how long one tag may be with its attributes, in bytes: encoding/xml holds all
// attributes of a tag in memory, many times their length, before it gives any of them.
const maxTag = 256 << 10

// tagLengths refuses a document with a longer tag. It knows as much of XML as it takes to
// find where tags end; what is wrong with them is left to who parses them.
func tagLengths(text []byte) error {
	for at := 0; ; {
		open := bytes.IndexByte(text[at:], '<')
		if open < 0 {
			return nil
		}
		at += open
		length := markup(text[at:])
		if length > maxTag {
			return fmt.Errorf("line %d: a tag is longer than %s", 1+bytes.Count(text[:at], []byte("\n")), Bytes(maxTag))
		}
		if length < 0 {
			length = -length
		}
		at += length
	}
}

// markup is the length of what begins with "<"; negative for what may be of any length:
// comments, character data and instructions.
func markup(text []byte) int {
	for start, end := range map[string]string{"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>"} {
		if !bytes.HasPrefix(text, []byte(start)) {
			continue
		}
		if n := bytes.Index(text[len(start):], []byte(end)); n >= 0 {
			return -(len(start) + n + len(end))
		}
		return -len(text)
	}
	quote := byte(0)
	for n, c := range text {
		switch {
		case n > maxTag:
			return n
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return n + 1
		}
	}
	return len(text)
}
