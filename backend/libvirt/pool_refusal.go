package libvirt

import (
	"errors"
	"strings"

	"hvdeck/backend"
)

// withRemedy says what to do about an error whose message has these words.
func withRemedy(err error, words, remedy string) error {
	var e *backend.Error
	if !errors.As(err, &e) || !strings.Contains(e.Message, words) {
		return err
	}
	out := *e
	out.Remedy = remedy
	return &out
}

// withStep says in which step of several an operation failed.
func withStep(err error, step string) error {
	var e *backend.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	if out.Message == "" && out.Err != nil {
		out.Message = out.Err.Error()
	}
	out.Message = step + ": " + out.Message
	return &out
}

// plainText refuses control characters, which XML can't carry and lists can't show.
func plainText(doing, what, text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\uFFFD' }) {
		return backend.Refuse(backend.ClassInvalid, doing, "", "the %s has a control character or a line break in it", what)
	}
	return nil
}

// before is the text before these words.
func before(text, words string) string {
	first, _, _ := strings.Cut(text, words)
	return first
}
