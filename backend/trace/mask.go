package trace

import (
	"fmt"
	"regexp"
	"strings"

	"hvdeck/backend/clean"
)

// textMax is how much of one text is written, in bytes.
const textMax = 400

// hiddenText stands for what is not shown.
const hiddenText = "•••"

// masker takes passwords out of texts. Texts may be cut off anywhere, so everything
// that opens counts as open to the end.
type masker struct{ rules []rule }

type rule struct {
	find    *regexp.Regexp
	replace string
}

func newMasker() *masker {
	cdata := `(?:[^<]|<!\[CDATA\[(?s:.*?)(?:\]\]>|$))`
	return &masker{rules: []rule{
		// passwd='…', keyPassword="…"
		{regexp.MustCompile(`(?i)([\w:.-]*(?:passw(?:or)?d|passphrase|secretvalue)[\w.-]*\s*=\s*)(?:"[^"]*"?|'[^']*'?)`), `${1}'` + hiddenText + `'`},
		// the text of elements that hold one
		{regexp.MustCompile(`(?i)(<(?:[\w-]+:)?(?:[\w-]*passw(?:or)?d|passphrase|secret|dhCert|session|masterKey)(?:\s[^>]*[^/>])?>)` +
			cdata + `+`), `${1}` + hiddenText},
		// password=…, "password": "…", in arguments of programs and the like
		{regexp.MustCompile(`(?i)((?:passw(?:or)?d|passphrase|secret|pwd|token)"?\s*[=:]\s*)("[^"]*"?|[^\s,;&'"<>•]+)`), `${1}` + hiddenText},
		// user:password@host
		{regexp.MustCompile(`(://[^/\s:@'"<>]*:)[^\s'"<>]*@`), `${1}` + hiddenText + `@`},
		{regexp.MustCompile(`(?i)(io\.systemd\.credential[\w.]*:[^=\s'"<>]*=)[^\s'"<>]*`), `${1}` + hiddenText},
	}}
}

// text is a text as it may be written: masked, cleaned and shortened.
func (m *masker) text(s string) string {
	for _, r := range m.rules {
		s = r.find.ReplaceAllString(s, r.replace)
	}
	s = strings.Join(strings.Fields(clean.Text(s)), " ")
	if len(s) <= textMax {
		return s
	}
	cut := strings.ToValidUTF8(s[:textMax], "")
	return fmt.Sprintf("%s… (%d bytes)", cut, len(s))
}

// word is a text without spaces.
func (m *masker) word(s string) string { return strings.ReplaceAll(m.text(s), " ", "_") }
