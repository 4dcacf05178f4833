package redact

import (
	"regexp"
	"strings"
)

// Masked stands for a value in a document.
const Masked = "********"

// Document hides the passwords of a whole document in XML. Lines stay where they are,
// and the text is no longer what the server has.
func Document(text string) string {
	for _, r := range documentRules() {
		text = r.hide(text)
	}
	return text
}

// place finds secret values: the first group that took part in the match. within, when
// it is set, finds the places to look in.
type place struct{ within, find *regexp.Regexp }

func documentRules() []place {
	programs := regexp.MustCompile(`(?is)<(?:[\w-]+:)?(?:arg|env)\s[^>]*>`)
	quote := `(?:"|&quot;|&#34;)`
	return []place{
		{nil, regexp.MustCompile(`(?is)(?:` + attributes + `)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')`)},
		{nil, regexp.MustCompile(`(?is)<(?:[\w-]+:)?(?:` + elements + `)(?:\s[^>]*[^>/])?>\s*([^<\s][^<]*|<!\[CDATA\[.*?\]\]>)`)},
		{nil, regexp.MustCompile(`://[^/\s:@'"<>]*:([^\s'"<>@/]+)@`)},
		{nil, regexp.MustCompile(`(?i)io\.systemd\.credential[\w.]*:[^=\s'"<>]*=([^\s'"<>]+)`)},
		// -object secret,id=s,data=…, and the same in JSON
		{programs, regexp.MustCompile(`(?is)\bsecret\w*,[^'"<>]*?\bdata=([^,'"<>]+)`)},
		{programs, regexp.MustCompile(`(?is)` + quote + `(?:data|` + arguments + `)` + quote + `\s*:\s*` + quote + `(.*?)` + quote)},
		{programs, regexp.MustCompile(`(?is)\b(?:` + arguments + `)=([^,;&\s'"<>]+)`)},
		{programs, regexp.MustCompile(`(?is)\bname\s*=\s*['"][\w.-]*(?:` + arguments + `)[\w.-]*['"]\s+value\s*=\s*(?:"([^"<]*)"|'([^'<]*)')`)},
	}
}

func (p place) hide(text string) string {
	if p.within == nil {
		return hide(text, p.find)
	}
	return p.within.ReplaceAllStringFunc(text, func(part string) string { return hide(part, p.find) })
}

// hide replaces the groups of each match and keeps the line breaks in them.
func hide(text string, find *regexp.Regexp) string {
	var b strings.Builder
	at := 0
	for _, m := range find.FindAllStringSubmatchIndex(text, -1) {
		for i := 2; i < len(m); i += 2 {
			if m[i] < 0 {
				continue
			}
			b.WriteString(text[at:m[i]])
			b.WriteString(Masked)
			b.WriteString(strings.Repeat("\n", strings.Count(text[m[i]:m[i+1]], "\n")))
			at = m[i+1]
		}
	}
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}
