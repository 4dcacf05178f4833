package desk

import (
	"regexp"
	"strings"
	"time"
)

// Menu opens the menu of a leading key and takes an entry. What is new comes under a host,
// which may be listed behind its VMs.
func (c *Console) Menu(lead, title, key string) {
	c.t.Helper()
	if lead == "n" {
		c.Pane("Hosts").WaitFor(regexp.MustCompile(`[●○*] ?\S`))
	}
	c.Press(lead).WaitFor(title).Press(key)
}

// ExportAnswered answers the question that warnings about an export lead to, if there are
// any, until it has come to its end, which what names.
func (c *Console) ExportAnswered(what string, ended func() bool) {
	c.t.Helper()
	question := regexp.MustCompile(`Export OVF or OVA: \S+\?`)
	Eventually(c.t, 30*time.Second, what, func() bool {
		if question.MatchString(c.Text()) {
			c.Answer(question, "y")
		}
		return ended()
	})
}

// CloseMessages closes what opened by itself, one after the other.
func (c *Console) CloseMessages() {
	c.t.Helper()
	const open = "esc close"
	for strings.Contains(c.Text(), open) {
		c.Calm(open).Press("esc").Settle(200 * time.Millisecond)
	}
}

// Yes answers a question whose harmless answer has the focus.
func (c *Console) Yes(question string) {
	c.t.Helper()
	c.WaitFor(question).WaitFor("Cancel ]").Press("y").WaitGone(question)
}
