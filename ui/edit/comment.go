package edit

import "strings"

// The comment that stands over a text when it comes back to the editor.
const (
	commentBegin = "<!-- hvdeck: "
	commentEnd   = "\n     This comment is taken out again; lines are counted below it. -->\n"
)

// WithComment puts a message over a text, for the editor.
func WithComment(text, message string) string {
	if message == "" {
		return text
	}
	safe := strings.ReplaceAll(message, "--", "- -") // a comment can't hold two dashes
	safe = strings.ReplaceAll(safe, "--", "- -")     // of three
	lines := strings.Split(strings.TrimSpace(safe), "\n")
	return commentBegin + strings.Join(lines, "\n     ") + commentEnd + text
}

// WithoutComment takes the message out again.
func WithoutComment(text string) string {
	if !strings.HasPrefix(text, commentBegin) {
		return text
	}
	_, rest, found := strings.Cut(text, "-->")
	if !found {
		return text
	}
	return strings.TrimPrefix(rest, "\n")
}
