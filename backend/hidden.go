package backend

import (
	"fmt"
	"log/slog"
)

// Hidden is a secret value. However it is printed, logged or encoded, it shows only
// that it is there; Reveal gives the bytes to who has to send or show them. The
// zero value is none.
type Hidden struct{ value []byte }

// Hide wraps a secret value; the bytes belong to the Hidden from then on.
func Hide(value []byte) Hidden { return Hidden{value} }

// Reveal gives the bytes; they must not be kept.
func (h Hidden) Reveal() []byte { return h.value }

// Empty reports whether there is no value.
func (h Hidden) Empty() bool { return len(h.value) == 0 }

func (h Hidden) words() string {
	if h.Empty() {
		return "none"
	}
	return "withheld"
}

// Format implements fmt.Formatter, for every verb.
func (h Hidden) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(h.words())) }

// LogValue implements slog.LogValuer.
func (h Hidden) LogValue() slog.Value { return slog.StringValue(h.words()) }

// MarshalText implements encoding.TextMarshaler.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(h.words()), nil }
