package tty

import "bytes"

// erase is how a frame begins that is drawn anew as a whole.
const erase = "\x1b[H\x1b[2J"

// settled takes back the margins of scrolling before a whole frame. The renderer gives
// the rows of the screen in full after each scroll: of a frame that was under way while
// the terminal grew those are fewer than there are now, and lines drawn from one to the
// next would be scrolled away at that height.
func settled(p []byte) []byte {
	if !bytes.Contains(p, []byte(erase)) {
		return p
	}
	return bytes.ReplaceAll(p, []byte(erase), []byte("\x1b[r"+erase))
}
