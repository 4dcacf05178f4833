package trace

import (
	"fmt"
	"strings"

	"hvdeck/backend/clean"
	"hvdeck/backend/redact"
)

// textMax is how much of one text is written, in bytes.
const textMax = 400

// masker makes texts fit to be written.
type masker struct{ secrets *redact.Fragments }

func newMasker() *masker { return &masker{secrets: redact.NewFragments()} }

// text is a text as it may be written: masked, cleaned and shortened.
func (m *masker) text(s string) string {
	s = strings.Join(strings.Fields(clean.Text(m.secrets.Hide(s))), " ")
	if len(s) <= textMax {
		return s
	}
	cut := strings.ToValidUTF8(s[:textMax], "")
	return fmt.Sprintf("%s… (%d bytes)", cut, len(s))
}

// word is a text without spaces.
func (m *masker) word(s string) string { return strings.ReplaceAll(m.text(s), " ", "_") }
