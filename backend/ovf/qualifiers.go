package ovf

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// typed reads type and qualifiers, and makes limits and their words of them.
func (r *reader) typed(n *node, p *Property) {
	p.Type = r.typeName(n, p.Key)
	for _, q := range splitQualifiers(n.attr("qualifiers")) {
		r.qualifier(n, p, q)
	}
	for _, q := range splitQualifiers(n.vmw("qualifiers")) {
		r.vmwQualifier(n, p, q)
	}
	p.Limits = limitsOf(p)
	if p.bounds.min != nil && p.bounds.max != nil && p.bounds.min.Cmp(p.bounds.max) > 0 {
		r.fail(n, "no value of the property %q can be within its limits: %s", p.Key, p.Limits)
	}
	if p.bounds.maxLen > 0 && p.bounds.minLen > p.bounds.maxLen {
		r.fail(n, "no value of the property %q can be within its limits: %s", p.Key, p.Limits)
	}
	if p.Default == "" {
		return
	}
	if reason := p.Check(p.Default); reason != "" {
		r.warn(n, "the default of the property %q %s", p.Key, reason)
	}
}

func (r *reader) typeName(n *node, key string) string {
	raw := n.attr("type")
	t := strings.ToLower(raw)
	known := []string{"string", "boolean", "real", "real32", "real64", "ip"}
	switch {
	case raw == "":
		r.fail(n, "the property %q has no type", key)
		return "string"
	case integerRange(t) == nil && !slices.Contains(known, t):
		r.fail(n, "the type %q of the property %q is not known", raw, key)
		return raw
	case t != raw:
		r.warn(n, "the type %q of the property %q should be written %q", raw, key, t)
	}
	return t
}

var qualified = regexp.MustCompile(`(?s)^\s*(\w+)\s*(?:[({](.*)[)}])?\s*$`)

// splitQualifiers parts "MinLen(1), ValueMap{"a,b"}" where commas and spaces stand
// outside of brackets and quotes.
func splitQualifiers(s string) []string {
	var out []string
	depth, start := 0, 0
	var quote rune
	for i, c := range s {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || (c == '\'' && depth > 0):
			quote = c
		case c == '(' || c == '{':
			depth++
		case c == ')' || c == '}':
			depth--
			if depth == 0 {
				out = append(out, s[start:i+1])
				start = i + 1
			}
		case c == ',' && depth == 0:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	out = append(out, s[start:])
	return slices.DeleteFunc(out, func(q string) bool { return strings.TrimSpace(q) == "" })
}

func (r *reader) qualifier(n *node, p *Property, text string) {
	m := qualified.FindStringSubmatch(text)
	if m == nil {
		r.warn(n, "the qualifier %q of the property %q is not understood", text, p.Key)
		return
	}
	switch name, value := m[1], strings.TrimSpace(m[2]); name {
	case "MinLen":
		p.bounds.minLen = r.length(n, p, name, value)
	case "MaxLen":
		p.bounds.maxLen = r.length(n, p, name, value)
	case "MinValue", "MaxValue":
		v, ok := number(value)
		if !ok {
			r.fail(n, "%s of the property %q is %q, which is no number", name, p.Key, value)
		} else if name == "MinValue" {
			p.bounds.min = v
		} else {
			p.bounds.max = v
		}
	case "ValueMap":
		p.Choices = quotedList(value)
	default:
		r.warn(n, "the qualifier %s of the property %q is not known", name, p.Key)
	}
}

func (r *reader) length(n *node, p *Property, name, value string) int {
	v, err := strconv.ParseUint(value, 10, 31)
	if err != nil {
		r.fail(n, "%s of the property %q is %q, which is no number of characters", name, p.Key, value)
		return 0
	}
	return int(v)
}

// quotedList reads "a", "b,c": in quotes a quote is doubled or has a backslash before it.
// Values without quotes are parted at commas.
func quotedList(s string) []string {
	var out []string
	for s = strings.TrimLeft(s, " \t\r\n,"); s != ""; s = strings.TrimLeft(s, " \t\r\n,") {
		if s[0] != '"' {
			one, rest, _ := strings.Cut(s, ",")
			out, s = append(out, strings.TrimSpace(one)), rest
			continue
		}
		value, rest := unquote(s[1:])
		out, s = append(out, value), rest
	}
	return out
}

// unquote reads up to the closing quote.
func unquote(s string) (value, rest string) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		next := byte(0)
		if i+1 < len(s) {
			next = s[i+1]
		}
		switch {
		case s[i] == '\\' && (next == '"' || next == '\\'), s[i] == '"' && next == '"':
			b.WriteByte(next)
			i++
		case s[i] == '"':
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}

// vmwQualifier reads VMware's: addresses that an IP pool or DHCP may give, by network.
func (r *reader) vmwQualifier(n *node, p *Property, text string) {
	m := qualified.FindStringSubmatch(text)
	if m == nil {
		r.warn(n, "the qualifier %q of the property %q is not understood", text, p.Key)
		return
	}
	switch m[1] {
	case "MinLen", "MaxLen", "MinValue", "MaxValue", "ValueMap":
		r.qualifier(n, p, text)
		return
	case "Ip", "AutoIp", "Gateway", "Netmask", "VimIp":
		if p.Type == "string" {
			p.Type = "ip"
		}
	}
	p.Role = m[1]
	p.Network = strings.Trim(strings.TrimSpace(m[2]), `"'`)
}

func limitsOf(p *Property) string {
	if p.bounds.minLen > 0 || p.bounds.maxLen > 0 {
		return p.lengthInWords()
	}
	if p.bounds.min != nil || p.bounds.max != nil {
		return rangeInWords(p.bounds.min, p.bounds.max)
	}
	// The ends of what 32 and 64 bits hold tell an operator nothing.
	if r := integerRange(p.Type); r != nil && !strings.Contains(p.Type, "32") && !strings.Contains(p.Type, "64") && p.Type != "int" {
		return rangeInWords(r[0], r[1])
	}
	return ""
}
