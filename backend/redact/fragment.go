package redact

import "regexp"

// Hidden stands for a value in a fragment.
const Hidden = "•••"

// Fragments hides passwords in texts of any kind, which may be cut off anywhere:
// everything that opens counts as open to the end. It is safe for concurrent use.
type Fragments struct{ rules []rule }

type rule struct {
	find    *regexp.Regexp
	replace string
}

// NewFragments makes the rules.
func NewFragments() *Fragments {
	cdata := `(?:[^<]|<!\[CDATA\[(?s:.*?)(?:\]\]>|$))`
	return &Fragments{rules: []rule{
		// passwd='…', keyPassword="…"
		{regexp.MustCompile(`(?i)([\w:.-]*(?:` + attributes + `)[\w.-]*\s*=\s*)(?:"[^"]*"?|'[^']*'?)`), `${1}'` + Hidden + `'`},
		// the text of elements that hold one
		{regexp.MustCompile(`(?i)(<(?:[\w-]+:)?(?:` + elements + `)(?:\s[^>]*[^/>])?>)` + cdata + `+`), `${1}` + Hidden},
		// QEMU's -object secret,id=s,data=…
		{regexp.MustCompile(`(?i)(\bsecret\w*,[^'"<>]*?\bdata=)[^,'"<>]+`), `${1}` + Hidden},
		{regexp.MustCompile(`(?i)(\bsecret\b[^<>]*?(?:"|&quot;|&#34;)data(?:"|&quot;|&#34;)\s*:\s*)(?:"[^"]*"?|(?:&quot;|&#34;)[^\s&'"<>]*)`), `${1}` + Hidden},
		// password=…, "password": "…", in arguments of programs and the like
		{regexp.MustCompile(`(?i)((?:` + arguments + `)"?\s*[=:]\s*)("[^"]*"?|[^\s,;&'"<>•]+)`), `${1}` + Hidden},
		// user:password@host
		{regexp.MustCompile(`(://[^/\s:@'"<>]*:)[^\s'"<>]*@`), `${1}` + Hidden + `@`},
		// the same, cut off; digits alone are a port
		{regexp.MustCompile(`(://[^/\s:@'"<>]*:)\d*[^\s'"<>/@\d][^\s'"<>@]*$`), `${1}` + Hidden},
		{regexp.MustCompile(`(?i)(io\.systemd\.credential[\w.]*:[^=\s'"<>]*=)[^\s'"<>]*`), `${1}` + Hidden},
	}}
}

// Hide takes the passwords out of a text.
func (f *Fragments) Hide(s string) string {
	for _, r := range f.rules {
		s = r.find.ReplaceAllString(s, r.replace)
	}
	return s
}
