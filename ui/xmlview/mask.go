package xmlview

import (
	"regexp"
	"strings"
)

// Masked stands for a password.
const Masked = "********"

// secrets are the places where libvirt's XML has passwords: attributes of graphics and
// of the iSCSI sources of old, and the cookies of an HTTP disk. Sources: the formats of
// domains and storage pools; VIR_DOMAIN_XML_SECURE.
func secrets() []*regexp.Regexp {
	return []*regexp.Regexp{
		regexp.MustCompile(`(?is)\b(?:passwd|password)\s*=\s*"([^"<]*)"`),
		regexp.MustCompile(`(?is)\b(?:passwd|password)\s*=\s*'([^'<]*)'`),
		regexp.MustCompile(`(?is)<cookie\b[^>]*[^/]>([^<]*)</cookie`),
	}
}

// Mask hides passwords. Lines stay where they are, and the text is no longer what the
// server has.
func Mask(text string) string {
	for _, r := range secrets() {
		text = mask(text, r)
	}
	return text
}

func mask(text string, r *regexp.Regexp) string {
	var b strings.Builder
	at := 0
	for _, m := range r.FindAllStringSubmatchIndex(text, -1) {
		value := text[m[2]:m[3]]
		b.WriteString(text[at:m[2]])
		b.WriteString(Masked)
		b.WriteString(strings.Repeat("\n", strings.Count(value, "\n")))
		at = m[3]
	}
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}
