package desk

import (
	"strings"
	"time"
)

// late is longer than a box that opened by itself lets keys fall that were under way.
const late = 450 * time.Millisecond

// Menu opens the menu of a leading key and takes an entry.
func (c *Console) Menu(lead, title, key string) {
	c.t.Helper()
	c.Press(lead).WaitFor(title).Press(key)
}

// Yes answers a question whose harmless answer has the focus.
func (c *Console) Yes(question string) {
	c.t.Helper()
	c.WaitFor(question).WaitFor("Cancel ]").Press("y").WaitGone(question)
}

// Calm waits for a box that opens by itself, and until it takes keys: those that were
// under way when it opened answer nothing.
func (c *Console) Calm(text string) *Console {
	c.t.Helper()
	c.WaitFor(text).Settle(late)
	return c
}

// Dismiss closes a message that opened by itself: it takes no key that follows another
// at once, so that what was under way answers nothing.
func (c *Console) Dismiss(text string) {
	c.t.Helper()
	c.WaitFor(text)
	for range 20 {
		c.Settle(late)
		if !strings.Contains(c.Text(), text) {
			return
		}
		c.Press("esc").Settle(50 * time.Millisecond)
	}
	c.WaitGone(text)
}
